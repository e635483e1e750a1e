"""Scripts of the gallery: quick ones are executed here, all of them whenever the pages are built."""

import ast
import re
import runpy
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import pytest

from docs.building.gallery_figures import look
from tests.house.source import ROOT

GALLERY = ROOT / "docs/gallery"
SCRIPTS = sorted(GALLERY.glob("*/*.py"))
#: Those that take about a second, by what they print: a pattern whose groups are the numbers that are the point.
QUICK = {
    "first_steps/05_own_neuron.py": r"risk ([\d.]+) -> ([\d.]+); (\d+)% of all",
    "papers/05_one_axis.py": r"alpha\^\((-[\d.]+)\); at most (\d+)%",
    "files/02_without_us.py": r"\((\d+), (\d+), 3\)",
}


def name_of(path: Path) -> str:
    """A script by its path in the gallery."""
    return path.relative_to(GALLERY).as_posix()


def test_gallery_has_its_parts() -> None:
    """Assert that there are at least twelve scripts, in the four parts, each part introduced."""
    assert len(SCRIPTS) >= 12
    assert {path.parent.name for path in SCRIPTS} == {"first_steps", "theory", "papers", "files"}
    assert all((path.parent / "GALLERY_HEADER.rst").is_file() for path in SCRIPTS)


@pytest.mark.parametrize("path", SCRIPTS, ids=name_of)
def test_script_says_what_it_is_about(path: Path) -> None:
    """Assert that a script has a title and about three sentences, prints, draws, and says where to go on."""
    text = path.read_text(encoding="utf-8")
    title, line, *rest = (ast.get_docstring(ast.parse(text)) or "").split("\n")
    assert set(line) == {"="} and len(line) == len(title)
    idea = re.sub(r"\(.*?\)", "", " ".join(rest), flags=re.DOTALL)
    assert 2 <= len(re.findall(r"[.?](?: |$)", idea)) <= 5
    assert "print(" in text and "plt.show()" in text
    assert "\n# %%\n# Where to go on: " in text
    assert len(text.splitlines()) <= 110


@pytest.fixture
def printed(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a script prints that is run as it stands, its figures checked and closed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(plt, "show", lambda: None)
    capture = request.getfixturevalue("capsys")
    with matplotlib.rc_context(), matplotlib.rc_context({"backend": "agg"}):
        look({}, "")
        runpy.run_path(str(GALLERY / request.param), run_name="__main__")
        assert plt.get_fignums()
        plt.close("all")
    return capture.readouterr().out


@pytest.mark.parametrize("printed", ["first_steps/05_own_neuron.py"], indirect=True)
def test_waves_find_the_frequencies(printed: str) -> None:
    """Assert that a neuron of one's own learns, and that most of the amplitude is at the two frequencies."""
    before, after, share = re.search(QUICK["first_steps/05_own_neuron.py"], printed).groups()
    assert float(after) < 0.05 * float(before)
    assert int(share) > 80


@pytest.mark.parametrize("printed", ["papers/05_one_axis.py"], indirect=True)
def test_movement_falls_as_one_over_alpha(printed: str) -> None:
    """Assert that the movement falls with exponent -1, and stays below its bound."""
    exponent, part = re.search(QUICK["papers/05_one_axis.py"], printed).groups()
    assert abs(float(exponent) + 1.0) < 0.05
    assert 0 < int(part) < 100


@pytest.mark.parametrize("printed", ["files/02_without_us.py"], indirect=True)
def test_a_file_is_read_without_us(printed: str) -> None:
    """Assert that h5py and xarray find the frames and particles that were written."""
    frames, particles = re.search(QUICK["files/02_without_us.py"], printed).groups()
    assert (frames, particles) == ("51", "200")
    assert "'time': 51, 'particle': 200, 'coordinate': 3" in printed
