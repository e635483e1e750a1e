"""The linear part of a gradient flow and its phi functions, against matrices written out and forty digits."""

import pytest
import torch
from mpmath import mp
from scipy.linalg import expm

from flows.integrators.function_space.gauss_newton import GaussNewton
from flows.integrators.function_space.linear_part import LinearPart, divided, phi
from particles import NTK, MeanField
from tests.problems import network_cloud, network_risk, numbers
from tests.tolerances import relative_error


@pytest.mark.parametrize("order", range(4))
@pytest.mark.parametrize("x", [0.0, -1e-9, -0.3, -0.999, -1.001, -4.0, -40.0, -400.0])
def test_phi_function_is_that_of_the_augmented_exponential(order: int, x: float) -> None:
    """Assert that phi_k(x) is the corner of exp of the matrix with x first and ones above the diagonal."""
    matrix = torch.diag(torch.ones(order, dtype=torch.float64), 1)
    matrix[0, 0] = x
    expected = expm(matrix.numpy())[0, order]
    assert abs(float(phi(order, torch.tensor([x], dtype=torch.float64))) / expected - 1.0) < 1e-12


@pytest.mark.parametrize("order", range(4))
@pytest.mark.parametrize("start", [0.0, -1e-3, -0.7, -30.0])
@pytest.mark.parametrize("x", [-1e-12, -1e-4, -0.3, -0.999, -1.001, -40.0])
def test_divided_difference_is_that_of_forty_digits(order: int, start: float, x: float) -> None:
    """Assert that (phi_k(x + start) - phi_k(start)) / x loses nothing where x is small."""
    with mp.workdps(40):

        def exact(z: mp.mpf) -> mp.mpf:
            return mp.nsum(lambda j: z**j / mp.factorial(j + order), [0, mp.inf])

        expected = float((exact(mp.mpf(x) + mp.mpf(start)) - exact(mp.mpf(start))) / mp.mpf(x))
    found = float(divided(order, torch.tensor([x], dtype=torch.float64), start))
    assert abs(found - expected) < 1e-12 * abs(expected) + 1e-18


@pytest.mark.parametrize("strength", [0.0, 0.8])
@pytest.mark.parametrize("order", [0, 1, 2])
def test_phi_of_the_linear_part_is_that_of_its_matrix(order: int, strength: float) -> None:
    """Assert that phi_k(t L) v and its change of the function agree with the matrix L written out."""
    risk, cloud, time = network_risk(MeanField(), outputs=2, strength=strength), network_cloud(outputs=2), 3.0
    stiff, vector = GaussNewton.of(risk, cloud), numbers(7, 6, 5)
    units = torch.eye(vector.numel(), dtype=torch.float64).reshape(-1, *vector.shape)
    matrix = -torch.stack([stiff.pull(stiff.push(unit)).reshape(-1) for unit in units], dim=1)
    matrix -= strength * torch.eye(len(matrix), dtype=torch.float64)
    values, vectors = torch.linalg.eig(time * matrix)
    function = torch.diag(phi(order, values.real.clamp_max(0.0)).to(values.dtype))
    expected = (vectors @ function @ torch.linalg.inv(vectors)).real @ vector.reshape(-1)
    moved, change = LinearPart(stiff).phi(order, time, vector, stiff.push(vector))
    assert relative_error(moved.reshape(-1), expected) < 1e-9
    assert relative_error(change, stiff.push(moved)) < 1e-9


def test_decays_are_said_to_be_unequal_where_they_are() -> None:
    """Assert that mean-field scaling pulls all particles alike, and NTK scaling by their masses."""
    for scaling, alike in ((MeanField(), True), (NTK(), False)):
        part = LinearPart(GaussNewton.of(network_risk(scaling, strength=0.8), network_cloud()))
        assert (part.unequal < 1e-12) == alike and part.decay > 0.0
    assert LinearPart(GaussNewton.of(network_risk(NTK()), network_cloud())).unequal == 0.0
