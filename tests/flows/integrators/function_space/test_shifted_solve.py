"""The matrix of an implicit step and its inverse, against matrices written out, also where rounding reaches them."""

import pytest
import torch
from mpmath import mp

from flows.integrators.function_space.gauss_newton import GaussNewton
from flows.integrators.function_space.shifted_solve import NEGLIGIBLE, ROUGH_ENOUGH, Shifted
from flows.integrators.function_space.single_neurons.neuron_curvature import neuron_curvature
from particles import (
    NTK,
    CrossEntropy,
    Dataset,
    GaussianLaw,
    Identity,
    Linear,
    Logistic,
    Loss,
    MeanField,
    ParticleCloud,
    Perceptron,
    RademacherOutputs,
    ReLU,
    Risk,
    Scaling,
    Squared,
    masses,
)
from tests.flows.problems.curved_risks import RATES, STRENGTHS, dense_part, risk_of, spread
from tests.problems import network_cloud, numbers
from tests.tolerances import assert_identical, relative_error

SHIFT = 0.7
Strength = float | dict[str, float]
#: The relative error that is tolerated where one is.
ROUGH = 1e-2


@pytest.mark.parametrize("strength", [0.0, 0.4, STRENGTHS], ids=["none", "one", "groups"])
@pytest.mark.parametrize("trained", ["hidden", "output", "both"])
@pytest.mark.parametrize("scaling", [MeanField(), NTK(), NTK(rates=RATES)], ids=repr)
@pytest.mark.parametrize("loss", [Squared(), Logistic(), CrossEntropy()], ids=repr)
def test_shifted_matrix_is_inverted(loss: Loss, scaling: Scaling, trained: str, strength: Strength) -> None:
    """Assert that solve gives (1 - h A)^(-1) v and the change of the function that comes with it."""
    risk, cloud, right = risk_of(loss, scaling, trained, strength), network_cloud(outputs=3), numbers(8, 6, 6)
    stiff = GaussNewton.of(risk, cloud)
    solved = Shifted(stiff, SHIFT).solve(right)
    matrix = torch.eye(right.numel(), dtype=torch.float64) - SHIFT * dense_part(risk)
    expected = torch.linalg.solve(matrix, right.reshape(-1)).reshape(right.shape)
    assert_identical(solved.vector, expected, operations=1e5)
    assert_identical(solved.pushed, stiff.push(expected), operations=1e5)


@pytest.mark.parametrize("strength", [0.0, 0.4])
@pytest.mark.parametrize("loss", [Squared(), Logistic(), CrossEntropy()], ids=repr)
def test_cotangents_are_a_part_of_the_right_side(loss: Loss, strength: float) -> None:
    """Assert that solve(v, q) is solve(v - M J^T q), and that the velocity is -M J^T cotangents + relaxation."""
    risk, right = risk_of(loss, NTK(), "both", strength), numbers(8, 6, 6)
    stiff = GaussNewton.of(risk, network_cloud(outputs=3))
    velocity = -stiff.at.pull(stiff.at.cotangents)
    assert_identical(velocity if stiff.at.relaxation is None else velocity + stiff.at.relaxation, stiff.velocity)
    expected = Shifted(stiff, SHIFT).solve(right - stiff.at.pull(stiff.at.cotangents))
    solved = Shifted(stiff, SHIFT).solve(right, stiff.at.cotangents)
    assert_identical(solved.vector, expected.vector, operations=1e5)
    assert_identical(solved.pushed, expected.pushed, operations=1e5)


def test_rough_products_are_rough_only_where_that_is_harmless() -> None:
    """Assert that single-precision products change the solution by about 10^-7, and not at all where h tr G is huge."""
    risk, right = risk_of(Squared(), NTK(), "both", 0.0), numbers(8, 6, 6)
    stiff = GaussNewton.of(risk, network_cloud(outputs=3))
    gap = relative_error(Shifted(stiff, SHIFT, ROUGH).solve(right).vector, Shifted(stiff, SHIFT).solve(right).vector)
    assert 1e-10 < gap < 1e-6
    huge = 10.0 * ROUGH_ENOUGH / float(stiff.gram.trace())
    assert torch.equal(Shifted(stiff, huge, ROUGH).solve(right).vector, Shifted(stiff, huge).solve(right).vector)


def test_light_particles_are_left_out_only_where_that_is_harmless() -> None:
    """Assert that of very unequal masses the light ones are left out, their part of h tr G below what is tolerated.

    What is left out must be most of the particles and change h G by less than the limit, in its trace; and with equal
    masses, with output weights trained, or where the product is not to be rough, nobody is left out.
    """
    neuron = Perceptron(ReLU(), Identity(3))
    risk = Risk(neuron, NTK(), Squared(), Dataset(numbers(1, 7, 3), numbers(2, 7, 1)))
    heavy, light = masses.asymmetrical(400, gamma=0.0, alpha=0.3), masses.uniform(400)
    law = GaussianLaw(neuron, outputs=RademacherOutputs())
    stiff = GaussNewton.of(risk, law.sample(masses=heavy, seed=0))
    solver = Shifted(stiff, SHIFT, ROUGH)
    kept = solver._heavy
    lost = SHIFT * float((stiff.at.gram() - stiff.at.gram(kept)).trace()) / 7.0
    assert 1 <= int((kept > 0.0).sum()) < 100 and 0.0 < lost < NEGLIGIBLE * ROUGH
    right = stiff.velocity
    assert relative_error(solver.solve(right).vector, Shifted(stiff, SHIFT).solve(right).vector) < ROUGH
    alike = Shifted(GaussNewton.of(risk, law.sample(masses=light, seed=0)), SHIFT, ROUGH)
    assert torch.equal(alike._heavy, alike._weights)
    both = Shifted(GaussNewton.of(risk_of(Squared(), NTK(), "both", 0.0), network_cloud(outputs=3)), 1e-9, ROUGH)
    assert torch.equal(both._heavy, both._weights)


