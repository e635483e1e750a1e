"""What a study file can name: masses, scalings, losses, flows, integrators; networks have a file of their own.

Integrators that `flows` offers are found there, under the name of their class in small letters, with the parameters of
the class as keys.
"""

import inspect
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

import particles
from flows import (
    Adam,
    Ball,
    BirthDeathFlow,
    Box,
    CosineDecay,
    Draws,
    Epochs,
    ExponentialDecay,
    Flow,
    GivenStep,
    GradientFlow,
    GrowthSplitting,
    HeavyBall,
    LangevinFlow,
    LinearisedFlow,
    Minibatches,
    MinibatchFlow,
    NTKFlow,
    StepBound,
    StepDecay,
    UnderdampedFlow,
    Walled,
    Warmup,
)
from flows.integrators import INTEGRATORS as OUR_INTEGRATORS
from particles import (
    NTK,
    CrossEntropy,
    Lazy,
    Logistic,
    MeanField,
    ParticleCloud,
    Power,
    Risk,
    Squared,
    Standard,
    masses,
)
from runs.studyfile.model.draws import Whole
from runs.studyfile.model.imports import imported
from runs.studyfile.model.sections import LEFT_OUT, Kind, Section, built, choice, kind, read_choice
from runs.system.refusal import Refusal

