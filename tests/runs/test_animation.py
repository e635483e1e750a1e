"""Moving pictures: as many as frames, showing where the particles are."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from runs.animation import animate, pictured
from runs.refusal import Refusal
from tests.runs.conftest import spoken
from tests.runs.recorded import recorded


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
    with pytest.raises(Refusal, match=r"does not end in \.gif"):
        animate(file, tmp_path / "a.mp4")
    with pytest.raises(Refusal, match="cannot be written"):
        animate(file, tmp_path / "nowhere" / "a.gif")
