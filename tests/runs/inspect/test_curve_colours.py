"""Colours of curves: one a setting, or by a parameter that is named whole or by its last part."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from particles import Trajectory
from runs.figures.palette import ColourScale
from runs.inspect.curve_colours import Groups, groups_of
from runs.system.refusal import Refusal
from tests.runs.inspect.recorded import recorded


def files_in(folder: Path) -> list[Path]:
    """Two rates, two widths and two seeds; the widths have a loud and a soft name."""
    return [
        recorded(folder / f"{rate}-{width}-{seed}.h5", rate=rate, seed=seed, name=name, width=width)
        for rate in (0.5, 1.0, 2.0)
        for width, name in ((3, "loud"), (4, "soft"))
        for seed in (0, 1)
    ]


def grouped(files: list[Path], by: str | None) -> Groups:
    """The groups of some files."""
    with ExitStack() as opened:
        return groups_of({file: opened.enter_context(Trajectory.open(file)) for file in files}, by)


def colours(groups: Groups) -> Mapping[str, tuple[str, str]]:
    """The name and the colour of the curve of each group."""
    return groups.colours({label: label for label in groups.files})


def test_numbers_have_a_scale_of_colours(tmp_path: Path) -> None:
    """Assert that three numbers or more have a scale, equal numbers one colour, and that seeds are still averaged."""
    groups = grouped(files_in(tmp_path), "rate")
    assert all(len(members) == 2 for members in groups.files.values()) and len(groups.files) == 6
    scale = ColourScale.of("rate", [0.5, 1.0, 2.0])
    assert groups.scale == scale
    assert groups.values is not None
    for label, (name, colour) in colours(groups).items():
        assert name == label and colour == scale.colour(float(str(groups.values[label])))


def test_few_values_have_a_legend(tmp_path: Path) -> None:
    """Assert that two numbers, or texts, have a colour each and that the legend names these alone."""
    files = files_in(tmp_path)
    for by, names in (("config.width", {"width 3", "width 4"}), ("name", {"name loud", "name soft"})):
        groups = grouped(files, by)
        found = colours(groups)
        assert groups.scale is None and len(found) == 6 and {name for name, _ in found.values()} == names
        assert len({colour for _, colour in found.values()}) == 2
        assert len(set(found.values())) == 2


def test_seeds_are_told_apart_where_they_are_asked_for(tmp_path: Path) -> None:
    """Assert that by seed every file of a setting is a curve of its own, which by default they are not."""
    files = files_in(tmp_path)
    assert len(grouped(files, None).files) == 6
    groups = grouped(files, "seed")
    assert len(groups.files) == 12 and {name for name, _ in colours(groups).values()} == {"seed 0", "seed 1"}


@pytest.mark.parametrize(
    ("by", "said"),
    [
        ("rat", r"Unknown parameter in which the files differ 'rat': choose one of .*; did you mean 'rate'\?"),
        ("kept", r"The parameter 'kept' is the same in all files: choose one of .*config.rate"),
    ],
)
def test_parameters_that_decide_nothing_are_refused(tmp_path: Path, by: str, said: str) -> None:
    """Assert that a wrong name and a parameter that all files share are told, with those that differ."""
    files = [recorded(tmp_path / f"{rate}.h5", rate=rate, options={"kept": 1}) for rate in (1.0, 2.0)]
    with pytest.raises(Refusal, match=said):
        grouped(files, by)


def test_equal_files_are_refused(tmp_path: Path) -> None:
    """Assert that files without any difference have no colours by a parameter."""
    with pytest.raises(Refusal, match="The files differ in no parameter, also not in 'rate': leave --by out"):
        grouped([recorded(tmp_path / "a.h5"), recorded(tmp_path / "b.h5")], "rate")
