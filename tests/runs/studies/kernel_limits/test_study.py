"""The study end to end: what it writes, and what a second call does."""

import json

import pytest

from runs.studies import kernel_limits
from runs.studies.kernel_limits.config import KERNELS, NETWORKS
from runs.studies.kernel_limits.experiments.constants import ALPHAS
from runs.studies.kernel_limits.study import STUDY
from runs.study.running import run_study
from runs.study.table import Table
from runs.system.refusal import Refusal
from tests.runs.study.smoke import WRITTEN, Smoke, committed, spoken


def test_smoke_study_writes_everything(limits_smoke: Smoke) -> None:
    """Assert that the command ends well with a table, claims, a figure and its configuration, and says where."""
    assert limits_smoke.code == 0
    names = {path.name for path in limits_smoke.folder.iterdir()} - {".lock"}
    assert names == {*WRITTEN, "limits.png"}
    assert (limits_smoke.folder / "limits.png").read_bytes().startswith(b"\x89PNG")
    config = json.loads((limits_smoke.folder / "config.json").read_text())
    assert config["study"] == "kernel-limits" and config["widths"] == [16, 64] and len(config["data_checksum"]) == 64
    assert f"{limits_smoke.folder / 'limits.png'}\n" in limits_smoke.said and "diabetes, n = 10" in limits_smoke.said


def test_a_seed_has_all_rows_and_clouds_of_its_own(limits_smoke: Smoke) -> None:
    """Assert that rows of all experiments are there, one for each point, and that two seeds share no number."""
    table = Table.read(limits_smoke.folder / "result.csv")
    one, other = (
        {(row.experiment, row.quantity, row.curve, row.x): row.value for row in table if row.seed == seed}
        for seed in (0, 1)
    )
    networks = len(NETWORKS) * 2 * 4
    assert one.keys() == other.keys() and len(one) == len(KERNELS) * 2 + len(ALPHAS) + 3 * 10 + networks
    assert not set(one.values()) & set(other.values())


def test_second_call_says_the_same(limits_smoke: Smoke) -> None:
    """Assert that the same command again measures nothing and shows the same."""
    code, said, progress = spoken("run", "kernel-limits", "--scale", "smoke", "--out", str(limits_smoke.folder))
    assert code == 0 and said == limits_smoke.said and "Already complete and not redone: all of them." in progress


def test_another_configuration_is_refused(limits_smoke: Smoke) -> None:
    """Assert that a folder is kept for its own widths."""
    config = STUDY.configured(scale="smoke", out=limits_smoke.folder, widths=(16, 32))
    with pytest.raises(
        Refusal, match=r"holds runs of another configuration \(widths: there \[16, 64\], here \[16, 32\]\)"
    ):
        run_study(STUDY, config)


def test_committed_table_is_that_of_the_laptop_scale() -> None:
    """Assert that it has every experiment with five seeds, and that the claims beside it are those of its numbers."""
    table = committed(kernel_limits, STUDY)
    assert {row.experiment for row in table} == {experiment.name for experiment in STUDY.experiments}
    assert {row.seed for row in table} == {None, *range(5)}
