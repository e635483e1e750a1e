"""The inverse by conjugate gradients beside that by a Cholesky factor: as exact as is asked, and no more."""

from dataclasses import replace

import pytest
import torch

from flows.integrators.function_space.gauss_newton import GaussNewton
from flows.integrators.function_space.matrix_free import iterative_solve
from flows.integrators.function_space.matrix_free.iterative_solve import Iterative
from flows.integrators.function_space.matrix_free.preconditioner import Preconditioner
from flows.integrators.function_space.shifted_solve import ROUGH_ENOUGH, Shifted
from flows.integrators.function_space.single_neurons.neuron_curvature import neuron_curvature
from particles import NTK, CrossEntropy, Logistic, Loss, MeanField, Scaling, Squared
from tests.flows.integrators.function_space.matrix_free.test_nystrom import decaying
from tests.flows.problems.curved_risks import RATES, STRENGTHS, risk_of
from tests.problems import network_cloud, numbers
from tests.tolerances import assert_identical, relative_error

SHIFT = 0.7
ROUGH = 1e-2
NONE = Preconditioner()


def exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let iterations end where rounding does."""
    monkeypatch.setattr(iterative_solve, "EXACT", 1e-13)


@pytest.mark.parametrize("wanted", [0, 9], ids=["plain", "preconditioned"])
@pytest.mark.parametrize("strength", [0.0, 0.4, STRENGTHS], ids=["none", "one", "groups"])
@pytest.mark.parametrize("trained", ["hidden", "output", "both"])
@pytest.mark.parametrize("scaling", [MeanField(), NTK(rates=RATES)], ids=repr)
@pytest.mark.parametrize("loss", [Squared(), Logistic(), CrossEntropy()], ids=repr)
def test_solution_is_that_of_the_factor(
    loss: Loss,
    scaling: Scaling,
    trained: str,
    strength: float | dict[str, float],
    wanted: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Assert that solve gives v, B^T J v, J v and z of the dense solver, with cotangents and without."""
    exactly(monkeypatch)
    stiff = GaussNewton.of(risk_of(loss, scaling, trained, strength), network_cloud(outputs=3))
    right, solver = numbers(8, 6, 6), Iterative(stiff, SHIFT, 0.0, None, replace(NONE, wanted=wanted))
    for cotangents in (None, stiff.at.cotangents):
        expected, solved = Shifted(stiff, SHIFT).solve(right, cotangents), solver.solve(right, cotangents)
        assert_identical(solved.vector, expected.vector, operations=1e5)
        assert_identical(solved.pushed, expected.pushed, operations=1e5)
        assert solved.doubt is None
        assert_identical(solved.outputs, stiff.at.push(expected.vector), operations=1e5)
        assert_identical(solver._damping.divided(right - stiff.at.pull(solved.total)), expected.vector, operations=1e5)


def test_curvature_of_neurons_stands_in_the_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that with blocks for neurons the solution is that of the dense solver with the same blocks."""
    exactly(monkeypatch)
    stiff = GaussNewton.of(risk_of(Squared(), NTK(rates=RATES), "both", STRENGTHS), network_cloud(outputs=3))
    blocks, right = neuron_curvature(stiff.at), numbers(8, 6, 6)
    solved = Iterative(stiff, SHIFT, 0.0, blocks, NONE).solve(right, stiff.at.cotangents)
    expected = Shifted(stiff, SHIFT, curvature=blocks).solve(right, stiff.at.cotangents)
    assert_identical(solved.vector, expected.vector, operations=1e5)


@pytest.mark.parametrize("wanted", [0, 100])
@pytest.mark.parametrize("size", [1.0, 1e2, 1e4])
def test_solution_is_as_exact_as_is_asked(size: float, wanted: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that what is left of v and of its change is below a fiftieth, and that more is left than of an exact one.

    The right side is that of a step, whose stiff part is much larger than the solution.
    """
    stiff = decaying()
    right, cotangents = 0.001 * size * numbers(4, *stiff.at.cloud.positions.shape), size * stiff.at.cotangents
    expected = Shifted(stiff, size).solve(right, cotangents)
    first = right - stiff.at.pull(cotangents)

    def off() -> tuple[float, float]:
        solved = Iterative(stiff, size, 0.0, None, Preconditioner(wanted=wanted)).solve(
            right, size * stiff.at.cotangents
        )
        return relative_error(solved.vector, expected.vector), relative_error(solved.pushed, expected.pushed)

    of_vector, of_change = off()
    assert max(of_vector, of_change) < 0.02
    assert float(first.norm()) > 1.01 * float(expected.vector.norm())
    exactly(monkeypatch)
    assert max(off()) < 1e-9 < max(of_vector, of_change)


