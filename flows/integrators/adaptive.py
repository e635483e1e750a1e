"""The integrator to take when nothing else is said: it chooses the method for the flow and cloud at hand."""

import logging
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeVar, runtime_checkable

from flows.base import Advance, Flow, Integrator, Part
from flows.gauss_newton import LARGEST_GRAM, GaussNewton
from flows.gradient import GradientFlow
from flows.integrators.bdf import BDF, BDFState
from flows.integrators.chebyshev import Chebyshev, ChebyshevState, stages_for
from flows.integrators.control import Tolerance, Work
from flows.integrators.exponential import Exponential, ExponentialState, LinearPart, Trial
from flows.integrators.function_space import Scales
from flows.integrators.spectral_radius import SpectralRadius
from flows.noise import StepNoise
from flows.ntk import NTKFlow
from particles import ParticleCloud

LOGGER = logging.getLogger(__name__)
#: An exponential step over the whole run whose error is above this many times the tolerance has to be repeated in
#: parts, and then BDF does the run in less time (measured over m = 500 to 30,000).
LAZY_ENOUGH = 1.0
#: An entry of a [particles, data] matrix costs as much as so many multiplications, beside those with its weights.
ENTRY = 40
#: Steps that a run of Chebyshev is taken to have, from which follows how many velocities one step needs.
STEPS = 500
#: Chebyshev is not considered where a step of BDF costs fewer velocities than this.
AFFORDED = 20.0


@runtime_checkable
class Worked(Protocol):
    """A state that knows what it has cost."""

    @property
    def work(self) -> Work:
        """Steps accepted and rejected and velocities evaluated so far."""
        ...


State = TypeVar("State", bound=Worked)


@dataclass(frozen=True, eq=False)
class Running(Generic[State]):
    """A method with its own state."""

    method: Integrator[State]
    state: State

    @classmethod
    def begun(cls, method: Integrator[State], flow: Flow, cloud: ParticleCloud, time: float) -> "Running[State]":
        """The method before its first step."""
        return cls(method, method.init(flow, cloud, time))

    @property
    def work(self) -> Work:
        """What the run has cost so far."""
        return self.state.work

    def step(
        self, flow: Flow, cloud: ParticleCloud, time: float, until: float, noise: StepNoise
    ) -> Advance["Running[State]"]:
        """One step of the method."""
        taken = self.method.step(flow, cloud, self.state, time, until, noise)
        return Advance(taken.time, taken.cloud, Running(self.method, taken.state), taken.between)


Chosen = Running[BDFState] | Running[ExponentialState] | Running[ChebyshevState]


@dataclass(frozen=True)
class Adaptive:
    """The flow to a tolerance, by the fastest of our methods.

    - `Exponential` where training is lazy: one exponential step over the whole run, tried first, meets the tolerance.
    - `BDF` for the other gradient flows with n k up to 6000, unless a step of `Chebyshev` would cost less than one
      factorisation: many data with few inputs.
    - `Chebyshev` for those, for larger data and for any other flow, which may be stiff; it needs velocities only.

    The choice is made in the first step, written to the log of `flows.integrators.adaptive`, and kept in the state
    (`state.method`). rtol and atol mean what they mean for the method chosen: errors relative to the distance moved.
    """

    rtol: float = 1e-4
    atol: float = 1e-12
    order: ClassVar[float] = Chebyshev.order
    handles: ClassVar[frozenset[Part]] = frozenset({Part.TRANSPORT})

    def __post_init__(self) -> None:
        Tolerance.kept(self)

    def init(self, flow: Flow, cloud: ParticleCloud, time: float = 0.0) -> Chosen | None:
        """Nothing is chosen before the end of the run is known."""
        return None

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: Chosen | None, time: float, until: float, noise: StepNoise
    ) -> Advance[Chosen | None]:
        """One step of the method chosen."""
        running = state or self.choose(flow, cloud, time, until)
        taken = running.step(flow, cloud, time, until, noise)
        return Advance(taken.time, taken.cloud, taken.state, taken.between)

    def choose(self, flow: Flow, cloud: ParticleCloud, time: float, until: float) -> Chosen:
        """The method for a run of this flow from this cloud, ready to take its first step."""
        return Running.begun(self.chosen(flow, cloud, time, until), flow, cloud, time)

    def chosen(self, flow: Flow, cloud: ParticleCloud, time: float, until: float) -> Integrator[Any]:
        """The same method, not begun."""
        method = self._fastest(flow, cloud, time, until)
        LOGGER.info("%s of %d particles: %s", type(flow).__name__, cloud.count, method)
        return method

    def _fastest(self, flow: Flow, cloud: ParticleCloud, time: float, until: float) -> Integrator[Any]:
        if not isinstance(flow, (GradientFlow, NTKFlow)) or flow.risk.data.targets.numel() > LARGEST_GRAM:
            return Chebyshev(self.rtol, self.atol)
        if _velocities_are_cheaper(flow, cloud, time, until - time):
            return Chebyshev(self.rtol, self.atol)
        linear = LinearPart(GaussNewton.of(flow.risk.linearised, cloud))
        trial, scales = Trial(linear, until - time), Scales.of(linear.stiff, until - time)
        if scales.error(cloud, *trial.error, Tolerance(self.rtol, self.atol)) <= LAZY_ENOUGH:
            return Exponential(self.rtol, self.atol)
        return BDF(self.rtol, self.atol)


def _velocities_are_cheaper(flow: GradientFlow | NTKFlow, cloud: ParticleCloud, time: float, span: float) -> bool:
    """Whether the velocities of one step of Chebyshev cost less than the Gram matrix and Cholesky factor of one of BDF.

    In multiplications, m (n k)^2 + (n k)^3 / 3 against m n k (4 D + 40) for each velocity, as many as a step of a 500th
    of the run has stages.
    """
    m, numbers = cloud.count, flow.risk.data.targets.numel()
    one = m * numbers * (4 * flow.risk.network.neuron.hidden + ENTRY)
    afforded = (m * numbers**2 + numbers**3 / 3) / one
    if afforded < AFFORDED:
        return False
    radius = SpectralRadius.estimate(flow, cloud, flow.velocity(cloud, time), time).value
    return stages_for(span / STEPS, radius) < afforded
