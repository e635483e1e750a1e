"""The study end to end: what it writes, and what a second call does."""

from pathlib import Path

import pytest

from particles import FlowDiverged
from runs.studies import propagation_of_chaos
from runs.studies.propagation_of_chaos.clouds import Clouds
from runs.studies.propagation_of_chaos.config import FLOWS, Config, moment
from runs.studies.propagation_of_chaos.slopes import slope_at
from runs.studies.propagation_of_chaos.study import STUDY
from runs.study.running import run_study
from tests.runs.study.smoke import WRITTEN, Smoke, committed, spoken


def test_smoke_study_writes_everything(chaos: Smoke) -> None:
    """Assert that the command ends well with six cases, a table, claims, a figure and its configuration."""
    assert chaos.code == 0
    names = {path.name for path in chaos.folder.iterdir()} - {".lock"}
    assert names == {*WRITTEN, "chaos.png"}
    assert (chaos.folder / "chaos.png").read_bytes().startswith(b"\x89PNG")
    assert len(list((chaos.folder / "cases").iterdir())) == 6
    assert "floor of W2" in chaos.said and f"{chaos.folder / 'chaos.png'}\n" in chaos.said


def test_second_call_redoes_nothing(chaos: Smoke) -> None:
    """Assert that the same command again shows the same table and touches no file but the configuration."""
    before = {path.name: path.stat().st_mtime_ns for path in chaos.folder.rglob("*.[cp][sn][vg]")}
    code, said, progress = spoken("run", "propagation-of-chaos", "--scale", "smoke", "--out", str(chaos.folder))
    assert code == 0 and said == chaos.said
    assert "Already complete and not redone: all of them." in progress
    assert {path.name: path.stat().st_mtime_ns for path in chaos.folder.rglob("*.[cp][sn][vg]")} == before


@pytest.mark.validation
def test_flow_that_failed_leaves_the_others(config: Config, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Assert that a flow that diverges is named, and that table and figure hold the others."""
    whole = Clouds.at_times

    def failing(self: Clouds, count: int, seed: int) -> object:
        if self.name == "langevin":
            raise FlowDiverged(step=3, time=0.3, particles=1, count=8)
        return whole(self, count, seed)

    monkeypatch.setattr(Clouds, "at_times", failing)
    other = config.model_copy(update={"out": tmp_path, "seeds": 2})
    table = run_study(STUDY, other)
    failed = ["fluctuations-langevin-2clouds", "distances-langevin"]
    assert [failure.split(":")[0] for failure in table.failures] == failed
    assert {row.curve.split(",")[0] for row in table} == {"gradient", "ntk"}
    assert (other.out / "chaos.png").exists()


def test_committed_slopes_are_those_of_the_readme() -> None:
    """Assert that -1/2 is within intervals widened by half, predictions tell the scalings apart, excess is small."""
    table = committed(propagation_of_chaos, STUDY)
    for flow in FLOWS:
        for time in (1.0, 5.0):
            for quantity in ("second_moment", "kernel"):
                found = slope_at(table, "fluctuations", quantity, flow, time)
                assert abs(found.value + 0.5) < 0.75 * (found.high - found.low) < 0.19
            excess = table.at("distances", "excess", moment(flow, time))
            assert excess.values.shape == (5, 1) and (excess.values / excess.errors).min() > -5.0
    for time in (1.0, 5.0):
        assert abs(slope_at(table, "fluctuations", "prediction", "gradient", time).value + 0.5) < 0.15
        assert abs(slope_at(table, "fluctuations", "prediction", "ntk", time).value) < 0.15
