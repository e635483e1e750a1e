"""The study of mean-field laws end to end."""

from pathlib import Path

from limits.theorems import Verdict
from runs.studies import mean_field_laws
from runs.studies.mean_field_laws.study import STUDY
from runs.study.claims import read_claims
from tests.runs.study.smoke import WRITTEN, Smoke, committed


def test_smoke_study_writes_everything(laws: Smoke) -> None:
    """Assert that the command ends well with table, claims and figure, without a data set."""
    assert laws.code == 0
    names = {path.name for path in laws.folder.iterdir()} - {".lock"}
    assert names == {*WRITTEN, "laws.png", "grids.png"}
    assert len((laws.folder / "laws.png").read_bytes()) > 20_000 and "on the way" in laws.said


def test_committed_table_is_that_of_the_readme() -> None:
    """Assert that it has both experiments, with the claims of its numbers, one of which is undecided."""
    table = committed(mean_field_laws, STUDY)
    assert {row.experiment for row in table} == {experiment.name for experiment in STUDY.experiments}
    claims = read_claims(Path(str(mean_field_laws.__file__)).with_name("claims.csv"))
    verdicts = [claim.result.verdict for claim in claims]
    assert (len(verdicts), verdicts.count(Verdict.HOLDS), verdicts.count(Verdict.UNDECIDED)) == (5, 4, 1)
