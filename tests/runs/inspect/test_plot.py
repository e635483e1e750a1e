"""Figures from files: which curves and particles are drawn, and where the figures go."""

import resource
from contextlib import ExitStack
from pathlib import Path

import h5py
import numpy as np
import pytest

from particles import Trajectory
from runs.figures.figures import CurvePanel
from runs.inspect.plot import cloud_panels, curve_panels, plot_files
from runs.system.files import SPARE
from tests.long import long_after
from tests.runs.inspect.recorded import position, recorded, risk
from tests.runs.study.smoke import spoken


def panels_of(*files: Path) -> list[CurvePanel]:
    """The panels of curves of some files."""
    with ExitStack() as opened:
        return curve_panels({file: opened.enter_context(Trajectory.open(file)) for file in files})


def test_files_with_equal_times_make_one_curve_with_spread(tmp_path: Path) -> None:
    """Assert that two seeds are two rows of one curve, without time zero, and arrays are no curve."""
    (panel,) = panels_of(*(recorded(tmp_path / f"{seed}.h5", seed=seed) for seed in (0, 1)))
    (curve,) = panel.curves
    assert panel.title == "risk" and panel.log_values
    assert curve.times.tolist() == [0.5, 1.0, 2.0]
    assert curve.values.tolist() == [[risk(step, 1.0, seed) for step in (1, 2, 3)] for seed in (0, 1)]


def test_files_with_other_times_are_curves_of_their_own(tmp_path: Path) -> None:
    """Assert that nothing is averaged over different times."""
    (panel,) = panels_of(recorded(tmp_path / "a.h5"), recorded(tmp_path / "b.h5", times=(0.0, 1.0, 3.0)))
    assert [(curve.label, curve.values.shape) for curve in panel.curves] == [("a", (1, 3)), ("b", (1, 2))]


def test_settings_are_curves_of_their_own_in_one_colour(tmp_path: Path) -> None:
    """Assert that seeds are averaged within a setting only, under its name, and colours agree between panels."""
    files = [
        recorded(tmp_path / f"{rate}-{seed}" / "run.h5", rate=rate, seed=seed) for rate in (1, 2) for seed in (0, 1)
    ]
    (panel,) = panels_of(*files, recorded(tmp_path / "c" / "run.h5", rate=3))
    assert [(curve.label, curve.values.shape) for curve in panel.curves] == [
        ("rate 1, mean and range of 2 files", (2, 3)),
        ("rate 2, mean and range of 2 files", (2, 3)),
        ("rate 3", (1, 3)),
    ]
    for rate, curve in zip((1, 2, 3), panel.curves, strict=True):
        assert curve.values[-1, 0] == risk(1, rate, seed=len(curve.values) - 1)
    assert len({curve.colour for curve in panel.curves}) == 3


def test_runs_of_other_data_or_code_are_curves_of_their_own(tmp_path: Path) -> None:
    """Assert that seeds are averaged where they were made of the same files only, and that a sentence says so."""
    files = [
        recorded(tmp_path / f"{seed}.h5", seed=seed, sources={"mine.py": digest, "data.npz": "b" * 64})
        for seed, digest in enumerate(("1" * 64, "1" * 64, "2" * 64))
    ]
    assert [(curve.label, curve.values.shape) for panel in panels_of(*files) for curve in panel.curves] == [
        ("made of mine.py 111111, mean and range of 2 files", (2, 3)),
        ("made of mine.py 222222", (1, 3)),
    ]
    sentence = "The runs were made of 2 different files mine.py: each has curves of its own."
    assert plot_files(files, tmp_path / "figures")[1] == [sentence]
    assert plot_files(files[:2], tmp_path / "figures")[1] == []


def test_files_of_one_name_have_pictures_of_their_own(tmp_path: Path) -> None:
    """Assert that run.h5 in two folders are drawn into two files, named after them."""
    files = [recorded(tmp_path / name / "run.h5") for name in ("a", "b")]
    written, remarks = plot_files(files, tmp_path / "figures")
    assert [path.name for path in written] == ["curves.png", "a-run-particles.png", "b-run-particles.png"]
    assert remarks == [] and all(path.exists() for path in written)


def test_particles_are_shown_at_the_frames_nearest_to_the_times(tmp_path: Path) -> None:
    """Assert that each panel has the start, the first two coordinates at its time, and the masses."""
    with Trajectory.open(recorded(tmp_path / "a.h5", dim=3)) as trajectory:
        panels = cloud_panels(trajectory, (0.6, 2.0))
        assert [panel.title for panel in panels] == ["time 0.5 (asked for: 0.6)", "time 2"]
        np.testing.assert_array_equal(panels[0].before, position(0, dim=3)[:, :2])
        np.testing.assert_array_equal(panels[0].after, position(1, dim=3)[:, :2])
        np.testing.assert_array_equal(panels[1].after, position(3, dim=3)[:, :2])
        assert panels[0].masses.tolist() == [0.5, 0.25, 0.25]
        assert [panel.title for panel in cloud_panels(trajectory)] == ["time 0", "time 0.5", "time 1", "time 2"]


def test_command_writes_one_figure_of_curves_and_one_of_each_file(tmp_path: Path) -> None:
    """Assert that the figures are PNG files in the folder named, and their paths are printed."""
    files = [str(recorded(tmp_path / f"{seed}.h5", seed=seed)) for seed in (0, 1)]
    code, out, err = spoken("plot", *files, "--time", "0", "--time", "2", "--out", str(tmp_path / "figures"))
    assert code == 0 and err == ""
    names = [Path(line.strip()) for line in out.splitlines()]
    assert [name.name for name in names] == ["curves.png", "0-particles.png", "1-particles.png"]
    assert all(name.read_bytes().startswith(b"\x89PNG") for name in names)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"dim": 1, "times": (0.0,)}, "nothing to draw"),
        ({}, "covers times 0 to 2"),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence(tmp_path: Path, options: dict[str, object], sentence: str) -> None:
    """Assert that a file without anything to draw and a time outside the run exit with code 2."""
    file = recorded(tmp_path / "a.h5", **options)
    code, _, said = spoken("plot", str(file), "--time", "9", "--out", str(tmp_path))
    assert code == 2 and sentence in said


@pytest.mark.parametrize("name", long_after(1, ["\x1b[2Jx", "a$b$c^{", "x" * 300, "\u65e5\u672c"]))
def test_names_of_any_letters_are_drawn(tmp_path: Path, recwarn: pytest.WarningsRecorder, name: str) -> None:
    """Assert that an observable and a parameter of such a name give a picture, and nobody says a word about it."""
    files = [recorded(tmp_path / f"{number}.h5", width=name * number) for number in (1, 2)]
    for file in files:
        with h5py.File(file, "r+") as held:
            held["observables"].move("risk", name)
    code, said, told = spoken("plot", *map(str, files), "--out", str(tmp_path / "plots"))
    assert code == 0 and "\x1b" not in said + told and not recwarn.list
    assert (tmp_path / "plots" / "curves.png").exists()


def test_more_files_than_may_be_open_are_refused(tmp_path: Path) -> None:
    """Assert that the limit of the process is asked before the first file is opened."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (SPARE + 1, before[1]))
    try:
        code, _, told = spoken("plot", *([str(recorded(tmp_path / "a.h5"))] * 2), "--out", str(tmp_path / "plots"))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert code == 2 and "or draw fewer files at once" in told
