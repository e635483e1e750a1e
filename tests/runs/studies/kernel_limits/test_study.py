"""The study end to end: what it writes, and what a second call does."""

import io
import json
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from runs.studies.kernel_limits import study
from runs.studies.kernel_limits.config import Config, configured
from runs.studies.kernel_limits.measure import Problem
from runs.studies.kernel_limits.results import read_rows
from runs.studies.kernel_limits.study import main
from runs.system.refusal import Refusal
from tests.runs.conftest import Smoke


def copied(smoke: Smoke, out: Path, **changes: object) -> Config:
    """The smoke study in a folder that may be changed."""
    shutil.copytree(smoke.folder, out)
    good = configured(data="diabetes", scale="smoke", device="cpu", out=out).model_dump()
    return Config.validated(**{**good, **changes})


def quiet() -> Console:
    """A console that keeps what it is told."""
    return Console(file=io.StringIO(), width=200)


def test_smoke_study_writes_everything(limits_smoke: Smoke) -> None:
    """Assert that the command ends well with a table, a figure and its configuration, and says where they are."""
    assert limits_smoke.code == 0
    assert {path.name for path in limits_smoke.folder.iterdir()} - {".lock"} == {
        "result.csv",
        "limits.png",
        "config.json",
    }
    assert (limits_smoke.folder / "limits.png").read_bytes().startswith(b"\x89PNG")
    config = json.loads((limits_smoke.folder / "config.json").read_text())
    assert config["study"] == "kernel-limits" and config["widths"] == [16, 64] and len(config["data_checksum"]) == 64
    assert f"{limits_smoke.folder / 'limits.png'}\n" in limits_smoke.said and "diabetes, n = 10" in limits_smoke.said


def test_complete_seeds_are_not_measured_again(
    limits_smoke: Smoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Assert that a second call reads the table, and that one for fewer seeds shows only those."""

    def refuse(config: Config) -> Problem:
        raise AssertionError("measured again")

    monkeypatch.setattr(study.Problem, "of", refuse)
    config = copied(limits_smoke, tmp_path / "again")
    before = (config.out / "result.csv").read_bytes()
    assert {row.seed for row in main(config, quiet()).rows} == {None, 0, 1}
    assert (config.out / "result.csv").read_bytes() == before
    assert {row.seed for row in main(config.model_copy(update={"seeds": 1}), quiet()).rows} == {None, 0}


def test_interrupted_study_ends_with_the_same_table(limits_smoke: Smoke, tmp_path: Path) -> None:
    """Assert that a table without its second seed is completed to the bytes of an uninterrupted one."""
    config = copied(limits_smoke, tmp_path / "again")
    whole = (config.out / "result.csv").read_bytes()
    lines = whole.decode().splitlines(keepends=True)
    (config.out / "result.csv").write_text("".join(line for line in lines if line.split(",")[2] != "1"))
    assert len(read_rows(config.out / "result.csv")) < len(lines) - 1
    main(config, quiet())
    assert (config.out / "result.csv").read_bytes() == whole


def test_another_configuration_is_refused(limits_smoke: Smoke, tmp_path: Path) -> None:
    """Assert that a folder is kept for its own widths."""
    config = copied(limits_smoke, tmp_path / "again", widths=(16, 32))
    with pytest.raises(
        Refusal, match=r"holds runs of another configuration \(widths: there \[16, 64\], here \[16, 32\]\)"
    ):
        main(config, quiet())
