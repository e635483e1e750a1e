"""The loop that evolves an ensemble: members side by side, each with its own observers, noise, steps and end."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from flows.base import Flow, Integrator, Observer, StepRule, Together, declared
from flows.ensemble.bdf_group import BDFGroup
from flows.ensemble.member_group import GivenStepGroup, Group
from flows.ensemble.member_runs import End, Keep, Member
from flows.ensemble.paced_group import PacedGroup
from flows.ensemble.stacked_flow import side_by_side
from flows.integrators import INTEGRATORS
from flows.integrators.adaptive import Adaptive, Running
from flows.loop.checkpoint import Checkpoint
from flows.loop.evolve import checked, evolved, span
from flows.loop.run import Run
from flows.loop.step_grid import check_times
from flows.noise import checked_first, checked_seed
from flows.observers.progress import Bar, shown
from particles import Ensemble, FlowDiverged, FlowRefused, ParticleCloud, Risk, ToleranceNotReached
from particles.arguments.integers import whole
from particles.cloud import Stacked

#: Entries of a [particles, data] matrix of all members of a group together: on a CPU a MiB in float64, beyond which
#: sharing operations gains nothing and caches lose, unless kernels keep each member in a cache of its own, or a step
#: has as many operations as one in function space; on a GPU what its memory holds several of.
CORE_ENTRIES, KERNEL_ENTRIES, FUNCTION_ENTRIES, DEVICE_ENTRIES = 2**17, 2**20, 2**18, 2**27


class MembersFailed(ArithmeticError):
    """An ensemble of which not every member reached its end.

    `failures` holds the error of each that did not, by its number, and `ends` the cloud of each that did.
    """

    def __init__(self, failures: Mapping[int, ArithmeticError], ends: Mapping[int, ParticleCloud]) -> None:
        self.failures = dict(failures)
        self.ends = dict(ends)
        super().__init__(self.failures, self.ends)

    def __str__(self) -> str:
        count = len(self.failures) + len(self.ends)
        first = min(self.failures)
        which = ", ".join(map(str, sorted(self.failures)))
        return f"{len(self.failures)} of {count} members failed ({which}). Member {first}: {self.failures[first]}"


def evolve_all(
    flow: Flow | Sequence[Flow],
    ensemble: Ensemble,
    integrator: Integrator[Any],
    *,
    until: float,
    step: float | None = None,
    observers: Sequence[Sequence[Observer]] = (),
    seeds: Sequence[int] | None = None,
    firsts: Sequence[int] | None = None,
    together: int | None = None,
    keep: Sequence[Keep | None] = (),
    resume: Sequence[Checkpoint[Any] | None] = (),
    progress: bool = False,
) -> Ensemble:
    """The ensemble at flow time `until`; a member of which an observer stopped the run, where it was then.

    Every member evolves as by `evolve(flow, ensemble[e], integrator, until=until, observers=observers[e],
    seed=seeds[e], first=firsts[e])`, to rounding, but `together` members at a time share each operation: as many as fit
    a core's cache, or a GPU, where left out. `flow` is one for all, or one for each member, which may then differ in
    the scaling, targets and data weights of their risks. Steps of a given size are the same for all; `BDF`, `Chebyshev`
    and `DormandPrince`, and `Adaptive` where it chooses one of them, give each member its own. Members for which
    `Adaptive` chooses `Exponential` evolve one by one. `observers` are a sequence for each member, such as the writer
    of its own file; `seeds` of the noise are 0, 1, 2, ... where left out, and `firsts`, the numbers of first particles
    in it, zero. `keep` and `resume` are one for each member, or None, and mean what they mean to `evolve`: a call with
    the same ensemble in which every member goes on from where it was kept, at whatever step, gives the bits of an
    uninterrupted call. One kept at `until` or later is left where it is. `progress` shows how many members are done,
    the rate and the remaining time, as that of `evolve` does.

    A member that diverges or cannot meet the tolerance is dropped and the others go on; in the end MembersFailed says
    which, and holds the ends of the others. Raises FlowRefused for flows, neurons and integrators that have no form for
    ensembles, ValueError where there is not one flow, seed or sequence of observers for each member, and what `evolve`
    raises at its door.
    """
    _, until = span(0.0, until)
    members = _members(flow, ensemble, observers, seeds, firsts, keep, resume)
    if isinstance(step, StepRule) or isinstance(getattr(integrator, "size", None), StepRule):
        raise TypeError("Members of an ensemble share their step, but a rule finds one for each cloud; give a number.")
    risk = side_by_side([member.flow for member in members]).risk
    for member in members:
        integrator = checked(member.flow, integrator, 0.0, until, step)
        check_times(member.observers, 0.0, until)
    _check_integrator(integrator)
    given = None if together is None else whole(together, "together, a number of members,")
    results: dict[int, End] = {}
    with shown(progress, until, len(members)) as bar:
        for method, chosen in _chosen(integrator, members, until).items():
            size = 1 if _together(method) is None else given or _fitting(method, ensemble, risk)
            for group in (chosen[first : first + size] for first in range(0, len(chosen), size)):
                evolved_here = _side_by_side if len(group) > 1 else _alone
                results.update(evolved_here(method, group, until, bar))
    failures = {number: found for number, found in results.items() if isinstance(found, ArithmeticError)}
    ends = {number: found for number, found in results.items() if isinstance(found, ParticleCloud)}
    if failures:
        raise MembersFailed(failures, ends)
    return Ensemble.of([ends[member.number] for member in members])


def _side_by_side(method: Integrator[Any], members: Sequence[Member], until: float, bar: Bar | None) -> dict[int, End]:
    """The end of every member, or the error that ended its run."""
    group = _group(method, members, until)
    runs = [member.run(until, partial(group.state, row)) for row, member in enumerate(members)]
    failures: dict[int, ArithmeticError] = {}
    _tell(bar, members, runs, failures)
    while live := [row for row, run in enumerate(runs) if run.goes_on and row not in failures]:
        for row, outcome in zip(live, group.advance(live), strict=True):
            if isinstance(outcome, ArithmeticError):
                failures[row] = outcome
            elif outcome is not None:
                runs[row].take(outcome)
        _tell(bar, members, runs, failures)
    return {member.number: failures.get(row, runs[row].cloud) for row, member in enumerate(members)}


def _tell(
    bar: Bar | None, members: Sequence[Member], runs: Sequence[Run[Any]], failures: Mapping[int, ArithmeticError]
) -> None:
    """Tell the bar how far each member is, and which of them go no further."""
    if bar is not None:
        for row, (member, run) in enumerate(zip(members, runs, strict=True)):
            bar.at(member.number, run.step, run.time)
            if not run.goes_on or row in failures:
                bar.end(member.number)


def _alone(method: Integrator[Any], members: Sequence[Member], until: float, bar: Bar | None) -> dict[int, End]:
    """The same of one member by itself."""
    (member,) = members
    if bar is not None:
        bar.at(member.number, *member.at)
    try:
        if member.at[1] >= until and member.resume is not None:
            return {member.number: member.cloud}
        end = evolved(
            *(member.flow, member.start, method),
            until=until,
            observers=member.observers,
            seed=member.seed,
            first=member.first,
            keep=member.keep,
            resume=member.resume,
            bar=bar,
            member=member.number,
        )
    except (FlowDiverged, ToleranceNotReached) as error:
        return {member.number: error}
    finally:
        if bar is not None:
            bar.end(member.number)
    return {member.number: end}


def _group(method: Integrator[Any], members: Sequence[Member], until: float) -> Group:
    """The members as a group that goes through the method; any will do where they are at their end."""
    groups: dict[Together | None, Callable[..., Group]] = {Together.OWN_PACE: PacedGroup, Together.OWN_ORDER: BDFGroup}
    return groups.get(_together(method), GivenStepGroup)(method, members, until)


def _chosen(
    integrator: Integrator[Any], members: Sequence[Member], until: float
) -> dict[Integrator[Any], list[Member]]:
    """The members that each method steps.

    Which they are follows from the ensemble alone, and not from how far its members are.
    """
    if not isinstance(integrator, Adaptive) or until == 0.0:
        return {integrator: list(members)}
    chosen: dict[Integrator[Any], list[Member]] = {}
    for member in members:
        method = _method(integrator, member, until)
        chosen.setdefault(method, []).append(_unwrapped(member, method))
    return chosen


def _method(integrator: Adaptive, member: Member, until: float) -> Integrator[Any]:
    """What is chosen for a member at its start, or was."""
    state = None if member.resume is None else member.resume.state
    if not isinstance(state, Running):
        return integrator.chosen(member.flow, member.start, 0.0, until)
    method: Integrator[Any] = state.method
    return method


def _unwrapped(member: Member, method: Integrator[Any]) -> Member:
    """A member of `Adaptive` as one of the method chosen; what is kept is what `Adaptive` would keep."""
    keep = member.keep
    resume = member.resume

    def kept(checkpoint: Checkpoint[Any]) -> None:
        if keep is not None:
            keep(replace(checkpoint, state=Running(method, checkpoint.state)))

    if resume is not None and isinstance(resume.state, Running):
        resume = replace(resume, state=resume.state.state)
    elif resume is not None and resume.step == 0 and resume.time == 0.0:
        resume = replace(resume, state=method.init(member.flow, resume.cloud))
    return replace(member, keep=None if keep is None else kept, resume=resume)


def _members(
    flow: Flow | Sequence[Flow],
    ensemble: Ensemble,
    observers: Sequence[Sequence[Observer]],
    seeds: Sequence[int] | None,
    firsts: Sequence[int] | None,
    keep: Sequence[Keep | None],
    resume: Sequence[Checkpoint[Any] | None],
) -> list[Member]:
    count = len(ensemble)
    flows = [flow] * count if not isinstance(flow, Sequence) else flow
    observers = observers or [()] * count
    keep = keep or [None] * count
    resume = resume or [None] * count
    seeds = range(count) if seeds is None else seeds
    firsts = [0] * count if firsts is None else firsts
    parts = {"flows": flows, "sequences of observers": observers, "seeds": seeds, "numbers of first particles": firsts}
    parts |= {"keepers": keep, "checkpoints": resume}
    for what, given in parts.items():
        if len(given) != count:
            raise ValueError(f"The ensemble has {count} members but {len(given)} {what}; give one for each member.")
    return [
        Member(
            *(e, flows[e], cloud.detached(), observers[e], checked_seed(seeds[e]), keep[e], resume[e]),
            first=checked_first(firsts[e], cloud),
        )
        for e, cloud in enumerate(ensemble)
    ]


def _together(method: Integrator[Any]) -> Together | None:
    """How members go through a method side by side, None where it says nothing of it."""
    way: Together | None = declared(type(method), "together")
    return way


def _check_integrator(integrator: Integrator[Any]) -> None:
    if _together(integrator) is None:
        *names, last = (
            known.__name__ for way in Together for known in INTEGRATORS if declared(known, "together") is way
        )
        raise FlowRefused(
            f"{type(integrator).__name__} has no form for ensembles; take {', '.join(names)} or {last}, or evolve the "
            "members one by one."
        )


def _fitting(integrator: Integrator[Any], ensemble: Ensemble, risk: Risk) -> int:
    """How many members' matrices [particles, data], and Gram matrices where there are any, fit where they are fast."""
    data = risk.data.count
    velocities = _together(integrator) in (Together.ONE_GRID, Together.OWN_PACE)
    each = ensemble.count * data
    gram = 0 if velocities else (data * risk.data.outputs) ** 2
    if ensemble.device.type != "cpu":
        return max(1, DEVICE_ENTRIES // max(each, gram))
    if not velocities:
        return max(1, FUNCTION_ENTRIES // max(each, gram))
    fused = risk.at(Stacked(list(ensemble))).tiles.fused is not None
    return max(1, (KERNEL_ENTRIES if fused else CORE_ENTRIES) // each)