def solved_in_digits(risk: Risk, cloud: ParticleCloud, right: torch.Tensor, size: float) -> torch.Tensor:
    """(1 - h A)^(-1) (right - M J^T q) of linear neurons whose hidden weights are trained, in sixty digits.

    With mean-field scaling and equal masses A = -(1/m) sum_i p_i g_i g_i^T, g_i = (a_j phi_i)_j.
    """
    m, d = cloud.count, cloud.dim - 1
    with mp.workdps(60):
        phi = mp.matrix((risk.data.inputs / d**0.5).tolist())
        w, a = mp.matrix(cloud.positions[:, :d].tolist()), [mp.mpf(float(x)) for x in cloud.positions[:, d]]
        rows = mp.matrix(phi.rows, m * d)
        for i in range(phi.rows):
            for j in range(m):
                for c in range(d):
                    rows[i, j * d + c] = a[j] * phi[i, c]
        p = mp.mpf(1) / phi.rows
        f = [sum(a[j] * w[j, c] * phi[i, c] for j in range(m) for c in range(d)) / m for i in range(phi.rows)]
        residual = mp.matrix([p * (f[i] - mp.mpf(float(risk.data.targets[i, 0]))) for i in range(phi.rows)])
        matrix = mp.eye(m * d) + mp.mpf(size) * p / m * rows.T * rows
        solution = mp.lu_solve(matrix, mp.matrix(right[:, :d].reshape(-1).tolist()) - rows.T * residual)
        return torch.tensor([float(x) for x in solution], dtype=torch.float64).reshape(m, d)


def test_rates_of_groups_are_in_the_factor_of_the_jacobian() -> None:
    """Assert that where rounding reaches the Gram matrix the factor has rates and strengths of groups too."""
    risk = risk_of(Squared(), NTK(rates=RATES), "both", STRENGTHS)
    stiff = GaussNewton.of(risk, network_cloud(outputs=3))
    solver = Shifted(stiff, SHIFT)
    plain = torch.linalg.cholesky(solver._matrix)
    found = solver._factor_of_jacobian()
    assert_identical(found @ found.mT, plain @ plain.mT, operations=1e4)


@pytest.mark.parametrize("unit", [1.0, 1e4, 1e6])
def test_units_of_the_inputs_cost_no_digits(unit: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that columns in units 10^6 apart leave the solution right, and the Gram matrix alone does not."""
    x = torch.tensor([[1.0, unit], [-1.0, 2.0 * unit]], dtype=torch.float64)
    risk = Risk(
        Perceptron(Linear(), Identity(2)), MeanField(), Squared(), Dataset(x, torch.tensor([1.0, -1.0]).double())
    )
    cloud = ParticleCloud(torch.tensor([[0.3, -0.2, 1.0], [0.1, 0.4, -1.0]], dtype=torch.float64))
    stiff, right, size = GaussNewton.of(risk, cloud), torch.zeros(2, 3).double(), 1e3
    expected = solved_in_digits(risk, cloud, right, size)

    def off() -> float:
        solved = Shifted(stiff, size).solve(right, stiff.at.cotangents)
        return relative_error(solved.vector[:, :2], expected)

    assert off() < 1e-7
    monkeypatch.setattr("flows.integrators.function_space.shifted_solve.ROUNDED", 1e30)
    assert unit < 1e5 or off() > 1e-4


@pytest.mark.parametrize(
    ("rates", "strength"),
    [(None, 0.0), (None, 0.4), (RATES, STRENGTHS), ({"output": 0.0}, 0.4)],
    ids=["plain", "regularised", "rates", "frozen"],
)
def test_curvature_of_neurons_stands_in_the_matrix(rates: dict[str, float] | None, strength: Strength) -> None:
    """Assert that with blocks E_j the solution is that of the dense matrix with h rho E_j / rho added."""
    risk, cloud = risk_of(Squared(), NTK(rates=rates), "both", strength), network_cloud(outputs=3)
    root = spread(rates or {}, 1.0).sqrt()
    right = numbers(8, 6, 6) * (root > 0.0)
    stiff = GaussNewton.of(risk, cloud)
    blocks = neuron_curvature(stiff.at)
    solved = Shifted(stiff, SHIFT, curvature=blocks).solve(right, stiff.at.cotangents)
    added = torch.block_diag(*(root[:, None] * blocks * torch.where(root > 0.0, 1.0 / root, 0.0)))
    matrix = torch.eye(right.numel(), dtype=torch.float64) - SHIFT * dense_part(risk) + SHIFT * added
    whole = (right - stiff.at.pull(stiff.at.cotangents)).reshape(-1)
    expected = torch.linalg.solve(matrix, whole).reshape(right.shape)
    assert_identical(solved.vector, expected, operations=1e5)
    assert_identical(solved.pushed, stiff.push(expected), operations=1e5)
    assert float(blocks.abs().max()) > 1e-3
