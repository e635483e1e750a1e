"""Whether a run can begin: its parts are made and shown to each other as `evolve` will do, with a few particles."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from flows import Integrator, StopAbove
from flows.base import Resizable
from flows.loop.evolve import checked
from flows.loop.step_grid import check_count
from flows.noise import checked_seed
from particles import FlowRefused, ParticleCloud
from runs.studyfile.experiment import Experiment
from runs.studyfile.model.kinds import INTEGRATORS
from runs.studyfile.model.sections import built, read_choice
from runs.system.refusal import Refusal

#: So many particles stand for a cloud, or one less where its number is odd.
FEW = 8
#: What is raised where an integrator, or the rule for its step, is not made for a flow.
MISFITS = (FlowRefused, TypeError)


def check_door(experiment: Experiment) -> None:
    """Raise what a run of this experiment raises before its first step, where that does not depend on the cloud's size.

    Where the integrator is refused, the sentence names those of a study file that are not.
    """
    own_flow = "path" in experiment.config.flow.given()  # which may need the whole cloud, and is not evaluated
    few = experiment if own_flow else experiment.reduced(max(FEW, _named(experiment)))
    checked_seed(few.config.seed)
    flow, start, integrator = few.flow, few.start, few.integrator
    try:
        _admit(few, integrator)
    except MISFITS as error:
        *others, last = list(_admitted(few)) or [""]
        if not last:
            raise
        fitting = f"{', '.join(others)} or {last}" if others else last
        step = few.config.flow.given().get("step")
        given = "" if step is None else f", with step = {step}"
        raise Refusal(f"{error} For this flow a study file can name {fitting}{given}.") from error
    stopping = [observer for observer in few.observers(_nobody, _nobody) if isinstance(observer, StopAbove)]
    observables = few.observables()
    if not own_flow:
        flow.velocity(start, 0.0)
        for observable, kind in zip(observables.values(), few.config.measured_kinds, strict=True):
            if kind != "import":
                observable(start)
        for observer in stopping:
            observer(0, 0.0, start)


def _named(experiment: Experiment) -> int:
    """So many particles the observables name, from the first one on."""
    held = [what.given() for what in experiment.config.measured.values() if not isinstance(what, str)]
    return max((number + 1 for given in held for number in given.get("particles") or ()), default=0)


def _admit(few: Experiment, integrator: Integrator[Any]) -> None:
    """What `evolve` asks of an integrator before the first step."""
    integrator = checked(few.flow, integrator, 0.0, few.config.until, None)
    if isinstance(integrator, Resizable):
        integrator = integrator.resolved(few.flow, few.start)
        check_count(integrator, 0.0, few.config.until)
    integrator.init(few.flow, few.start, 0.0)


def _admitted(few: Experiment) -> Iterator[str]:
    """The integrators of a study file that the flow may have, with the step of its batches or the one given.

    Walls are left to who names them.
    """
    steps = {**few.config.integrator.given(), **few.config.flow.given()}
    step = steps["step"] if isinstance(steps.get("step"), float | int) else 1.0
    ours = {name: kind for name, kind in INTEGRATORS.items() if kind.makes is not None and "walls" not in kind.fields}
    for name, kind in ours.items():
        for transport in ("euler", "euler-maruyama") if "transport" in kind.fields else ("",):
            given = {"kind": name, "transport": transport, "step": step}
            known = {key: value for key, value in given.items() if key in ("kind", *kind.fields)}
            with suppress(*MISFITS):
                _admit(few, built(INTEGRATORS, read_choice("integrator", INTEGRATORS, known)))
                yield f"{name} with {transport}" if transport else name
                break


def _nobody(step: int, time: float, cloud: ParticleCloud) -> None:
    """An observer that sees nothing."""
