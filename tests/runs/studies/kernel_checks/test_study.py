"""The study of kernel checks end to end."""

from pathlib import Path

from limits.theorems import Verdict
from runs.studies import kernel_checks
from runs.studies.kernel_checks.study import STUDY
from runs.study.claims import read_claims
from tests.runs.study.smoke import WRITTEN, committed, spoken


def test_smoke_study_writes_everything(tmp_path: Path) -> None:
    """Assert that the command ends well with table, claims and figures, without a data set."""
    code, said, _ = spoken("run", "kernel-checks", "--scale", "smoke", "--out", str(tmp_path / "out"))
    assert code == 0 and "NTK(x" in said
    names = {path.name for path in (tmp_path / "out").iterdir()} - {".lock"}
    figures = {"entries.png", "variances.png", "flows.png"}
    assert names == {*WRITTEN, *figures}
    assert all((tmp_path / "out" / name).stat().st_size > 20_000 for name in figures)


def test_committed_table_is_that_of_the_readme() -> None:
    """Assert that it has every experiment, with the claims of its numbers, all of which hold."""
    table = committed(kernel_checks, STUDY)
    assert {row.experiment for row in table} == {experiment.name for experiment in STUDY.experiments}
    verdicts = [
        claim.result.verdict for claim in read_claims(Path(str(kernel_checks.__file__)).with_name("claims.csv"))
    ]
    assert (len(verdicts), verdicts.count(Verdict.HOLDS)) == (38, 38)
