"""The exponential method: phi functions, exactness where features stand still, order. Contract: ../adaptive.py."""

import math

import pytest
import torch
from scipy.linalg import expm

from flows import RK4, Exponential, GradientFlow, StepNoise, evolve
from flows.gauss_newton import GaussNewton
from flows.integrators.exponential import LinearPart, Trial, phi
from particles import NTK, Dataset, Lazy, Linear, MeanField, Scaling, tangent_gram
from tests.problems import network_cloud, network_risk, numbers
from tests.tolerances import ORDER, assert_identical, relative_error


@pytest.mark.parametrize("order", range(4))
@pytest.mark.parametrize("x", [0.0, -1e-9, -0.3, -0.999, -1.001, -4.0, -40.0, -400.0])
def test_phi_function_is_that_of_the_augmented_exponential(order: int, x: float) -> None:
    """Assert that phi_k(x) is the corner of exp of the matrix with x first and ones above the diagonal."""
    matrix = torch.diag(torch.ones(order, dtype=torch.float64), 1)
    matrix[0, 0] = x
    expected = expm(matrix.numpy())[0, order]
    assert abs(float(phi(order, torch.tensor([x], dtype=torch.float64))) / expected - 1.0) < 1e-12


@pytest.mark.parametrize("order", [1, 2])
def test_phi_of_the_linear_part_is_that_of_its_matrix(order: int) -> None:
    """Assert that phi_k(t L) v and its change of the function agree with the matrix L written out."""
    risk, cloud, time = network_risk(NTK(), outputs=2), network_cloud(outputs=2), 3.0
    stiff, vector = GaussNewton.of(risk, cloud), numbers(7, 6, 5)
    units = torch.eye(vector.numel(), dtype=torch.float64).reshape(-1, *vector.shape)
    matrix = -torch.stack([stiff.pull(stiff.push(unit)).reshape(-1) for unit in units], dim=1)
    values, vectors = torch.linalg.eig(time * matrix)
    function = torch.diag(phi(order, values.real.clamp_max(0.0)).to(values.dtype))
    expected = (vectors @ function @ torch.linalg.inv(vectors)).real @ vector.reshape(-1)
    moved, change = LinearPart(stiff).phi(order, time, vector, stiff.push(vector))
    assert relative_error(moved.reshape(-1), expected) < 1e-9
    assert relative_error(change, stiff.push(moved)) < 1e-9


@pytest.mark.parametrize("scaling", [MeanField(), NTK(), Lazy(3.0)], ids=repr)
def test_linear_neurons_take_one_step_to_any_time(scaling: Scaling) -> None:
    """Assert that where features stand still one step is exact, at a million as at one.

    The rank of K is three of seven; rounding makes eps of its zero eigenvalues, hence the 1e-15 t.
    """
    risk, start = network_risk(scaling, activation=Linear(), trained="hidden"), network_cloud()
    flow, integrator = GradientFlow(risk), Exponential(rtol=1e-8)
    rates = tangent_gram(risk, start) * risk.data.weights
    for until in (1.0, 1e6):
        taken = integrator.step(flow, start, integrator.init(flow, start), 0.0, until, StepNoise(0, 0))
        exact = torch.linalg.matrix_exp(-until * rates) @ risk.residual(start)
        assert taken.time == until
        allowed = (1e-12 + 1e-15 * until) * float(risk.residual(start).norm())
        assert float((risk.residual(taken.cloud) - exact).norm()) < allowed
        half = 0.5 * until
        assert taken.between is not None
        there = torch.linalg.matrix_exp(-half * rates) @ risk.residual(start)
        assert float((risk.residual(taken.between(half)) - there).norm()) < allowed


def test_fixed_steps_show_order_three_and_two() -> None:
    """Assert that the step has order 3 and what its error is measured against order 2."""
    risk, start, until = network_risk(NTK()), network_cloud(), 8.0
    exact = evolve(GradientFlow(risk), start, RK4(step=0.005), until=until).positions

    def error(steps: int, lower: bool) -> float:
        cloud = start
        for _ in range(steps):
            trial = Trial(LinearPart(GaussNewton.of(risk, cloud)), until / steps)
            moved = trial.at(until / steps).positions
            cloud = cloud.moved(moved - trial.error[0] if lower else moved)
        return relative_error(cloud.positions, exact)

    for lower, order in ((False, 3.0), (True, 2.0)):
        measured = math.log2(error(64, lower) / error(128, lower))
        assert abs(measured - order) < ORDER, f"order {measured:.3f} instead of {order}"


def test_change_of_the_function_belongs_to_the_error() -> None:
    """Assert that the error's second part is the push of its first."""
    stiff = GaussNewton.of(network_risk(NTK()), network_cloud())
    vector, change = Trial(LinearPart(stiff), 2.0).error
    assert_identical(change, stiff.push(vector), operations=1e6)


def test_cloud_at_rest_stays() -> None:
    """Assert that where nothing moves the whole run is one step of no length."""
    risk, start = network_risk(), network_cloud()
    fitted = GradientFlow(risk.on(Dataset(risk.data.inputs, risk.predictions(start), risk.data.weights)))
    end = evolve(fitted, start, Exponential(), until=1e6)
    assert relative_error(end.positions, start.positions) < 1e-9


def test_wrong_tolerance_is_refused() -> None:
    """Assert that a tolerance of one and more is refused at the door."""
    with pytest.raises(ValueError, match=r"rtol=2\.0"):
        Exponential(rtol=2.0)
