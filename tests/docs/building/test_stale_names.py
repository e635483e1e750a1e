"""Pages of names that are gone."""

from pathlib import Path

from docs.building.stale_names import listed, stale


def test_a_page_whose_name_is_gone_is_stale(tmp_path: Path) -> None:
    """Assert that names are read in order, and that a generated page is stale where none of them is its own."""
    (tmp_path / "names").mkdir()
    (tmp_path / "a.rst").write_text(
        "A\n=\n\n.. autosummary::\n   :toctree: names\n\n   ~flows.Trace\n   ~flows.evolve\n"
    )
    for name in ("flows.Trace", "flows.evolve", "flows.Gone"):
        (tmp_path / f"names/{name}.rst").touch()
    assert listed(tmp_path) == ["flows.Trace", "flows.evolve"]
    assert stale(tmp_path) == [tmp_path / "names/flows.Gone.rst"]
