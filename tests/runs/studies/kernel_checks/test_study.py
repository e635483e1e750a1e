"""The study of kernel checks end to end."""

from pathlib import Path

from tests.runs.conftest import spoken


def test_smoke_study_writes_everything(tmp_path: Path) -> None:
    """Assert that the command ends well with table, claims and figures, without a data set."""
    code, said, _ = spoken("run", "kernel-checks", "--scale", "smoke", "--out", str(tmp_path / "out"))
    assert code == 0 and "NTK(x" in said
    names = {path.name for path in (tmp_path / "out").iterdir()} - {".lock"}
    figures = {"entries.png", "variances.png", "flows.png", "early.png"}
    assert names == {"cases", "result.csv", "claims.csv", "config.json", *figures}
    assert all((tmp_path / "out" / name).stat().st_size > 20_000 for name in figures)
