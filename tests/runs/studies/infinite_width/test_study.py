"""The study of infinite width end to end."""

from runs.studies import infinite_width
from runs.studies.infinite_width.study import STUDY
from tests.runs.study.smoke import WRITTEN, Smoke, committed


def test_smoke_study_writes_everything(wide: Smoke) -> None:
    """Assert that the command ends well with table, claims and figures, without a data set."""
    assert wide.code == 0, wide.said + wide.progress
    names = {path.name for path in wide.folder.iterdir()} - {".lock"}
    figures = {"checks.png", "coverage.png", "costs.png", "answers.png"}
    assert names >= {*WRITTEN, *figures}
    assert all(len((wide.folder / figure).read_bytes()) > 10_000 for figure in figures)
    assert "Noisy SGD at rest" in wide.said


def test_committed_table_has_all_experiments() -> None:
    """Assert that every experiment is in the table beside the code, with the claims of its numbers."""
    table = committed(infinite_width, STUDY)
    assert {row.experiment for row in table} == {experiment.name for experiment in STUDY.experiments}
