"""Clouds that are trained together are those that are trained alone, each with its flow, noise and observables."""

from typing import Any

import pytest
import torch

from flows import (
    BAOAB,
    RK4,
    Adam,
    Adaptive,
    Euler,
    EulerMaruyama,
    Flow,
    GradientFlow,
    LangevinFlow,
    LinearisedFlow,
    NTKFlow,
    StepBound,
    UnderdampedFlow,
    evolve,
)
from limits import Drawn, Halves
from particles import NTK, FlowDiverged, MeanField, MeanMovement, ParticleCloud
from runs.limit import trained
from runs.limit.training import FlowOf
from tests.problems import Shaken, network_cloud, network_risk, numbers

RISK = network_risk(MeanField())


def first(cloud: ParticleCloud) -> torch.Tensor:
    """Where the first particle is."""
    return cloud.positions[0]


def clouds() -> list[Drawn]:
    """Four clouds of six neurons; two of them are halves of one, with its noise."""
    halves = Halves().coupled(lambda width, seed: ParticleCloud(numbers(seed, width, 4)), 12, 7).coarse
    return [Drawn(network_cloud(), 3), Drawn(ParticleCloud(numbers(8, 6, 4)), 4), *halves]


CASES: dict[str, tuple[FlowOf, Any]] = {
    "gradient": (GradientFlow(RISK), RK4(0.25)),
    "gradient, adaptive": (GradientFlow(RISK), Adaptive(1e-6)),
    "ntk": (NTKFlow(network_risk(NTK())), Euler(0.25)),
    "langevin": (LangevinFlow(RISK, 0.1), EulerMaruyama(0.25)),
    "optimiser": (GradientFlow(RISK), Adam(0.25)),
    "inertia, one by one": (UnderdampedFlow(RISK, 0.1, 1.0), BAOAB(0.25)),
    "of the start": (lambda start: LinearisedFlow(RISK, start.cloud), RK4(0.25)),
}


@pytest.mark.parametrize("name", CASES)
def test_clouds_are_measured_as_each_would_be_alone(name: str) -> None:
    """Assert that rows of values are those of single runs with the seed and first particle of each, to rounding."""
    flow, integrator = CASES[name]
    measured = trained(
        flow,
        integrator,
        until=1.0,
        times=[0.5],
        observables=lambda start: {"risk": RISK, "moved": MeanMovement(start.cloud)},
    )
    values = measured(clouds())
    assert values.shape == (4, 4) and values.dtype == torch.float64
    assert [one.label for one in measured.quantities(network_cloud())] == [
        *("risk at 0.5", "risk at 1", "moved at 0.5", "moved at 1")
    ]
    for row, one in zip(values, clouds(), strict=True):
        own: Flow = flow if isinstance(flow, Flow) else flow(one)
        end = evolve(own, one.cloud, integrator, until=1.0, seed=one.seed, first=one.first)
        alone = torch.stack([RISK(end), MeanMovement(one.cloud)(end)])
        torch.testing.assert_close(row[[1, 3]], alone, rtol=1e-6, atol=1e-9)
    if name == "langevin":
        other = measured([Drawn(clouds()[3].cloud, 7, first=0)])[0]
        assert float((other - values[3]).abs().max()) > 1e-3


def test_no_time_at_all_is_the_start() -> None:
    """Assert that with until = 0 the clouds are measured as they were drawn."""
    measured = trained(GradientFlow(RISK), RK4(0.25), until=0.0, observables={"risk": RISK})
    torch.testing.assert_close(measured(clouds())[:, 0], torch.stack([RISK(one.cloud) for one in clouds()]))


def test_a_flow_without_a_risk_is_trained_too() -> None:
    """Assert that a flow of a user's own, which no ensemble takes, is evolved cloud by cloud."""
    measured = trained(Shaken(), EulerMaruyama(0.25), until=1.0, observables={"first": first})
    for row, one in zip(measured(clouds()), clouds(), strict=True):
        end = evolve(Shaken(), one.cloud, EulerMaruyama(0.25), until=1.0, seed=one.seed, first=one.first)
        assert torch.equal(row, end.positions[0])


def test_a_rule_gives_each_cloud_its_step() -> None:
    """Assert that clouds whose steps are found for each of them are trained one by one."""
    integrator, flow = Euler(StepBound(0.5)), GradientFlow(RISK)
    measured = trained(flow, integrator, until=1.0, observables={"first": first})
    for row, one in zip(measured(clouds()), clouds(), strict=True):
        assert torch.equal(row, evolve(flow, one.cloud, integrator, until=1.0).positions[0])


@pytest.mark.parametrize("count", [1, 4])
def test_a_cloud_that_diverges_ends_the_call(count: int) -> None:
    """Assert that the error of its run is raised, trained alone or beside others."""
    measured = trained(GradientFlow(RISK), Euler(1e200), until=1e203, observables={"risk": RISK})
    with pytest.raises(FlowDiverged, match="diverged at step"):
        measured(clouds()[:count])


@pytest.mark.parametrize(
    ("until", "times", "told"),
    [
        (1.0, [2.0], "from time 0 until 1.0, but measured at times from 1.0 to 2.0"),
        (1.0, [-0.5], r"measured at times from -0.5 to 1.0; give times in between"),
        (-1.0, [], "from time 0 until -1.0"),
        (float("nan"), [], "The time until which clouds are trained"),
    ],
)
def test_impossible_times_are_refused(until: float, times: list[float], told: str) -> None:
    """Assert that times outside the training are refused with both ends."""
    with pytest.raises(ValueError, match=told):
        trained(GradientFlow(RISK), RK4(0.25), until=until, times=times, observables={"risk": RISK})
