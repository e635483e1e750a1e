"""The commands: what they print, and which options they offer."""

import re
from pathlib import Path

import pytest

from runs.cli.report import report_at_end
from runs.studies import STUDIES
from runs.system.options import DATA_SETS
from tests.runs.study.smoke import Smoke, spoken


def test_list_has_one_line_per_study() -> None:
    """Assert that every study is listed with what it asks."""
    code, out, _ = spoken("list")
    assert code == 0
    lines = out.splitlines()
    assert [line.split()[0] for line in lines] == list(STUDIES)
    assert re.fullmatch(r"asymmetric-scaling    One network under four node scalings.*", lines[0])


def test_help_of_run_names_every_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that the help of run lists all options, data sets, scales and devices."""
    monkeypatch.setenv("COLUMNS", "200")
    code, out, _ = spoken("run", "--help")
    assert code == 0
    for word in (
        "--data",
        "--scale",
        "--device",
        "--seeds",
        "--out",
        "--integrator",
        *DATA_SETS,
        "smoke",
        "laptop",
        "paper",
        "cuda",
    ):
        assert word in out, word


def test_info_shows_what_a_run_wrote(smoke: Smoke) -> None:
    """Assert that info says complete, and shows frames, time, size, an observable, a parameter and a library."""
    code, out, _ = spoken("info", str(smoke.folder / "gamma0.5-seed0.h5"))
    assert code == 0
    for pattern in (
        r"gamma0.5-seed0.h5: complete\n",
        r"frames +\d+, from step 0 to 500\n",
        r"time +0 to 1000\n",
        r"count +400 particles, the heaviest with mass 0\.\d+\n",
        r"dim +11 coordinates each, float32\n",
        r"  largest_movement +last \d\S+ at time 1000, \d+ records\n",
        r"    alpha +0.7\n",
        r"    torch +\S+\n",
        r"  resumes +none\n",
    ):
        assert re.search(pattern, out), pattern


@pytest.mark.parametrize("kept", [0, 100, 20_000])
def test_info_refuses_a_truncated_trajectory(smoke: Smoke, tmp_path: Path, kept: int) -> None:
    """Assert that a file cut short is one sentence and exit code 2, wherever the cut is."""
    cut = tmp_path / "cut.h5"
    cut.write_bytes((smoke.folder / "gamma0.5-seed0.h5").read_bytes()[:kept])
    code, out, err = spoken("info", str(cut))
    assert code == 2 and out == ""
    assert re.fullmatch(r"meanfield: .*cut.h5 is (not an HDF5 file|truncated).*\n", err)


def test_info_refuses_a_text_file(tmp_path: Path) -> None:
    """Assert that a file of another kind is named as such."""
    file = tmp_path / "notes.txt"
    file.write_text("a text\n" * 1000)
    code, _, err = spoken("info", str(file))
    assert code == 2 and "notes.txt is not an HDF5 file" in err


def test_options_of_a_study_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that what is given is handed to the study, experiments and fields as they stand, and the page's writer."""
    seen: list[tuple[object, ...]] = []
    monkeypatch.setattr("runs.study.command.command", lambda study, *given: not seen.append((study.name, *given)))
    options = ("--seeds", "3", "--integrator", "adaptive", "--code-conventions", "--workers", "2")
    assert spoken("run", "asymmetric-scaling", "widths", *options)[0] == 0
    assert spoken("run", "kernel-limits", "--out", "here", "--rate=0.5", "--no-page")[0] == 0
    assert seen == [
        (
            "asymmetric-scaling",
            {"seeds": 3, "workers": 2},
            ["widths", "--integrator", "adaptive", "--code-conventions"],
            report_at_end,
        ),
        ("kernel-limits", {"out": Path("here")}, ["--rate=0.5"], None),
    ]


def test_options_of_studies_are_not_for_files() -> None:
    """Assert that an option that a file does not know is refused with those that it has."""
    code, _, err = spoken("run", "study.toml", "--rate", "0.5")
    assert code == 2 and "The option --rate is for a study by name: leave it out, or use --set KEY=VALUE" in err
    assert "(a file has --dry-run, --ensemble, --no-summary, --out, --scheduler, --set, --stale, --workers)" in err
