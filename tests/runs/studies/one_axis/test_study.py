"""The study end to end: what it writes, what a second call does, and what is committed."""

import pickle
from pathlib import Path

from limits.theorems import Verdict
from runs.studies import one_axis
from runs.studies.one_axis.config import Config
from runs.studies.one_axis.experiments.repopulation import PICTURES
from runs.studies.one_axis.study import STUDY
from runs.study.claims import read_claims
from runs.study.table import Table
from tests.runs.studies.one_axis.small import small
from tests.runs.study.smoke import WRITTEN, Smoke, committed, spoken


def figures(config: Config, table: Table) -> set[str]:
    """The files that the experiments say they draw, and the pictures of features, which a case draws."""
    panels = {panel.file for experiment in STUDY.experiments for panel in experiment.panels(config, table)}
    return {*panels, PICTURES}


def test_smoke_study_writes_everything(axis_smoke: Smoke, axis_table: Table) -> None:
    """Assert that the command ends well with table, claims, figures and rows of every experiment."""
    assert axis_smoke.code == 0 and "Movement against alpha" in axis_smoke.said
    names = {path.name for path in axis_smoke.folder.iterdir() if path.suffix != ".gif"} - {".lock"}
    assert names == {*WRITTEN, *figures(small(), axis_table)}
    assert {row.experiment for row in axis_table} == {experiment.name for experiment in STUDY.experiments}


def test_cases_go_to_workers() -> None:
    """Assert that every case of every experiment is the same after it was sent to another process."""
    for experiment in STUDY.experiments:
        cases = list(experiment.cases(small()))
        assert cases and repr(pickle.loads(pickle.dumps(cases))) == repr(cases)


def test_second_call_says_the_same(axis_smoke: Smoke) -> None:
    """Assert that the same command again measures nothing and shows the same."""
    code, said, progress = spoken("run", "one-axis", "--scale", "smoke", "--out", str(axis_smoke.folder))
    assert code == 0 and said == axis_smoke.said and "Already complete and not redone: all of them." in progress


def test_proven_statements_hold_at_every_scale(axis_folder: Path) -> None:
    """Assert that the theorems are claimed as such and none is violated, however small the sizes."""
    proven = [claim.result for claim in read_claims(axis_folder / "claims.csv") if claim.result.proven]
    assert proven and {result.verdict for result in proven} <= {Verdict.HOLDS, Verdict.VACUOUS}


def test_committed_table_is_that_of_the_laptop_scale() -> None:
    """Assert that it has every experiment, and that the claims beside it are those of its numbers."""
    table = committed(one_axis, STUDY)
    assert {row.experiment for row in table} == {experiment.name for experiment in STUDY.experiments}
    folder = Path(str(one_axis.__file__)).parent
    assert {path.name for path in folder.glob("*.png")} == figures(
        STUDY.configured(scale="laptop", device="cpu"), table
    )
