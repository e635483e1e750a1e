"""The study end to end: what it writes, and what a second call does."""

import csv
import math
from pathlib import Path

import pytest

from runs.studies import propagation_of_chaos
from runs.studies.propagation_of_chaos.config import FLOWS, configured
from runs.studies.propagation_of_chaos.experiment import Part
from runs.studies.propagation_of_chaos.study import main
from tests.runs.conftest import Smoke, spoken

#: What stands beside the code, from the laptop scale.
COMMITTED = Path(str(propagation_of_chaos.__file__)).parent


def slopes(folder: Path) -> dict[tuple[str, float, str], dict[str, float]]:
    """The table by flow, time and quantity."""
    with (folder / "result.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        (row["flow"], float(row["time"]), row["quantity"]): {key: float(row[key]) for key in ("slope", "low", "high")}
        for row in rows
    }


def test_smoke_study_writes_everything(chaos: Smoke) -> None:
    """Assert that the command ends well with six files of samples, two tables, a figure and its configuration."""
    assert chaos.code == 0
    parts = {f"{flow}-{kind}.csv" for flow in FLOWS for kind in ("observables", "distances")}
    names = {path.name for path in chaos.folder.iterdir()} - {".lock"}
    assert names == {*parts, "result.csv", "values.csv", "chaos.png", "config.json"}
    assert (chaos.folder / "chaos.png").read_bytes().startswith(b"\x89PNG")
    assert len(slopes(chaos.folder)) == 3 * 2 * 5
    assert "floor of W2" in chaos.said and f"{chaos.folder / 'chaos.png'}\n" in chaos.said


def test_second_call_redoes_nothing(chaos: Smoke) -> None:
    """Assert that the same command again shows the same table and touches no file but the configuration."""
    before = {path.name: path.stat().st_mtime_ns for path in chaos.folder.glob("*.[cp][sn][vg]")}
    code, said, progress = spoken("run", "propagation-of-chaos", "--scale", "smoke", "--out", str(chaos.folder))
    assert code == 0 and said == chaos.said
    assert "Already complete and not redone: gradient-distances, langevin-distances, ntk-distances" in progress
    assert {path.name: path.stat().st_mtime_ns for path in chaos.folder.glob("*.[cp][sn][vg]")} == before


@pytest.mark.validation
def test_part_that_failed_leaves_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a flow that diverges is named, and that table and figure hold the others."""
    from particles import FlowDiverged
    from runs.studies.propagation_of_chaos import study

    def failing(part: Part, report: object) -> None:
        if part.flow == "langevin":
            raise FlowDiverged(step=3, time=0.3, particles=1, count=8)
        propagation_of_chaos.experiment.perform(part, report)

    monkeypatch.setattr(study, "perform", failing)
    table = main(configured(data="diabetes", scale="smoke", device="cpu", seeds=2, out=tmp_path / "out"))
    assert [failure.split(":")[0] for failure in table.failures] == ["langevin-distances", "langevin-observables"]
    assert {row.flow for row in table.rows} == {"gradient", "ntk"}
    assert (tmp_path / "out" / "chaos.png").exists()


@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("quantity", ["second_moment", "kernel"])
def test_committed_slopes_hold_one_half(flow: str, quantity: str) -> None:
    """Assert that the published table has -1/2 within its interval widened by half, and an interval below 0.25."""
    found = [row for (name, _, what), row in slopes(COMMITTED).items() if (name, what) == (flow, quantity)]
    assert len(found) == 2
    for row in found:
        assert abs(row["slope"] + 0.5) < 0.75 * (row["high"] - row["low"]) < 0.19


def test_committed_predictions_tell_the_scalings_apart() -> None:
    """Assert that predictions fluctuate as m^(-1/2) in the mean field, and in NTK scaling do not fall."""
    found = slopes(COMMITTED)
    for time in (1.0, 5.0):
        assert abs(found["gradient", time, "prediction"]["slope"] + 0.5) < 0.15
        assert abs(found["ntk", time, "prediction"]["slope"]) < 0.15


def test_committed_excess_is_small() -> None:
    """Assert that published W_2^2 are within five errors of the floor, or above it."""
    with (COMMITTED / "values.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["quantity"] == "square"]
    scores = [float(row["excess"]) / float(row["excess_error"]) for row in rows if not math.isnan(float(row["excess"]))]
    assert len(scores) == 30 and min(scores) > -5.0
