"""`meanfield distance`: one line per frame, a figure, and one sentence for whatever cannot be compared."""

import re
import shutil
from pathlib import Path

import h5py
import pytest

from limits.transport import wasserstein
from particles import Trajectory
from runs.inspect.distance import Comparison, frame_distances
from runs.system.refusal import Refusal
from tests.runs.inspect.recorded import recorded
from tests.runs.study.smoke import Smoke, spoken


@pytest.fixture
def file(smoke: Smoke, tmp_path: Path) -> Path:
    """A trajectory of 400 particles of unequal masses, in a folder of its own."""
    return Path(shutil.copy(smoke.folder / "gamma0.5-seed0.h5", tmp_path / "run.h5"))


@pytest.fixture
def other(smoke: Smoke) -> Path:
    """The same start under other masses."""
    return smoke.folder / "gamma0.2-seed0.h5"


def columns(said: str) -> list[list[str]]:
    """Step, time, distance and remark of every line but the header and the path."""
    return [line.split(maxsplit=3) for line in said.splitlines()[1:-1]]


def test_one_line_per_frame_from_the_start(file: Path) -> None:
    """Assert that every frame has its step, time and exact W_2 from the first one, which is at zero, and a figure."""
    code, out, err = spoken("distance", str(file))
    assert code == 0 and err == ""
    with Trajectory.open(file) as trajectory:
        expected = [float(wasserstein(cloud, trajectory[0])) for cloud in trajectory]
        times, steps = trajectory.times, trajectory.steps
    lines = columns(out)
    assert [int(line[0]) for line in lines] == list(steps)
    assert [float(line[1]) for line in lines] == pytest.approx(times, rel=1e-5)
    assert [float(line[2]) for line in lines] == pytest.approx(expected, rel=1e-5)
    assert expected[0] == 0.0 and expected[-1] > 0.1
    assert all(line[3] == "simplex, exact" for line in lines)
    assert out.splitlines()[-1].strip() == str(file.with_name("run-distance.png"))
    assert file.with_name("run-distance.png").read_bytes().startswith(b"\x89PNG")


def test_distance_to_the_end_ends_at_zero(file: Path, tmp_path: Path) -> None:
    """Assert that --to end compares with the last frame, and --figure names the figure."""
    figure = tmp_path / "chosen.png"
    code, out, _ = spoken("distance", str(file), "--to", "end", "--figure", str(figure))
    assert code == 0 and figure.exists()
    values = [float(line[2]) for line in columns(out)]
    assert values[-1] == 0.0 < values[0]


def test_second_file_is_compared_at_equal_times(file: Path, other: Path) -> None:
    """Assert that frames of two files are compared by time, in the hidden weights where asked."""
    code, out, _ = spoken("distance", str(file), str(other), "--parts", "hidden")
    assert code == 0
    with Trajectory.open(file) as one, Trajectory.open(other) as two:
        expected = [
            float(wasserstein(cloud, two.at(time), parts="hidden")) for cloud, time in zip(one, one.times, strict=True)
        ]
    assert [float(line[2]) for line in columns(out)] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("method", "remark"),
    [
        ("sliced", r"sliced, standard error \d"),
        ("gaussian", r"gaussian, lower bound"),
        ("entropic", r"entropic, at least \d"),
        ("debiased", r"debiased, standard error"),
    ],
)
def test_approximations_say_so(file: Path, method: str, remark: str) -> None:
    """Assert that no approximate distance is called exact."""
    frames = frame_distances(Comparison(file, None, "end", method))
    line = next(frames).line
    frames.close()
    assert re.search(remark, line) and "exact" not in line


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--to", "begin"), "Unknown target 'begin': choose one of start, end, other"),
        (("--to", "other"), "A second file goes with --to other, and --to other needs one"),
        (("--method", "emd"), "Unknown method 'emd': choose one of auto, exact"),
        (("--parts", "bias"), "Unknown choice of parts 'bias': choose one of all, hidden, output"),
    ],
)
def test_wrong_options_are_refused(file: Path, options: tuple[str, ...], said: str) -> None:
    """Assert that a wrong word is one sentence and exit code 2."""
    code, out, err = spoken("distance", str(file), *options)
    assert code == 2 and out == "" and said in err


def test_files_that_cannot_be_compared_are_refused(file: Path, tmp_path: Path) -> None:
    """Assert that a text file, and a second file with --to start, are refused."""
    notes = tmp_path / "notes.txt"
    notes.write_text("a text\n" * 1000)
    code, _, err = spoken("distance", str(notes))
    assert code == 2 and "notes.txt is not an HDF5 file" in err
    with pytest.raises(Refusal, match="A second file goes with --to other"):
        Comparison(file, file, "start")


def test_times_that_cannot_be_drawn_are_refused(tmp_path: Path) -> None:
    """Assert that the distances are printed, and the picture is refused in a sentence, as one without a folder is."""
    file = recorded(tmp_path / "a.h5")
    code, said, told = spoken("distance", str(file), "--figure", str(tmp_path / "none" / "a.png"))
    assert code == 2 and said.count("exact") == 4 and "cannot be written (No such file or directory)" in told
    with h5py.File(file, "r+") as held:
        held["particles/cloud/position/time"][...] = [0.0, 1e307, 5e307, 1.7e308]
    code, said, told = spoken("distance", str(file))
    assert code == 2 and said.count("exact") == 4 and "a.h5 holds numbers beyond 1e+150" in told


def test_a_name_that_steers_a_terminal_is_only_drawn(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    """Assert that neither the command nor matplotlib says a word with an escape in it."""
    code, said, told = spoken("distance", str(recorded(tmp_path / "\x1b[31m$x^{.h5")))
    assert code == 0 and "\x1b" not in said + told and not recwarn.list
