"""The total variance of the limiting kernel: theory, clouds, and the figure."""

from pathlib import Path

import pytest

from runs.studies.asymmetric_scaling.config import SETTINGS, Config, Setting
from runs.studies.asymmetric_scaling.experiments.variance import ALPHAS, Variance
from runs.studies.asymmetric_scaling.study import STUDY
from runs.study.experiment import Case
from runs.study.table import Row, Table
from tests.tolerances import Z

#: Published with the paper's figure, rounded there.
PUBLISHED = {"gamma1.0": 0.0, "gamma0.5": 0.0356, "gamma0.2": 0.2560, "gamma0.0": 0.5762}


def small(clouds: int) -> Config:
    """Clouds of three hundred particles."""
    config = STUDY.configured(scale="smoke", device="cpu", out=Path("nowhere"), clouds=clouds, count=300)
    assert isinstance(config, Config)
    return config


def found(setting: Setting, clouds: int) -> tuple[Row, float, float]:
    """What is measured of a setting, the exact value, and the limit."""
    config = small(clouds)
    case = Case(setting.name, 0, clouds, setting)
    (row,) = Variance().measured(config, case, config.out, lambda step: None)
    table = Table(tuple(Variance().predicted(config)))
    exact, limit = (table.at("variance", name, setting.name, predicted=True) for name in ("variance", "limit"))
    near = abs(limit.x - (setting.alpha or 0.0)).argmin()
    return row, float(exact.last[0]), float(limit.values[near, 0])


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_clouds_have_the_exact_variance(setting: Setting) -> None:
    """Assert that clouds agree with sum_j lambda_j^2 within five standard errors, and the limit is the published one.

    At 300 particles the exact value is above the limit by what 1/m and the cut of the Zipf law add.
    """
    row, exact, limit = found(setting, 60)
    assert abs((row.value - exact) / row.error) < Z
    assert row.error < 0.3 * exact and row.x == (setting.alpha or 0.0)
    assert abs(limit - PUBLISHED[setting.name]) < 0.01
    assert limit - 0.005 < exact < limit + 0.02


def test_wrong_masses_would_be_seen() -> None:
    """Assert that the variance of other masses is outside of what the clouds allow."""
    row, _, _ = found(SETTINGS[3], 60)
    assert abs((row.value - found(SETTINGS[2], 2)[1]) / row.error) > 2.0 * Z


def test_claims_are_proven_and_panels_have_curves_and_clouds() -> None:
    """Assert that each setting's exact value is claimed as proven, and a wrong one violated, and what is drawn."""
    config = small(20)
    exact = tuple(Variance().predicted(config))
    measured = tuple(
        Row("variance", "variance", row.curve, 0, row.x, row.value * 1.01, 0.01 * row.value)
        for row in exact
        if row.quantity == "variance"
    )
    claims = [*Variance().claims(config, Table((*exact, *measured)))]
    assert [claim.verdict for claim in claims] == ["holds"] * 4 and all(claim.proven for claim in claims)
    wrong = tuple(
        Row(*(getattr(row, name) for name in ("experiment", "quantity", "curve", "seed", "x")), 9.0, 0.01)
        for row in measured
    )
    assert [claim.verdict for claim in Variance().claims(config, Table((*exact, *wrong)))] == ["violated"] * 4
    (panel,) = Variance().panels(config, Table((*exact, *measured)))
    assert [line.kind for line in panel.lines] == ["line", "points"] * 3
    assert len(panel.lines[0].x) == len(ALPHAS) and panel.lines[1].errors is not None
    assert [case.name for case in Variance().cases(config)] == [setting.name for setting in SETTINGS]
    assert Variance().about(config) == "simulated, m = 300, 20 clouds"
