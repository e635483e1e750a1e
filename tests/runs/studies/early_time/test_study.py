"""The study end to end: what it writes, what a second call does, and what is committed."""

from pathlib import Path

from limits.theorems import Verdict
from runs.studies import early_time
from runs.studies.early_time.study import STUDY
from runs.study.claims import read_claims
from runs.study.table import Table
from tests.runs.study.smoke import WRITTEN, Smoke, committed, spoken

FIGURES = {
    f"{name}.png" for name in ["losses", "dimensions", "norms", "images", "kernels", "filters", "inputs", "paths"]
}


def test_smoke_study_writes_everything(early_smoke: Smoke, early_table: Table) -> None:
    """Assert that the command ends well with table, claims, figures and rows of every experiment."""
    assert early_smoke.code == 0 and "The norm-dependent feature" in early_smoke.said
    names = {path.name for path in early_smoke.folder.iterdir()} - {".lock"}
    assert names == {*WRITTEN, *FIGURES}
    assert {row.experiment for row in early_table} == {experiment.name for experiment in STUDY.experiments}


def test_second_call_says_the_same(early_smoke: Smoke) -> None:
    """Assert that the same command again measures nothing and shows the same."""
    code, said, progress = spoken("run", "early-time", "--scale", "smoke", "--out", str(early_smoke.folder))
    assert code == 0 and said == early_smoke.said and "Already complete and not redone: all of them." in progress


def test_proven_statements_hold_at_every_scale(early_folder: Path) -> None:
    """Assert that theorem C.2, claims C.1 and 3.1 are claimed as theorems and not violated, however small the sizes."""
    proven = [claim.result for claim in read_claims(early_folder / "claims.csv") if claim.result.proven]
    assert len(proven) == 9 and {result.verdict for result in proven} <= {Verdict.HOLDS, Verdict.VACUOUS}


def test_committed_table_is_that_of_the_laptop_scale() -> None:
    """Assert that it has every experiment, and that the claims beside it are those of its numbers."""
    table = committed(early_time, STUDY)
    assert {row.experiment for row in table} == {experiment.name for experiment in STUDY.experiments}
    assert {path.name for path in Path(str(early_time.__file__)).parent.glob("*.png")} == FIGURES
