"""Trajectories as a part: observables, components of arrays, particles, whoever wrote them."""

from pathlib import Path

import pytest

from runs.pages.part import Part
from runs.pages.trajectory_part import COMPONENTS, trajectories_part
from runs.system.refusal import Refusal
from tests.runs.inspect.recorded import recorded, risk


def one(path: Path, **given: object) -> Part:
    """The part of one recorded file."""
    return trajectories_part([recorded(path, **given)], 6)  # type: ignore[arg-type]


def test_one_file_is_shown_whole(tmp_path: Path) -> None:
    """Assert that its observables, parameters, particles, provenance and itself are there."""
    part = one(tmp_path / "a.h5", rate=0.5)
    assert part.title == "a.h5"
    assert part.about == ("a: 3 particles of 2 coordinates, 4 frames from time 0 to 2, complete.",)
    assert [figure.title for figure in part.figures] == ["Observables", "mean, a.h5"]
    (trace,) = part.figures[0].plots[0].data
    assert trace["y"][-1] == pytest.approx(risk(3, 0.5, 0), rel=1e-5)
    assert ("config › rate", "0.5") in part.settings and len(part.films) == 1
    assert dict(part.provenance)["device"] == "cpu" and len(part.commands) == 1
    assert [Path(link).name for link in part.links] == ["a.h5"]


def test_components_of_an_array_are_curves(tmp_path: Path) -> None:
    """Assert that each number of a record is drawn over time, some of them where there are many, with a scale."""
    figure = one(tmp_path / "a.h5", dim=20).figures[1]
    assert len(figure.plots[0].data) == COMPONENTS and figure.scale is not None and figure.scale.high == 20.0
    assert figure.remark == f"{COMPONENTS} of 20 numbers are drawn."
    assert figure.plots[0].data[0]["x"] == [0.0, 0.5, 1.0, 2.0]
    assert figure.plots[0].data[-1]["y"] == [39.0 + 10.0 * step for step in range(4)]


def test_seeds_are_one_curve_and_settings_have_films(tmp_path: Path) -> None:
    """Assert that runs of one setting have a mean, one film of a setting is shown, and more files are only counted."""
    files = [recorded(tmp_path / f"{seed}-{rate}.h5", seed=seed, rate=rate) for seed in range(5) for rate in (1, 2)]
    part = trajectories_part(files, 6)
    assert part.title == "10 trajectories" and [film.title for film in part.films] == ["rate 1", "rate 2"]
    assert part.films_said == "Shown are 2 of 10 files, of different settings."
    assert part.about[-1] == "And 2 files more, listed below." and len(part.links) == 10
    assert len(trajectories_part(files, 1).films) == 1


def test_a_file_that_has_just_begun_is_shown(tmp_path: Path) -> None:
    """Assert that without a frame there is no film and no curve, and it is said."""
    part = one(tmp_path / "a.h5", times=(), complete=False)
    assert part.about == ("a: not complete, no frame yet.",) and part.films == () and part.figures == ()


def test_what_is_no_trajectory_is_refused(tmp_path: Path) -> None:
    """Assert that the sentence of the reader comes through."""
    (tmp_path / "a.h5").write_bytes(b"nothing")
    with pytest.raises(Refusal, match=r"a\.h5"):
        trajectories_part([tmp_path / "a.h5"], 6)
