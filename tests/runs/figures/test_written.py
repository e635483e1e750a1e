"""Figures as files: three formats, the same bytes each time, and a fingerprint of what is drawn."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from runs.figures.written import DRAWN, fingerprint, kind_of, save
from runs.system.refusal import Refusal

BEGINNINGS = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}


def curve(height: float = 1.0, colour: str = "#0072B2", name: str = "risk") -> Figure:
    """A figure with one curve, points, a band and a title."""
    figure = Figure(figsize=(3.0, 2.0), layout="constrained")
    axis = figure.subplots()
    x = np.linspace(0.0, 1.0, 5)
    axis.plot(x, height * x, color=colour, label=name)
    axis.scatter(x, x**2)
    axis.fill_between(x, x, height * x + 1.0, alpha=0.2)
    figure.suptitle("A figure")
    figure.legend()
    return figure


@pytest.mark.parametrize("kind", BEGINNINGS)
def test_the_name_decides_the_format_and_the_figure_the_bytes(kind: str, tmp_path: Path) -> None:
    """Assert that a file is of the kind that its name says, and two of one figure are equal to the byte."""
    for name in ("a", "b"):
        save(curve(), tmp_path / f"{name}.{kind}")
    first, second = ((tmp_path / f"{name}.{kind}").read_bytes() for name in ("a", "b"))
    assert first.startswith(BEGINNINGS[kind]) and first == second
    assert sorted(file.name for file in tmp_path.iterdir()) == [f"a.{kind}", f"b.{kind}"]


def test_kind_is_that_of_the_ending() -> None:
    """Assert that letters may be large, a name without an ending is a PNG, and another kind is refused."""
    assert [kind_of(Path(name)) for name in ("a.PDF", "a.svg", "a")] == ["pdf", "svg", "png"]
    with pytest.raises(Refusal, match=r"a\.jpg ends in \.jpg, but figures are \.png, \.pdf or \.svg: name such a file"):
        kind_of(Path("a.jpg"))


def test_a_fingerprint_is_of_what_is_drawn(tmp_path: Path) -> None:
    """Assert that a PNG holds it, that layout does not change it, and that a number, a colour or a word does."""
    save(curve(), tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        assert image.info[DRAWN] == fingerprint(curve())
    wide = curve()
    wide.set_size_inches(9.0, 2.0)
    assert fingerprint(wide) == fingerprint(curve())
    others = [curve(height=1.001), curve(colour="#009E73"), curve(name="movement")]
    assert len({fingerprint(figure) for figure in (curve(), *others)}) == 4
