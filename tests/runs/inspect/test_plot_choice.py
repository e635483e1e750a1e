"""What is chosen to be drawn: observables, times, and the files into which figures go."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from particles import Trajectory
from runs.inspect.plot_choice import (
    Choice,
    Places,
    chosen_observables,
    nearest_time,
    other_times,
    shown_times,
    words_of,
)
from runs.system.refusal import Refusal
from tests.runs.inspect.recorded import recorded


def test_observables_are_chosen_by_name(tmp_path: Path) -> None:
    """Assert that all are taken where none is named, and that wrong names and arrays are told with what there is."""
    with Trajectory.open(recorded(tmp_path / "a.h5")) as trajectory:
        assert set(chosen_observables([trajectory], ())) == {"risk", "mean"}
        assert chosen_observables([trajectory], ("risk", "risk")) == ["risk"]
        with pytest.raises(Refusal, match=r"Unknown observable 'rsik': choose one of .*; did you mean 'risk'\?"):
            chosen_observables([trajectory], ("rsik",))
        with pytest.raises(Refusal, match="The observable 'mean' is an array, but numbers are drawn: choose one of r"):
            chosen_observables([trajectory], ("mean",))


def test_times_are_those_of_frames(tmp_path: Path) -> None:
    """Assert that the frames shown are the nearest, that a sentence says which, and none where each is there."""
    files = [recorded(tmp_path / "a.h5"), recorded(tmp_path / "b.h5", times=(0.0, 0.25, 2.0))]
    with ExitStack() as opened:
        held = {file: opened.enter_context(Trajectory.open(file)) for file in files}
        assert nearest_time(held[files[0]], 0.6) == 0.5 and shown_times(held[files[0]], (0.6,)) == (0.6,)
        assert list(shown_times(held[files[0]], ())) == [0.0, 0.5, 1.0, 2.0]
        assert list(other_times(held, (0.0, 2.0))) == []
        said = ["There is no frame at time 0.3: the nearest is shown, at time 0.25 or 0.5."]
        assert list(other_times(held, (0.3,))) == said
        assert list(other_times(held, (0.25,))) == [
            "There is no frame at time 0.25: the nearest is shown, at time 0.0.".replace("0.0", "0")
        ]


def test_figures_go_into_a_folder_or_under_a_name(tmp_path: Path) -> None:
    """Assert that a file's name is that of the first figure, with the others beside it, and a folder has PNG files."""
    names = ["curves", "a-particles"]
    assert [path.name for path in Places(tmp_path / "results.v2").of(names)] == ["curves.png", "a-particles.png"]
    assert Places(tmp_path / "results.v2").folder == tmp_path / "results.v2"
    places = Places(tmp_path / "all.PDF")
    assert [path.name for path in places.of(names)] == ["all.PDF", "all-a-particles.PDF"] and places.folder == tmp_path
    (tmp_path / "odd.png").mkdir()
    assert not Places(tmp_path / "odd.png").is_file
    with pytest.raises(Refusal, match=r"a.jpg ends in .jpg, but figures are .png, .pdf or .svg: name such a file"):
        Places(tmp_path / "a.jpg").of(names)


def test_observables_alone_mean_no_particles() -> None:
    """Assert that particles are drawn unless observables were named and nothing about particles was."""
    assert Choice(observables=("risk",)).only_curves
    assert not any(one.only_curves for one in (Choice(), Choice((1.0,), ("risk",)), Choice((), ("risk",), "pca")))
    assert words_of(" a, b,,") == ["a", "b"] and words_of(None) == []