Count = Annotated[Whole, Field(ge=1)]
#: So many seeds there are.
SEEDS = 2**64
Seed = Annotated[Whole, Field(ge=0, lt=SEEDS)]
Positive = Annotated[float, Field(gt=0.0)]
NonNegative = Annotated[float, Field(ge=0.0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
NEEDED = (Positive, ...)
#: A number for each of some groups of coordinates, or one for all of them.
PerGroup = dict[str, NonNegative]
Grouped = NonNegative | PerGroup
RATES = (Annotated[PerGroup | None, LEFT_OUT], None)
SIZE = (Count, ...)
PATH = (str, ...)
ARGUMENTS: tuple[Any, Any] = (dict[str, Any], {})

#: Keys that mean the same wherever a class has a parameter of this name.
KEYS: dict[str, tuple[Any, Any]] = {
    "rtol": (NonNegative, 1e-4),
    "atol": (NonNegative, 0.0),
    "max_step": (Positive | None, None),
}

#: The classes that `particles` offers.
OUR_CLASSES = [one for one in map(vars(particles).get, particles.__all__) if isinstance(one, type)]


def named(classes: Iterable[type], between: str = "-") -> dict[str, type]:
    """Classes by their names in small letters, words apart: DormandPrince is dormand-prince, LeakyReLU leaky-relu."""
    return {re.sub("(?<=[a-z])(?=[A-Z][a-z])", between, one.__name__).lower(): one for one in classes}


def plain(made: type) -> Kind:
    """A class whose parameters are keys; one that is left out, or None, is left to the class."""

    def build(**values: Any) -> Any:
        return made(**{name: value for name, value in values.items() if value is not None})

    parameters = inspect.signature(made).parameters.values()
    own = {one.name: (one.annotation, ... if one.default is one.empty else one.default) for one in parameters}
    return Kind(build, {name: KEYS.get(name, key) for name, key in own.items()}, made)


def of_user(folder: Path, path: str, arguments: dict[str, Any]) -> Any:
    """What a user wrote, by its import path, made of arguments."""
    return imported(path, folder)(**arguments)


IMPORTED = kind(of_user, in_folder=True, path=PATH, arguments=ARGUMENTS)


MASSES = {
    "uniform": kind(masses.uniform, count=SIZE),
    "zipf": kind(masses.zipf, count=SIZE, alpha=NEEDED),
    "asymmetrical": kind(masses.asymmetrical, count=SIZE, gamma=(Share, ...), alpha=(Positive | None, None)),
    "stable": kind(masses.stable, count=SIZE, alpha=NEEDED, seed=(Seed, 0)),
    "generalised-gamma": kind(masses.generalised_gamma, count=SIZE, shape=NEEDED, power=NEEDED, seed=(Seed, 0)),
    "beta": kind(masses.beta, count=SIZE, a=NEEDED, b=NEEDED, seed=(Seed, 0)),
    "horseshoe": kind(masses.horseshoe, count=SIZE, seed=(Seed, 0)),
}

SCALINGS = {
    "mean-field": kind(MeanField, rates=RATES),
    "ntk": kind(NTK, rates=RATES),
    "lazy": kind(Lazy, scale=NEEDED, rates=RATES),
    "power": kind(Power, exponent=(float, ...), rates=RATES),
    "standard": kind(Standard, rates=RATES),
}

LOSSES = {"squared": kind(Squared), "logistic": kind(Logistic), "cross-entropy": kind(CrossEntropy)}


PAIRING = (Literal["measure", "joint"], "measure")
HEAT = {"temperature": (Grouped, ...), "confinement": (Grouped, 0.0), "pairing": PAIRING}


def _flow(made: type, **keys: tuple[Any, Any]) -> Kind:
    """A flow of the risk, and of the start where it has an anchor."""
    anchored = "anchor" in inspect.signature(made).parameters

    def build(risk: Risk, start: ParticleCloud, seed: int, **values: Any) -> Flow:
        flow: Flow = made(risk, start, **values) if anchored else made(risk, **values)
        return flow

    return Kind(build, keys, made)


#: Keys of every flow with batches.
BATCHES: dict[str, tuple[Any, Any]] = {"size": SIZE, "step": NEEDED, "epochs": (bool, False)}


def _minibatch(risk: Risk, start: ParticleCloud, seed: int, size: int, step: float, epochs: bool) -> Flow:
    return MinibatchFlow(risk, Epochs(size, seed) if epochs else Draws(size, seed), step)


def _in_batches(flow: Kind) -> Kind:
    """The flow with batches, whose keys stand beside its own; members of an ensemble see all data at once."""

    def build(risk: Risk, start: ParticleCloud, seed: int, size: int, step: float, epochs: bool, **values: Any) -> Flow:
        batches = Minibatches(Epochs(size, seed) if epochs else Draws(size, seed), step)
        made: Flow = flow.build(risk, start, seed, batches=batches, **values)
        return made

    return Kind(build, {**BATCHES, **flow.fields}, flow.makes, lacks=("stackable",))


def _user_flow(risk: Risk, start: ParticleCloud, seed: int, folder: Path, path: str, arguments: dict[str, Any]) -> Flow:
    flow: Flow = imported(path, folder)(risk, **arguments)
    return flow


#: Each is made of the risk, the start and the seed of the run.
FLOWS = {
    "gradient": _flow(GradientFlow),
    "ntk": _flow(NTKFlow),
    "linearised": _flow(LinearisedFlow),
    "langevin": _flow(LangevinFlow, **HEAT),
    "underdamped": _flow(UnderdampedFlow, **HEAT, friction=NEEDED),
    "minibatch": Kind(_minibatch, BATCHES, MinibatchFlow),
    "birth-death": _flow(BirthDeathFlow, rate=(Positive, 1.0)),
}
FLOWS |= {f"minibatch-{name}": _in_batches(FLOWS[name]) for name in ("linearised", "langevin", "underdamped")}
FLOWS["import"] = kind(_user_flow, in_folder=True, path=PATH, arguments=ARGUMENTS)

#: Learning rates as functions of time; `then` of a warm-up is one of the others.
DECAYS = {
    "step-decay": kind(StepDecay, every=NEEDED, factor=NEEDED),
    "exponential-decay": kind(ExponentialDecay, every=NEEDED, factor=NEEDED),
    "cosine-decay": kind(CosineDecay, until=NEEDED, least=(NonNegative, 0.0)),
}


def _warmup(over: float, first: float, then: Section | None) -> Warmup:
    return Warmup(over, first, None if then is None else built(DECAYS, then))


THEN = (choice("integrator.schedule.then", DECAYS) | None, None)
SCHEDULES = {**DECAYS, "warmup": kind(_warmup, over=NEEDED, first=(NonNegative, 0.0), then=THEN)}


def _fixed(made: type) -> Kind:
    """An integrator whose step is given, as a number or by its bound."""

    def build(step: float | str, safety: float) -> Any:
        if safety != 1.0 and not isinstance(step, str):
            raise Refusal(
                f"safety is a share of the bound, and the step is {step!r}: leave it out, or take step = 'bound'."
            )
        return made(StepBound(safety) if isinstance(step, str) else step)

    return kind(build, made, step=(Positive | Literal["bound"], ...), safety=(Positive, 1.0))


BELOW_ONE = Annotated[float, Field(ge=0.0, lt=1.0)]


def _optimiser(made: type, **keys: tuple[Any, Any]) -> Kind:
    """An integrator whose step is a learning rate, with its schedule."""

    def build(step: float, schedule: Section | None, **values: Any) -> Any:
        rate = None if schedule is None else built(SCHEDULES, schedule)
        given = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
        return made(step, schedule=rate, **given)

    schedule = (choice("integrator.schedule", SCHEDULES) | None, None)
    return Kind(build, {"step": NEEDED, **keys, "weight_decay": (NonNegative, 0.0), "schedule": schedule}, made)


def _growth_splitting(transport: str, step: float) -> GrowthSplitting:
    return GrowthSplitting(built(INTEGRATORS, read_choice("transport", INTEGRATORS, {"kind": transport, "step": step})))


INTEGRATORS = {
    name: _fixed(one) if issubclass(one, GivenStep) else plain(one) for name, one in named(OUR_INTEGRATORS).items()
}
INTEGRATORS["heavy-ball"] = _optimiser(
    HeavyBall, momentum=(BELOW_ONE, 0.9), nesterov=(bool, False), dampening=(BELOW_ONE, 0.0)
)
INTEGRATORS["adam"] = _optimiser(
    Adam,
    betas=(Annotated[list[BELOW_ONE], Field(min_length=2, max_length=2)], [0.9, 0.999]),
    eps=(Positive, 1e-8),
    decoupled=(bool, False),
    amsgrad=(bool, False),
)
INTEGRATORS["growth-splitting"] = kind(
    _growth_splitting,
    GrowthSplitting,
    transport=(Literal["euler", "heun", "rk4", "euler-maruyama"], ...),
    step=NEEDED,
)
#: Convex sets; a wall of a box is a number, or one for each coordinate.
WALLS = {
    "ball": kind(Ball, radius=NEEDED, centre=(Annotated[list[float] | None, LEFT_OUT], None)),
    "box": kind(Box, low=(float | list[float], ...), high=(float | list[float], ...)),
}


def _walled(scheme: str, step: float, walls: Section, groups: str | list[str] | None = None) -> Walled:
    inner = built(INTEGRATORS, read_choice("scheme", INTEGRATORS, {"kind": scheme, "step": step}))
    return Walled(inner, built(WALLS, walls), groups)


INTEGRATORS["walled"] = kind(
    _walled,
    Walled,
    scheme=(Literal["euler", "heun", "rk4", "heavy-ball", "adam", "euler-maruyama", "linear-splitting"], ...),
    step=NEEDED,
    walls=(choice("integrator.walls", WALLS), ...),
    groups=(Annotated[str | list[str] | None, LEFT_OUT], None),
)
INTEGRATORS["import"] = IMPORTED
