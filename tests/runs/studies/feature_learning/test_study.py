"""The study of feature learning end to end."""

from runs.studies import feature_learning
from runs.studies.feature_learning.study import STUDY
from tests.runs.studies.feature_learning.small import Smoked
from tests.runs.study.smoke import WRITTEN, committed, spoken

FIGURES = {"random_labels.png", "quadratic.png", "scalings.png", "sweeps.png", "depth.png"}


def test_smoke_study_writes_everything(smoked: Smoked) -> None:
    """Assert that the command ends well with table, claims and figures, without a data set, and no violated theorem."""
    out, said = smoked.smoke.folder, smoked.smoke.said
    assert smoked.smoke.code == 0 and "Random labels" in said and "Three scalings" in said
    names = {path.name for path in out.iterdir()} - {".lock"}
    assert names == {*WRITTEN, *FIGURES}
    assert all((out / name).stat().st_size > 20_000 for name in FIGURES)
    code, said, _ = spoken("claims", str(out))
    assert code == 0 and "vacuous" in said


def test_committed_table_is_that_of_the_readme() -> None:
    """Assert that it has every experiment, with the claims of its numbers."""
    table = committed(feature_learning, STUDY)
    assert {row.experiment for row in table} == {experiment.name for experiment in STUDY.experiments}
