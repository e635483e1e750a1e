"""Every integrator takes groups of coordinates where their rates and strengths say, which is written out here."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest
import torch

from flows import (
    BDF,
    RK4,
    Adaptive,
    Chebyshev,
    DormandPrince,
    Euler,
    EulerMaruyama,
    Exponential,
    Flow,
    GradientFlow,
    Heun,
    Integrator,
    LangevinFlow,
    LeimkuhlerMatthews,
    LinearisedFlow,
    LinearSplitting,
    evolve,
    evolve_all,
)
from flows.fields.linearised import CHEAP
from flows.integrators.closed_form import ClosedForm
from particles import L2, NTK, Ensemble, ParticleCloud, Risk
from particles.risk.network import NetworkAt
from particles.shapes import Positions, Velocity
from tests.problems import factors, network_cloud, network_risk, written_out_gradient

#: Most of the time of steps so small is checks of shapes, which other tests of the same code have on.
pytestmark = pytest.mark.usefixtures("without_shape_checks")

UNTIL, RTOL = 3.0, 1e-5
RATES, STRENGTHS = {"hidden": 3.0, "output": 0.2}, {"hidden": 0.02, "output": 0.5}
RATE, STRENGTH = (
    torch.tensor([numbers["hidden"]] * 3 + [numbers["output"]], dtype=torch.float64) for numbers in (RATES, STRENGTHS)
)
#: Integrators with the part of the way that they may err by: ten tolerances, or what their order leaves at this step.
METHODS: list[tuple[Integrator[Any], float]] = [
    (Euler(0.015), 2e-2),
    (Heun(0.05), 1e-3),
    (RK4(0.1), 1e-5),
    (EulerMaruyama(0.015), 2e-2),
    (LeimkuhlerMatthews(0.015), 2e-2),
    (LinearSplitting(0.05), 1e-3),
    (Adaptive(RTOL), 10.0 * RTOL),
    (BDF(RTOL), 10.0 * RTOL),
    (Exponential(RTOL), 10.0 * RTOL),
    (Chebyshev(RTOL), 10.0 * RTOL),
    (DormandPrince(RTOL), 10.0 * RTOL),
]


@dataclass(frozen=True, eq=False)
class WrittenFlow:
    """-eta_j rate(q) (grad by autograd of a risk without regulariser + lambda_j strength(q) theta_j)."""

    plain: Risk

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """That."""
        _, mobility = factors(self.plain.scaling, cloud.masses)
        pull = cloud.masses[:, None] * STRENGTH * cloud.positions
        return -mobility[:, None] * RATE * (written_out_gradient(self.plain, cloud) + pull)


def grouped() -> Risk:
    """The same with the library's own rates and strengths."""
    return replace(network_risk(NTK(rates=RATES)), regulariser=L2(STRENGTHS))


@cache
def path_end() -> Positions:
    """Where the written flow ends."""
    return evolve(WrittenFlow(network_risk(NTK())), network_cloud(), RK4(0.05), until=UNTIL).positions


def off(end: ParticleCloud) -> float:
    """How far from there, as a part of the way."""
    return float((end.positions - path_end()).norm() / (path_end() - network_cloud().positions).norm())


@pytest.mark.parametrize(("integrator", "allowed"), METHODS, ids=lambda one: type(one).__name__)
def test_integrators_follow_the_rates_of_groups(integrator: Integrator[Any], allowed: float) -> None:
    """Assert that the end is that of the written flow, noisy ones at temperature zero."""
    noisy = isinstance(integrator, EulerMaruyama | LeimkuhlerMatthews | LinearSplitting)
    flow: Flow = LangevinFlow(grouped(), {"hidden": 0.0}) if noisy else GradientFlow(grouped())
    assert off(evolve(flow, network_cloud(), integrator, until=UNTIL)) < allowed


@pytest.mark.parametrize("integrator", [BDF(RTOL), Chebyshev(RTOL), Adaptive(RTOL)], ids=lambda one: type(one).__name__)
def test_members_of_an_ensemble_follow_the_rates_of_groups(integrator: Integrator[Any]) -> None:
    """Assert that members side by side end there too."""
    both = Ensemble.of([network_cloud(), network_cloud()])
    ends = evolve_all(GradientFlow(grouped()), both, integrator, until=UNTIL)
    assert max(off(end) for end in ends) < 10.0 * RTOL


def test_closed_form_follows_the_rates_of_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that the exact solution of the linear model is where RK4 takes it, by factor and by Gram matrix."""
    flow = LinearisedFlow(network_risk(NTK(rates=RATES)), network_cloud())
    end = evolve(flow, network_cloud(), RK4(0.05), until=UNTIL).positions
    for cheap in (CHEAP, 0):
        monkeypatch.setattr("flows.fields.linearised.CHEAP", cheap)
        exact = evolve(flow, network_cloud(), ClosedForm(), until=UNTIL).positions
        assert float((exact - end).norm() / (end - network_cloud().positions).norm()) < 1e-6


def test_a_gram_matrix_without_rates_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that the closed form does not get there where the Gram matrix has forgotten the rates."""
    right = NetworkAt.gram

    def forgetful(self: NetworkAt, *given: Any, **named: Any) -> Any:
        plain = replace(self.scaled, network=replace(self.scaled.network, scaling=NTK()))
        return right(replace(self, scaled=plain), *given, **named)

    monkeypatch.setattr(NetworkAt, "gram", forgetful)
    monkeypatch.setattr("flows.fields.linearised.CHEAP", 0)
    flow = LinearisedFlow(network_risk(NTK(rates=RATES)), network_cloud())
    end = evolve(flow, network_cloud(), RK4(0.05), until=UNTIL).positions
    exact = evolve(flow, network_cloud(), ClosedForm(), until=UNTIL).positions
    assert float((exact - end).norm() / (end - network_cloud().positions).norm()) > 0.1


def test_a_frozen_group_does_not_move_a_bit() -> None:
    """Assert that under every integrator coordinates of rate zero are those of the start to the bit."""
    risk = replace(grouped(), scaling=NTK(rates={"output": 0.0}))
    for integrator, _ in METHODS:
        noisy = isinstance(integrator, EulerMaruyama | LeimkuhlerMatthews | LinearSplitting)
        flow: Flow = LangevinFlow(risk, 0.1) if noisy else GradientFlow(risk)
        end = evolve(flow, network_cloud(), integrator, until=0.1)
        assert torch.equal(end.positions[:, 3:], network_cloud().positions[:, 3:]), type(integrator).__name__
        assert bool((end.positions[:, :3] != network_cloud().positions[:, :3]).all())
