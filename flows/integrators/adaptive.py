"""The integrator to take when nothing else is said: it chooses the method for the flow and cloud at hand."""

import logging
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch

from flows.base import Advance, Flow, Integrator, Together, states_of
from flows.fields.gradient import GradientFlow
from flows.fields.linearised import LinearisedFlow
from flows.fields.ntk import NTKFlow
from flows.integrators.closed_form import ClosedForm
from flows.integrators.error_controlled.automatic_explicit import Explicit
from flows.integrators.error_controlled.chebyshev import Chebyshev, stages_for
from flows.integrators.error_controlled.spectral_radius import SpectralRadius
from flows.integrators.error_controlled.step_control import Tolerant, Work
from flows.integrators.function_space.bdf import BDF
from flows.integrators.function_space.error_scales import Scales
from flows.integrators.function_space.exponential import Exponential, Propagated
from flows.integrators.function_space.gauss_newton import LARGEST_GRAM, GaussNewton, dense_risk
from flows.integrators.function_space.linear_part import LinearPart
from flows.integrators.function_space.matrix_free.choice import by_products
from flows.noise import StepNoise
from particles import ParticleCloud

LOGGER = logging.getLogger(__name__)
#: An exponential step over the whole run whose error is above this many times the tolerance has to be repeated in
#: parts, and then BDF does the run in less time (measured over m = 500 to 30,000).
LAZY_ENOUGH = 1.0
#: Where the second Newton correction of an implicit Euler step over the whole run is above this many times the
#: tolerance, the exponential step is not tried: of 26 flows where it met the tolerance three had corrections up to 46,
#: all short runs, and the others up to 23.
BENT = 25.0
#: An entry of a [particles, data] matrix costs as much as so many multiplications, beside those with its weights.
ENTRY = 40
#: Steps that a run of Chebyshev is taken to have, from which follows how many velocities one step needs.
STEPS = 500
#: Chebyshev is not considered where a step of BDF costs fewer velocities than this.
AFFORDED = 20.0
#: The methods that Adaptive chooses from.
METHODS = (BDF, Chebyshev, ClosedForm, Explicit, Exponential)


@dataclass(frozen=True, eq=False)
class Running:
    """A method with its own state, which knows what it has cost."""

    method: Integrator[Any]
    state: Any

    @property
    def work(self) -> Work:
        """What the run has cost so far."""
        work: Work = self.state.work
        return work


@dataclass(frozen=True)
class Adaptive(Tolerant):
    """The flow to a tolerance, by the fastest of our methods.

    - `ClosedForm` for a `LinearisedFlow` whose solution is known: squared loss, no regulariser.
    - `BDF` for gradient flows with n k above 400, where its steps need products with J and J^T only.
    - `Exponential` for smaller ones where training is lazy: one exponential step over the whole run, tried first, meets
      the tolerance.
    - `BDF` for the others, unless a step of `Chebyshev`, which needs velocities only, would cost less than one
      factorisation. So it is too for large data of a cloud that several processes share, up to n k = 6000, and beyond
      `Chebyshev`.
    - `Explicit` for any other flow: Dormand-Prince where it is not stiff, Chebyshev where it is.

    The choice is made in the first step, written to the log of `flows.integrators.adaptive`, and kept in the state
    (`state.method`). rtol and atol mean what they mean for the method chosen: errors relative to the distance moved.
    """

    order: ClassVar[float] = Chebyshev.order
    together: ClassVar[Together] = Together.AS_CHOSEN
    states: ClassVar[tuple[type, ...]] = (Running, *METHODS, *states_of(*METHODS))

    def init(self, flow: Flow, cloud: ParticleCloud, time: float = 0.0) -> Running | None:
        """Nothing is chosen before the end of the run is known."""
        return None

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: Running | None, time: float, until: float, noise: StepNoise
    ) -> Advance[Running]:
        """One step of the method chosen."""
        running = state or self.choose(flow, cloud, time, until)
        taken = running.method.step(flow, cloud, running.state, time, until, noise)
        return replace(taken, state=Running(running.method, taken.state))

    def choose(self, flow: Flow, cloud: ParticleCloud, time: float, until: float) -> Running:
        """The method for a run of this flow from this cloud, ready to take its first step."""
        method = self.chosen(flow, cloud, time, until)
        return Running(method, method.init(flow, cloud, time))

    def chosen(self, flow: Flow, cloud: ParticleCloud, time: float, until: float) -> Integrator[Any]:
        """The same method, not begun."""
        method = self._fastest(flow, cloud, time, until)
        LOGGER.info("%s of %d particles: %s", type(flow).__name__, cloud.count, method)
        return method

    def _fastest(self, flow: Flow, cloud: ParticleCloud, time: float, until: float) -> Integrator[Any]:
        if isinstance(flow, LinearisedFlow) and flow.solvable:
            return ClosedForm()
        if not isinstance(flow, (GradientFlow, NTKFlow, LinearisedFlow)):
            return Explicit(self.rtol, self.atol, self.max_step)
        if by_products(flow.risk, cloud):
            return BDF(self.rtol, self.atol, self.max_step)
        if flow.risk.data.targets.numel() > LARGEST_GRAM:
            return Chebyshev(self.rtol, self.atol, self.max_step)
        if _velocities_are_cheaper(flow, cloud, time, until - time):
            return Chebyshev(self.rtol, self.atol, self.max_step)
        if self._is_lazy(LinearPart(GaussNewton.of(dense_risk(flow, "Adaptive"), cloud)), until - time):
            return Exponential(self.rtol, self.atol, self.max_step)
        return BDF(self.rtol, self.atol, self.max_step)

    def _is_lazy(self, linear: LinearPart, span: float) -> bool:
        """Whether one exponential step over the whole run meets the tolerance."""
        if span > self.max_step or linear.unequal > 0.0:
            return False
        scales = Scales.of(linear.stiff)
        if self._bends(linear.stiff, scales, span):
            return False
        judged = Exponential(self.rtol, self.atol).judged(Propagated(linear, span), scales)
        return max(judged.error / LAZY_ENOUGH, judged.doubt) <= 1.0

    def _bends(self, stiff: GaussNewton, scales: Scales, span: float) -> bool:
        """Whether an implicit Euler step over the whole run, linearised at its start, ends far from one at its end."""
        method, start = BDF(self.rtol, self.atol), stiff.at.cloud
        first = method.correction(stiff.model, start, torch.zeros_like(start.positions), span, method.rtol)
        there = start.moved(start.positions + first.vector)
        second = method.correction(stiff.model, there, first.vector / span, span, method.rtol)
        distance, size = start.norms(first.vector, second.vector).tolist()
        sizes = size, float(torch.linalg.vector_norm(second.change))
        scales = scales.went(distance, float(torch.linalg.vector_norm(first.change)))
        return not scales.judged(sizes, start.positions.numel(), self.asked) <= BENT


def _velocities_are_cheaper(
    flow: GradientFlow | NTKFlow | LinearisedFlow, cloud: ParticleCloud, time: float, span: float
) -> bool:
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
