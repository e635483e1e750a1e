"""The study of mean-field laws end to end."""

from tests.runs.conftest import Smoke


def test_smoke_study_writes_everything(laws: Smoke) -> None:
    """Assert that the command ends well with table, claims and figure, without a data set."""
    assert laws.code == 0
    names = {path.name for path in laws.folder.iterdir()} - {".lock"}
    assert names == {"cases", "result.csv", "claims.csv", "laws.png", "grids.png", "config.json"}
    assert len((laws.folder / "laws.png").read_bytes()) > 20_000 and "on the way" in laws.said
