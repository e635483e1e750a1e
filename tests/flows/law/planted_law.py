"""Planted errors: integrators that break the law of integrators in one way each, whatever is inside the real ones."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from flows import Advance, DormandPrince, Flow, Integrator, Part, StepNoise, evolve
from particles import ParticleCloud

#: What a planted step does, from a flow, a cloud, the time and the end of the run.
Step = Callable[[Flow, ParticleCloud, float, float], tuple[float, ParticleCloud]]


@dataclass(frozen=True)
class Planted:
    """An integrator without a state whose step is given."""

    taken: Step
    order: ClassVar[float] = 1.0
    handles: ClassVar[frozenset[Part]] = frozenset({Part.TRANSPORT})

    def init(self, flow: Flow, cloud: ParticleCloud, time: float = 0.0) -> None:
        """No state."""

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: None, time: float, until: float, noise: StepNoise
    ) -> Advance[None]:
        """The step given."""
        reached, moved = self.taken(flow, cloud, time, until)
        return Advance(reached, moved, None)


def misreading(rtol: float) -> Integrator[Any]:
    """Measures errors by a scale that is 10^4 times too large."""
    return DormandPrince(min(1e4 * rtol, 0.9))


def believing(rtol: float) -> Integrator[Any]:
    """Takes its error for zero, whatever it is."""
    return DormandPrince(rtol, atol=1e30)


def resting(rtol: float) -> Integrator[Any]:
    """Says that nothing moves."""
    return Planted(lambda flow, cloud, time, until: (until, cloud))


def shaking(rtol: float) -> Integrator[Any]:
    """Moves every coordinate in the end, those that are not trained included, by a thousandth of the cloud's size."""
    right = DormandPrince(rtol)

    def step(flow: Flow, cloud: ParticleCloud, time: float, until: float) -> tuple[float, ParticleCloud]:
        end = evolve(flow, cloud, right, until=until, time=time)
        return until, end.moved(end.positions + 1e-3 * cloud.positions.norm())

    return Planted(step)


def creeping(rtol: float) -> Integrator[Any]:
    """Goes on and on in steps that lead nowhere."""
    return Planted(lambda flow, cloud, time, until: (time, cloud))


def searching(rtol: float) -> Integrator[Any]:
    """Never finds a step that is short enough."""

    def step(flow: Flow, cloud: ParticleCloud, time: float, until: float) -> tuple[float, ParticleCloud]:
        while True:
            flow.velocity(cloud, time)

    return Planted(step)


def crashing(rtol: float) -> Integrator[Any]:
    """Ends in an exception that is no refusal."""
    return Planted(lambda flow, cloud, time, until: (time / (until - until), cloud))


#: Each with the verdict that it must get on most problems.
PLANTED: dict[Callable[[float], Integrator[Any]], str] = {
    misreading: "wrong",
    believing: "wrong",
    resting: "wrong",
    shaking: "wrong",
    creeping: "hung",
    searching: "hung",
    crashing: "wrong",
}
