"""Distances of finite kernels against the closed form."""

from runs.studies.kernel_limits.config import KERNELS
from runs.studies.kernel_limits.experiments.kernels import Kernels
from runs.study.table import Row, Table
from tests.runs.studies.kernel_limits.problems import of_all_seeds, small, values
from tests.tolerances import Z, z_score


def test_kernels_are_as_far_as_predicted() -> None:
    """Assert that mean squared distances are the exact ones, |z| < 5 and within a third, for all masses and widths."""
    found = of_all_seeds(Kernels(), clouds=15)
    expected = [row for row in found if row.seed is None]
    assert len(expected) == len(KERNELS) * 2
    for row in expected:
        draws = values(found, row.curve, row.x).square()
        assert abs(z_score(draws, row.value**2)) < Z
        assert abs(float(draws.mean()) / row.value**2 - 1.0) < 0.33


def planted(power: float) -> Table:
    """Distances that fall with this power of the width, for two seeds that differ by a part in fifty."""
    rows = [Row("kernel", "distance", one.name, None, width, width**power) for one in KERNELS for width in (8.0, 32.0)]
    for seed in range(3):
        for one in KERNELS:
            values = ((1.0 + 0.02 * (seed - 1)) * width**power for width in (8.0, 32.0))
            pairs = zip((8.0, 32.0), values, strict=True)
            rows += [Row("kernel", "distance", one.name, seed, width, value) for width, value in pairs]
    return Table(tuple(rows))


def test_claims_see_the_power_and_the_closed_form() -> None:
    """Assert that m^(-1/2) holds where it is so, and is violated where distances fall as m^(-1/4)."""
    *exact, slope = Kernels().claims(small(), planted(-0.5))
    assert [claim.verdict for claim in (*exact, slope)] == ["holds"] * 5 and not slope.proven
    assert [*Kernels().claims(small(), planted(-0.25))][-1].verdict == "violated"


def test_panel_has_measured_beside_predicted() -> None:
    """Assert that each setting has its dots with all seeds in its colour, and its dashed line without a label."""
    (panel,) = Kernels().panels(small(), planted(-0.5))
    assert [line.label for line in panel.lines[::2]] == [setting.label for setting in KERNELS]
    assert [line.kind for line in panel.lines] == ["dots", "dashed"] * 4
    assert panel.lines[0].values.shape == (2, 3) and panel.lines[1].values.shape == (2, 1)
