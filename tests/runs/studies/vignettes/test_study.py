"""The study end to end: what it writes, and what a second call does."""

from pathlib import Path

from limits.theorems import Verdict
from runs.studies import vignettes
from runs.studies.vignettes.study import STUDY
from runs.study.claims import read_claims
from runs.study.table import Table
from tests.runs.studies.vignettes.small import small
from tests.runs.study.smoke import WRITTEN, Smoke, committed, spoken


def test_smoke_study_writes_everything(vignettes_smoke: Smoke, vignettes_table: Table) -> None:
    """Assert that the command ends well with table, claims, figures and rows of every experiment."""
    assert vignettes_smoke.code == 0
    names = {path.name for path in vignettes_smoke.folder.iterdir()} - {".lock"}
    figures = {panel.file for one in STUDY.experiments for panel in one.panels(small(), vignettes_table)}
    assert names == {*WRITTEN, *figures}
    assert {row.experiment for row in vignettes_table} == {experiment.name for experiment in STUDY.experiments}


def test_second_call_says_the_same(vignettes_smoke: Smoke) -> None:
    """Assert that the same command again measures nothing and shows the same."""
    code, said, progress = spoken("run", "vignettes", "--scale", "smoke", "--out", str(vignettes_smoke.folder))
    assert code == 0 and said == vignettes_smoke.said and "Already complete and not redone: all of them." in progress


def test_proven_statements_hold_at_every_scale(vignettes_folder: Path) -> None:
    """Assert that what is claimed as a theorem is not violated, however small the sizes."""
    proven = [claim.result for claim in read_claims(vignettes_folder / "claims.csv") if claim.result.proven]
    assert proven and {result.verdict for result in proven} <= {Verdict.HOLDS, Verdict.VACUOUS}


def test_committed_table_is_that_of_the_laptop_scale() -> None:
    """Assert that it has every experiment, that the claims beside it are those of its numbers, and every figure."""
    table = committed(vignettes, STUDY)
    assert {row.experiment for row in table} == {experiment.name for experiment in STUDY.experiments}
    config = STUDY.config.at_scale(out=Path("results"))
    figures = {panel.file for one in STUDY.experiments for panel in one.panels(config, table)}
    assert {path.name for path in Path(str(vignettes.__file__)).parent.glob("*.png")} == figures
