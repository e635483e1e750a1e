"""Runs of clouds, data and embeddings that ask for a gradient are those of plain ones, and keep no autograd history."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import Parameter

from flows import (
    BAOAB,
    BDF,
    RK4,
    Adaptive,
    BirthDeathFlow,
    Chebyshev,
    DormandPrince,
    Draws,
    Euler,
    EulerMaruyama,
    Exponential,
    Flow,
    GradientFlow,
    GrowthSplitting,
    Heun,
    Integrator,
    KineticCloud,
    LangevinFlow,
    LeimkuhlerMatthews,
    LinearisedFlow,
    LinearSplitting,
    MinibatchFlow,
    NTKFlow,
    StepBound,
    UnderdampedFlow,
    evolve,
    evolve_all,
)
from particles import Dataset, Ensemble, FlowRefused, ParticleCloud, Risk
from particles.shapes import Features, Inputs, Velocity
from tests.long import long_after
from tests.problems import network_cloud, network_risk, numbers

#: Flows of a risk and a cloud where a linear model has its anchor, and integrators for them.
RUNS: dict[str, tuple[Callable[[Risk, ParticleCloud], Flow], Integrator[Any]]] = {
    **{
        type(integrator).__name__: (lambda risk, _: GradientFlow(risk), integrator)
        for integrator in (
            *(Euler(0.1), Heun(0.1), RK4(0.1), DormandPrince(), Chebyshev()),
            *(BDF(), Exponential(), Adaptive()),
        )
    },
    "StepBound": (lambda risk, _: GradientFlow(risk), Euler(StepBound(0.05))),
    "NTK": (lambda risk, _: NTKFlow(risk), RK4(0.1)),
    "linearised": (LinearisedFlow, Adaptive()),
    "mini-batches": (lambda risk, _: MinibatchFlow(risk, Draws(3), 0.1), Euler(0.1)),
    "EulerMaruyama": (lambda risk, _: LangevinFlow(risk, 0.5), EulerMaruyama(0.1)),
    "LeimkuhlerMatthews": (lambda risk, _: LangevinFlow(risk, 0.5), LeimkuhlerMatthews(0.1)),
    "LinearSplitting": (lambda risk, _: LangevinFlow(risk, 0.5, 0.3, "joint"), LinearSplitting(0.1)),
    "BAOAB": (lambda risk, _: UnderdampedFlow(risk, 0.5, friction=1.0), BAOAB(0.1)),
    "birth and death": (lambda risk, _: BirthDeathFlow(risk), GrowthSplitting(Heun(0.1))),
}


@dataclass(frozen=True)
class Learnt:
    """phi(x) = A x with a matrix that asks for a gradient, as a module would have it."""

    matrix: Tensor
    inputs: int = 3
    features: int = 3

    def __call__(self, inputs: Inputs) -> Features:
        """A x / sqrt(3)."""
        return inputs @ self.matrix.T / 3**0.5


def asking(name: str) -> tuple[Risk, ParticleCloud]:
    """The network problem with one of its tensors as a parameter of a module."""
    risk, cloud, data = network_risk(), network_cloud(), network_risk().data
    plain = {"inputs": data.inputs, "targets": data.targets, "weights": data.weights}
    if name in plain:
        risk = risk.on(Dataset(**{**plain, name: Parameter(plain[name])}))
    if name == "embedding":
        identity = Parameter(torch.eye(3, dtype=torch.float64))
        risk = replace(risk, neuron=replace(risk.network.neuron, embedding=Learnt(identity)))
    parts = {"positions": cloud.positions, "masses": cloud.masses, "velocities": torch.zeros_like(cloud.positions)}
    if name in parts:
        made = KineticCloud if name == "velocities" else ParticleCloud
        parts = {part: value for part, value in parts.items() if part != "velocities" or name == part}
        cloud = made(**{**parts, name: Parameter(parts[name])})
    return risk, cloud


ASKED = ["positions", "masses", "velocities", "inputs", "targets", "weights", "embedding"]


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("asked", long_after(2, ASKED))
def test_a_run_keeps_no_history(name: str, asked: str) -> None:
    """Assert that every cloud seen is free of history, and that the end has the bits of a run of plain tensors."""
    make, integrator = RUNS[name]
    seen: list[ParticleCloud] = []
    risk, cloud = asking(asked)
    end = evolve(make(risk, cloud), cloud, integrator, until=0.5, observers=[lambda _, __, at: seen.append(at)])
    plain = evolve(make(network_risk(), network_cloud()), network_cloud(), integrator, until=0.5)
    assert len(seen) > 1
    for one in (*seen, end):
        assert not (one.positions.requires_grad or one.masses.requires_grad)
        assert not (isinstance(one, KineticCloud) and one.velocities.requires_grad)
    assert torch.equal(end.positions, plain.positions) and torch.equal(end.masses, plain.masses)


@pytest.mark.parametrize("integrator", [Euler(0.1), BDF(), Chebyshev()], ids=lambda made: type(made).__name__)
def test_members_keep_no_history(integrator: Integrator[Any]) -> None:
    """Assert that an ensemble of parameters ends as one of plain tensors does, without history."""
    positions, flow = numbers(3, 2, 6, 4), GradientFlow(network_risk())
    end = evolve_all(flow, Ensemble(Parameter(positions)), integrator, until=0.5)
    assert not end.positions.requires_grad
    assert torch.equal(end.positions, evolve_all(flow, Ensemble(positions), integrator, until=0.5).positions)


def test_clouds_stay_differentiable() -> None:
    """Assert that a risk outside a run still has its gradient in positions and masses."""
    risk, cloud = network_risk(), network_cloud()
    positions, masses = (tensor.clone().requires_grad_() for tensor in (cloud.positions, cloud.masses))
    risk(ParticleCloud(positions, masses)).backward()
    mobility = risk.scaling.mobility(cloud.masses)[:, None]
    assert torch.allclose(-mobility * positions.grad, risk.velocity(cloud), rtol=1e-12, atol=1e-15)
    assert bool(masses.grad.any())


@dataclass(frozen=True)
class Drift:
    """A user's flow made of a module."""

    module: torch.nn.Module

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """What the module says."""
        return self.module(cloud.positions)


@pytest.mark.parametrize("integrator", [Euler(0.1), RK4(0.1), DormandPrince()], ids=lambda made: type(made).__name__)
def test_velocities_with_a_history_are_refused(integrator: Integrator[Any]) -> None:
    """Assert that a module's output as velocity is refused after the first step, and taken in no_grad."""
    flow = Drift(torch.nn.Linear(4, 4, dtype=torch.float64))
    with pytest.raises(
        FlowRefused, match=r"carry an autograd history, .* grow step by step; return velocity.detach\(\)"
    ):
        evolve(flow, network_cloud(), integrator, until=0.5)
    with torch.no_grad():
        assert evolve(flow, network_cloud(), integrator, until=0.5).count == 6
