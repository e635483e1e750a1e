"""The total variance of the limiting kernel: theory, clouds, table and figure."""

import io
from dataclasses import replace
from pathlib import Path

import matplotlib.image
import pytest
from rich.console import Console

from runs.studies.asymmetric_scaling.config import SETTINGS, Setting
from runs.studies.asymmetric_scaling.departure import Departure, departure, draw, main, table
from tests.tolerances import Z

#: Published with the paper's figure, rounded there.
PUBLISHED = {"gamma1.0": 0.0, "gamma0.5": 0.0356, "gamma0.2": 0.2560, "gamma0.0": 0.5762}


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_clouds_have_the_exact_variance(setting: Setting) -> None:
    """Assert that clouds agree with sum_j lambda_j^2 within five standard errors, and the limit is the published one.

    At 300 particles the exact value is above the limit by what 1/m and the cut of the Zipf law add.
    """
    found = departure(setting, clouds=60, count=300)
    assert abs(found.score) < Z
    assert found.error < 0.3 * found.exact
    assert abs(found.limit - PUBLISHED[setting.name]) < 6e-5
    assert found.limit < found.exact < found.limit + 0.02


def test_wrong_masses_would_be_seen() -> None:
    """Assert that the variance of other masses is outside of what the clouds allow."""
    found = departure(SETTINGS[3], clouds=60, count=300)
    assert abs(replace(found, exact=departure(SETTINGS[2], clouds=2, count=300).exact).score) > 2.0 * Z


def test_the_table_has_every_setting_and_the_figure_is_drawn(tmp_path: Path) -> None:
    """Assert that measured, exact and limit stand in the table, and that the figure has more than background."""
    found = [Departure(setting, 0.25, 0.01, 0.26, 0.24) for setting in SETTINGS]
    console = Console(file=io.StringIO(), width=100)
    console.print(table(found))
    said = console.file.getvalue()
    assert all(setting.label in said for setting in SETTINGS) and "0.25 ± 0.01" in said and "-1.0" in said
    draw(found, tmp_path / "departure.png")
    assert len({tuple(pixel) for row in matplotlib.image.imread(tmp_path / "departure.png") for pixel in row}) > 3


def test_main_measures_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Assert that the four settings are measured, printed and drawn."""
    assert [each.setting for each in main(tmp_path, clouds=2)] == list(SETTINGS)
    assert "infinitely many" in capsys.readouterr().out
    assert (tmp_path / "departure.png").stat().st_size > 1000
