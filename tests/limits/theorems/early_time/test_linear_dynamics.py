"""Exact linear dynamics against networks whose output weights are trained, and runs that are none of them."""

import pytest
import torch

from flows import RK4, Euler, Every, GradientFlow, evolve
from flows.base import Integrator
from limits import KernelFlow
from limits.theorems import Verdict, linear_dynamics
from particles import NTK, Dataset, GaussianLaw, Identity, Perceptron, Risk, Squared, Tanh, masses, tangent_gram
from tests.draws import normals, unequal

STEP, STEPS = 0.5, 20


def descended(trained: str, integrator: Integrator) -> tuple[KernelFlow, torch.Tensor, torch.Tensor]:
    """The closed form of a network's start, and times and residuals of its run."""
    neuron = Perceptron(Tanh(), Identity(4), 2, trained)
    data = Dataset(normals(7, 4, seed=1), normals(7, 2, seed=2), unequal(7))
    risk, frames = Risk(neuron, NTK(), Squared(), data), []
    cloud = GaussianLaw(neuron).sample(masses=masses.uniform(30), seed=0)
    flow = KernelFlow(tangent_gram(risk, cloud), data, start=risk.predictions(cloud), step=STEP)
    kept = Every(steps=1, observer=lambda index, time, cloud: frames.append((time, risk.residual(cloud))))
    evolve(GradientFlow(risk), cloud, integrator, until=STEP * STEPS, observers=[kept])
    return flow, torch.tensor([time for time, _ in frames]).double(), torch.stack([r for _, r in frames])


def test_a_linear_network_descends_exactly() -> None:
    """Assert that trained output weights, with two outputs and unequal weights of data, follow the closed form."""
    flow, times, residuals = descended("output", Euler(step=STEP))
    result = linear_dynamics(flow, times, residuals)
    assert result.verdict is Verdict.HOLDS and result.margin > 0.9 and len(times) > 15


@pytest.mark.parametrize(
    ("trained", "integrator"), [("output", RK4(step=STEP)), ("hidden", Euler(step=STEP))], ids=["flow", "nonlinear"]
)
def test_other_dynamics_are_violations(trained: str, integrator: Integrator) -> None:
    """Assert that the continuous flow, and a network that is not linear in its weights, are found out."""
    assert linear_dynamics(*descended(trained, integrator)).verdict is Verdict.VIOLATED


def test_a_kernel_not_divided_by_the_data_is_a_violation() -> None:
    """Assert that the descent of n times the risk is none of this one, and that a flow without steps is not asked."""
    flow, times, residuals = descended("output", Euler(step=STEP))
    wrong = KernelFlow(7.0 * flow.gram, flow.data, start=flow.start, step=STEP)
    assert linear_dynamics(wrong, times, residuals).verdict is Verdict.VIOLATED
    without = KernelFlow(flow.gram, flow.data, start=flow.start)
    assert linear_dynamics(without, times, residuals).failing == ("steps of gradient descent",)
