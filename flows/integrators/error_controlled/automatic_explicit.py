"""An adaptive method by velocities alone for any flow: Dormand-Prince where it is not stiff, Chebyshev where it is."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from flows.base import Advance, Flow, Integrator, states_of
from flows.integrators.error_controlled.chebyshev import Chebyshev, ChebyshevState
from flows.integrators.error_controlled.dormand_prince import DormandPrince, DormandPrinceState
from flows.integrators.error_controlled.spectral_radius import SpectralRadius
from flows.integrators.error_controlled.step_control import Tolerant, Work
from flows.integrators.error_controlled.velocity_only import Paced
from flows.noise import StepNoise
from particles import ParticleCloud

#: Steps after which stiffness is looked at, and the most that this number grows to.
FEW, MANY = 25, 400
#: Step times spectral radius above which Dormand-Prince is held back by stability, and below which Chebyshev is not.
HELD_BACK, FREE = 2.0, 1.0
#: The methods that take turns.
METHODS = (Chebyshev, DormandPrince)


@dataclass(frozen=True, eq=False)
class ExplicitState:
    """The method at work and its state; the spectral radius found last; and since when stiffness was not looked at.

    That is so many steps of the run, and a time; it is looked at again after `patience` more.
    """

    method: Paced[Any]
    state: DormandPrinceState | ChebyshevState
    radius: SpectralRadius | None = None
    since: int = 0
    then: float = 0.0
    patience: int = FEW

    @property
    def work(self) -> Work:
        """Steps accepted and rejected and velocities evaluated so far."""
        return self.state.work


@dataclass(frozen=True)
class Explicit(Tolerant):
    """Steps of `DormandPrince`, or of `Chebyshev` as long as stability and not the error would hold those back.

    Every 25 steps the mean step h is held against the spectral radius rho. Above h rho = 2 the flow is stiff and
    Chebyshev goes on, whose steps cost sqrt(1.54 h rho) velocities; below h rho = 1 its error holds it back, and the
    pair of order 5 goes on. Each return doubles the steps until the next look. rtol, atol and max_step mean what they
    mean for the two.
    """

    order: ClassVar[float] = Chebyshev.order
    states: ClassVar[tuple[type, ...]] = (ExplicitState, *METHODS, *states_of(*METHODS))

    def init(self, flow: Flow, cloud: ParticleCloud, time: float = 0.0) -> ExplicitState:
        """Dormand-Prince before its first step."""
        method = DormandPrince(self.rtol, self.atol, self.max_step)
        return ExplicitState(method, method.init(flow, cloud, time), then=time)

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: ExplicitState, time: float, until: float, noise: StepNoise
    ) -> Advance[ExplicitState]:
        """One step of the method at work, and where it is due a look at whether the other is better."""
        method: Integrator[Any] = state.method
        taken = method.step(flow, cloud, state.state, time, until, noise)
        after = replace(state, state=taken.state)
        steps = after.work.accepted - state.since
        if steps >= state.patience and taken.time < until:
            mean = (taken.time - state.then) / steps
            after = self._looked(flow, taken.cloud, after, taken.time, mean)
            after = replace(after, since=after.work.accepted, then=taken.time)
        return replace(taken, state=after)

    def _looked(
        self, flow: Flow, cloud: ParticleCloud, state: ExplicitState, time: float, mean: float
    ) -> ExplicitState:
        """The state with the method that suits these steps; the pace and what it knows of the run go with it."""
        if isinstance(state.state, ChebyshevState):
            if mean * state.state.radius.value >= FREE:
                return state
            method = DormandPrince(self.rtol, self.atol, self.max_step)
            pace = replace(state.state.pace, error=1.0)
            patience = min(2 * state.patience, MANY)
            begun = DormandPrinceState(pace, state.state.velocity)
            return ExplicitState(method, begun, state.state.radius, patience=patience)
        known = state.radius.direction if state.radius else None
        radius = SpectralRadius.estimate(flow, cloud, state.state.velocity, time, known)
        pace = state.state.pace.worked(radius.velocities)
        if mean * radius.value <= HELD_BACK:
            return replace(state, state=replace(state.state, pace=pace), radius=radius)
        stiff = ChebyshevState(replace(pace, error=1.0), state.state.velocity, radius)
        return replace(state, method=Chebyshev(self.rtol, self.atol, self.max_step), state=stiff, radius=radius)
