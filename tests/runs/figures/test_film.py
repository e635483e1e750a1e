"""Moving pictures: as many as frames, showing where the particles are."""

import subprocess
from itertools import pairwise
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from runs.figures.encoder import encoder
from runs.figures.film import animate, pictured
from runs.system.refusal import Refusal
from tests.runs.inspect.recorded import recorded
from tests.runs.study.smoke import spoken


def test_gif_has_a_picture_per_frame_and_they_move(tmp_path: Path) -> None:
    """Assert that the GIF has one picture per frame, each different from the one before, and nothing else is left."""
    file = recorded(tmp_path / "a.h5")
    code, out, _ = spoken("animate", str(file))
    assert code == 0 and out.strip() == str(tmp_path / "a.gif")
    with Image.open(tmp_path / "a.gif") as film:
        pictures = []
        for number in range(film.n_frames):
            film.seek(number)
            pictures.append(np.asarray(film.convert("RGB")))
    assert len(pictures) == 4
    assert all(not np.array_equal(one, two) for one, two in pairwise(pictures))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.gif", "a.h5"]


def test_mp4_has_a_picture_per_frame_and_they_move(tmp_path: Path) -> None:
    """Assert that ffmpeg decodes as many different pictures as there are frames, and nothing else is left."""
    code, out, _ = spoken("animate", str(recorded(tmp_path / "a.h5")), "--out", str(tmp_path / "b.mp4"))
    assert code == 0 and out.strip() == str(tmp_path / "b.mp4")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.h5", "b.mp4"]
    command = [encoder(), "-v", "error", "-i", tmp_path / "b.mp4", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    decoded = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    pictures = np.frombuffer(decoded, np.uint8).reshape(-1, 432, 400, 3).astype(int)
    assert len(pictures) == 4
    assert all(np.abs(one - two).max() > 100 for one, two in pairwise(pictures))


def test_an_encoder_that_fails_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that what the encoder said is passed on and neither a film nor a part of it is left."""
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\ncat > /dev/null\necho 'Unknown encoder h264' >&2\nexit 8\n")
    program.chmod(0o755)
    monkeypatch.setattr("runs.figures.encoder.encoder", lambda: program)
    file = recorded(tmp_path / "a.h5")
    with pytest.raises(Refusal, match=r"b.mp4 was not encoded by .*ffmpeg \(Unknown encoder h264\): write a .gif"):
        animate(file, tmp_path / "b.mp4")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.h5", "ffmpeg"]


def test_particles_travel_across_the_picture(tmp_path: Path) -> None:
    """Assert that the coloured dots go from the lower left to the upper right, as the positions do."""
    with Image.open(animate(recorded(tmp_path / "a.h5"))) as film:
        centres = []
        for number in (0, film.n_frames - 1):
            film.seek(number)
            colours = np.asarray(film.convert("RGB")).astype(int)
            rows, columns = np.nonzero(colours[..., 2] - colours[..., 0] > 60)
            centres.append((rows.mean(), columns.mean()))
    assert centres[1][0] < centres[0][0] - 100 and centres[1][1] > centres[0][1] + 100


def test_long_runs_are_thinned_from_the_first_to_the_last_frame() -> None:
    """Assert that at most a hundred pictures are taken, in order, both ends among them."""
    assert pictured(3) == [0, 1, 2]
    numbers = pictured(1000)
    assert len(numbers) == 100 and numbers[0] == 0 and numbers[-1] == 999 and numbers == sorted(set(numbers))


def test_what_cannot_be_drawn_is_refused(tmp_path: Path) -> None:
    """Assert that one coordinate, another format and a missing folder are one sentence each."""
    with pytest.raises(Refusal, match="no frame of particles with two coordinates"):
        animate(recorded(tmp_path / "one.h5", dim=1))
    file = recorded(tmp_path / "a.h5")
    with pytest.raises(Refusal, match=r"a.avi ends neither in \.gif nor in \.mp4"):
        animate(file, tmp_path / "a.avi")
    for name in ("a.gif", "a.mp4"):
        with pytest.raises(Refusal, match="cannot be written, there is no folder .*nowhere"):
            animate(file, tmp_path / "nowhere" / name)


@pytest.mark.parametrize("number", [np.inf, 1e308, -1e200])
def test_positions_that_cannot_be_drawn_are_refused(tmp_path: Path, number: float) -> None:
    """Assert that infinite and endless coordinates are told in a sentence, and nothing is left."""
    file = recorded(tmp_path / "a.h5")
    with h5py.File(file, "r+") as held:
        held["particles/cloud/position/value"][1, 0, 0] = number
    with pytest.raises(Refusal, match="too large to draw|not finite"):
        animate(file)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.h5"]


def test_a_name_that_steers_a_terminal_is_only_drawn(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    """Assert that neither the command nor matplotlib says a word with an escape in it, and dollars are no formula."""
    file = recorded(tmp_path / "\x1b[31m$x^{.h5")
    code, said, told = spoken("animate", str(file))
    assert code == 0 and "\x1b" not in said + told and not recwarn.list
