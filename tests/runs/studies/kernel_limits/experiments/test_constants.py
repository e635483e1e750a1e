"""The constant of the random kernel against sums of squared masses."""

from limits import zipf_departure
from particles import masses
from runs.studies.kernel_limits.experiments.constants import ALPHAS, WIDTH, Constants
from tests.runs.studies.kernel_limits.problems import of_all_seeds, small, values
from tests.tolerances import Z, z_score


def test_constants_are_sums_of_squared_masses() -> None:
    """Assert that sampled constants are sum_j lambda_j^2 of a thousand Zipf masses, |z| < 5, from one to zero."""
    found = of_all_seeds(Constants(), clouds=8)
    for alpha in ALPHAS:
        draws = values(found, "finite", alpha)
        assert abs(z_score(draws, float(masses.zipf(WIDTH, alpha).square().sum()))) < Z
    assert float(values(found, "finite", 0.9).mean()) < 0.1
    assert float(values(found, "finite", 0.1).mean()) > 0.7
    assert len([*Constants().claims(small(), found)]) == len(ALPHAS)
    (panel,) = Constants().panels(small(), found)
    assert len(panel.lines) == 3 and not panel.log_x and panel.lines[0].values.shape == (9, 8)


def test_predicted_constants_are_at_finite_width_and_in_the_limit() -> None:
    """Assert that both curves are there and meet where a thousand masses are as good as infinitely many."""
    rows = [*Constants().predicted(small())]
    limit = {row.x: row.value for row in rows if row.curve == "limit"}
    finite = {row.x: row.value for row in rows if row.curve == "finite"}
    assert limit == {alpha: zipf_departure(0.0, alpha) for alpha in limit}
    assert all(abs(finite[alpha] - value) < 1e-3 for alpha, value in limit.items() if alpha < 0.4)
    assert all(finite[alpha] > 1.1 * value for alpha, value in limit.items() if alpha > 0.8)
