"""The study's numbers against the theory, and against each other."""

import math
from collections.abc import Callable, Iterable, Iterator

import pytest
import torch

from limits import RandomKernel, zipf_departure
from particles import masses
from runs.studies.kernel_limits.config import ALPHAS, KERNELS, NETWORKS, Config, configured
from runs.studies.kernel_limits.measure import (
    ZIPF_WIDTH,
    Problem,
    Row,
    constants,
    gaps,
    kernels,
    measured,
    predicted,
    spectra,
)
from tests.tolerances import Z, z_score

SEEDS = range(8)


def problem(**changes: object) -> Problem:
    """Ten rows of diabetes and clouds of 8 and 32 particles."""
    good = configured(data="diabetes", scale="smoke", device="cpu").model_dump()
    return Problem.of(Config.validated(**{**good, "widths": (8, 32), **changes}))


def values(rows: Iterable[Row], curve: str, x: float) -> torch.Tensor:
    """The values of all seeds at one point of a curve."""
    return torch.tensor([row.value for row in rows if (row.curve, row.x) == (curve, x)], dtype=torch.float64)


def of_all_seeds(measure: Callable[[Problem, int], Iterator[Row]], **changes: object) -> list[Row]:
    """Rows of one kind for eight seeds."""
    small = problem(**changes)
    return [row for seed in SEEDS for row in measure(small, seed)]


@pytest.mark.validation
def test_kernels_are_as_far_as_predicted() -> None:
    """Assert that mean squared distances are the exact ones, |z| < 5 and within a third, for all masses and widths."""
    found = of_all_seeds(kernels, clouds=15)
    expected = [row for row in predicted(problem()) if row.panel == "kernel"]
    assert len(expected) == len(KERNELS) * 2
    for row in expected:
        draws = values(found, row.curve, row.x).square()
        assert abs(z_score(draws, row.value**2)) < Z
        assert abs(float(draws.mean()) / row.value**2 - 1.0) < 0.33


@pytest.mark.validation
def test_constants_are_sums_of_squared_masses() -> None:
    """Assert that sampled constants are sum_j lambda_j^2 of a thousand Zipf masses, |z| < 5, from one to zero."""
    found = of_all_seeds(constants, clouds=8)
    for alpha in ALPHAS:
        draws = values(found, "finite", alpha)
        assert abs(z_score(draws, float(masses.zipf(ZIPF_WIDTH, alpha).square().sum()))) < Z
    assert float(values(found, "finite", 0.9).mean()) < 0.1
    assert float(values(found, "finite", 0.1).mean()) > 0.7


def test_predicted_constants_are_at_finite_width_and_in_the_limit() -> None:
    """Assert that both curves are there and meet where a thousand masses are as good as infinitely many."""
    rows = [row for row in predicted(problem()) if row.panel == "constant"]
    limit = {row.x: row.value for row in rows if row.curve == "limit"}
    finite = {row.x: row.value for row in rows if row.curve == "finite"}
    assert limit == {alpha: zipf_departure(0.0, alpha) for alpha in limit}
    assert all(abs(finite[alpha] - value) < 1e-3 for alpha, value in limit.items() if alpha < 0.4)
    assert all(finite[alpha] > 1.1 * value for alpha, value in limit.items() if alpha > 0.8)


def test_spectra_are_those_of_draws() -> None:
    """Assert that eigenvalues fall, are those of a draw of the limit, and of the mean kernel where predicted."""
    small = problem()
    inputs = small.train.inputs
    gram = RandomKernel(small.kernel, 0.2, 0.5).sample(inputs, seed=100_000).gram
    mean = [row for row in predicted(small) if row.panel == "spectrum"]
    drawn = [row for row in spectra(small, 1) if row.curve == "gamma0.2"]
    for rows, matrix in ((drawn, gram), (mean, small.kernel(inputs))):
        found = [row.value for row in rows]
        assert found == sorted(found, reverse=True) and [row.x for row in rows] == list(range(1, 11))
        assert math.isclose(math.fsum(found), float(matrix.trace()), rel_tol=1e-12)


def test_gaps_grow_in_time_and_vanish_in_width_where_training_is_lazy() -> None:
    """Assert that gaps begin near zero, and that only under NTK with equal masses a wider network is much nearer."""
    small, ends = problem(), {}
    for network in NETWORKS:
        for width in (64, 1024):
            found = gaps(small, network, width, 1)
            assert (found[0][0], found[-1][0]) == (0.5, 5.0)
            assert 0.0 < found[0][1] < 0.5 * found[-1][1]
            ends[network.name, width] = found[-1][1]
    assert ends["ntk", 1024] < 0.2 * ends["ntk", 64]
    assert ends["mean-field", 1024] > 0.6 * ends["mean-field", 64]
    assert ends["asymmetrical", 1024] > 0.3 * ends["asymmetrical", 64]


def test_gap_of_a_hundred_particles_is_one_under_both_scalings() -> None:
    """Assert that lazy scaling with scale sqrt(m) and equal masses trains as NTK does."""
    small = problem()
    one, other = (gaps(small, NETWORKS[number], 100, 0) for number in (0, 3))
    assert all(math.isclose(gap, same, rel_tol=1e-6) for (_, gap), (_, same) in zip(one, other, strict=True))


def test_a_seed_has_all_rows_and_clouds_of_its_own() -> None:
    """Assert that rows of all panels are there, one for each point, and that two seeds share no number."""
    one, other = (
        {(row.panel, row.curve, row.x): row.value for row in measured(problem(clouds=2), seed)} for seed in (0, 1)
    )
    networks = len(NETWORKS) * 2 * 4
    assert one.keys() == other.keys() and len(one) == len(KERNELS) * 2 + len(ALPHAS) + 3 * 10 + networks
    assert not set(one.values()) & set(other.values())