def test_preconditioner_saves_iterations() -> None:
    """Assert that on a decaying spectrum it leaves half of the iterations or less, and also on a nearby cloud."""
    stiff = decaying()
    moved = stiff.at.cloud.moved(stiff.at.cloud.positions + 0.05 * numbers(6, *stiff.at.cloud.positions.shape))
    near, known = GaussNewton.of(stiff.model, moved), Preconditioner(wanted=100).ready(stiff)
    for size in (1e2, 1e4):
        counts = []
        for preconditioner in (replace(NONE, first=0), known):
            solved = Iterative(near, size, 0.0, None, preconditioner).solve(near.velocity)
            counts.append(solved.preconditioner.first)
        assert 2 * counts[1] <= counts[0]


def test_products_are_rough_only_where_that_is_harmless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that single precision changes the solution by about 10^-7, and not at all where h G is huge."""
    exactly(monkeypatch)
    monkeypatch.setattr(iterative_solve, "MOST_ITERATIONS", 40)
    stiff = GaussNewton.of(risk_of(Squared(), NTK(), "both", 0.0), network_cloud(outputs=3))
    right, state = numbers(8, 6, 6), Preconditioner(wanted=18).ready(stiff)
    assert state.sketch is not None
    expected = Shifted(stiff, SHIFT).solve(right).vector
    assert 1e-10 < relative_error(Iterative(stiff, SHIFT, ROUGH, None, state).solve(right).vector, expected) < 1e-6
    huge = 2.0 * ROUGH_ENOUGH / state.sketch.made(stiff).largest
    rough, strict = (Iterative(stiff, huge, part, None, state).solve(right).vector for part in (ROUGH, 0.0))
    assert torch.equal(rough, strict)


def test_doubt_is_what_the_last_iteration_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a solution which is not exact enough after the most iterations has a doubt, and others have none."""
    stiff = decaying()
    assert Iterative(stiff, 1e3, 0.0, None, NONE).solve(stiff.velocity).doubt is None
    vectors = []
    for most in (2, 3):
        monkeypatch.setattr(iterative_solve, "MOST_ITERATIONS", most)
        solved = Iterative(stiff, 1e3, 0.0, None, NONE).solve(stiff.velocity)
        vectors.append(solved.vector)
    assert solved.doubt is not None
    assert_identical(solved.doubt, vectors[0] - vectors[1])


def test_nothing_is_iterated_at_rest_or_where_nothing_is_finite() -> None:
    """Assert that zero stays zero, and that a right side or a cloud that is not finite gives no finite solution."""
    stiff, calls = decaying(), []
    zero = torch.zeros_like(stiff.at.cloud.positions)
    assert torch.equal(Iterative(stiff, 1e3, ROUGH, None, NONE).solve(zero).vector, zero)
    broken = GaussNewton.of(stiff.model, stiff.at.cloud.moved(torch.full_like(zero, torch.nan)))
    for here, right in ((stiff, torch.full_like(zero, torch.inf)), (broken, zero + 1.0)):
        for state in (NONE, Preconditioner(wanted=20)):
            solved = Iterative(here, 1e3, ROUGH, None, state).solve(right)
            calls.append(solved.preconditioner)
            assert not bool(solved.vector.isfinite().all() and solved.pushed.isfinite().all())
    assert all(after.more == 0 for after in calls)
