"""The commands that draw: what their options change, under which names files are written, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from particles import Trajectory
from runs.figures.figures import CloudPanel, CurvePanel
from runs.inspect import plot as drawing
from tests.runs.inspect.recorded import position, recorded, risk
from tests.runs.study.smoke import spoken


class Drawn:
    """What would be drawn, by the names of files; nothing is written."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.curves: dict[str, tuple[CurvePanel, ...]] = {}
        self.clouds: dict[str, tuple[tuple[CloudPanel, ...], tuple[str, str]]] = {}
        self.options: dict[str, object] = {}
        patch.setattr(drawing, "draw_curves", self._draw_curves)
        patch.setattr(drawing, "draw_clouds", self._draw_clouds)

    def _draw_curves(self, panels: list[CurvePanel], path: Path, **options: object) -> None:
        self.curves[path.name], self.options = tuple(panels), options

    def _draw_clouds(self, panels: list[CloudPanel], path: Path, *, title: str, axis_labels: tuple[str, str]) -> None:
        self.clouds[path.name] = tuple(panels), axis_labels


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Drawn:
    """What the routines of figures are given."""
    return Drawn(monkeypatch)


def test_options_choose_what_is_drawn(tmp_path: Path, drawn: Drawn) -> None:
    """Assert that observables, axes and a linear time with its first record arrive in the figure."""
    file = str(recorded(tmp_path / "a.h5"))
    words = ("plot", file, "--observables", "risk", "--linear", "--linear-time", "--out", str(tmp_path / "f.svg"))
    code, out, err = spoken(*words)
    assert (code, err) == (0, "") and out.split() == [str(tmp_path / "f.svg")]
    assert drawn.clouds == {} and drawn.options["log_time"] is False
    (panel,) = drawn.curves["f.svg"]
    assert panel.title == "risk" and not panel.log_values
    assert panel.curves[0].times.tolist() == [0.0, 0.5, 1.0, 2.0]
    assert panel.curves[0].values.tolist() == [[risk(step, 1.0, 0) for step in range(4)]]
    assert spoken("plot", file, "--out", str(tmp_path / "f"))[0] == 0
    assert drawn.options["log_time"] is True and drawn.curves["curves.png"][0].log_values


def test_coordinates_and_times_choose_the_particles(tmp_path: Path, drawn: Drawn) -> None:
    """Assert that particles are shown in the plane that is named, at the frame nearest to the time, which is said."""
    file = recorded(tmp_path / "a.h5", dim=3)
    words = ("--time", "0.6", "--coordinates", "2,0", "--out", str(tmp_path / "f.pdf"))
    code, out, err = spoken("plot", str(file), *words)
    assert code == 0 and err == "There is no frame at time 0.6: the nearest is shown, at time 0.5.\n"
    assert [Path(line.strip()).name for line in out.splitlines()] == ["f.pdf", "f-a-particles.pdf"]
    (panel,), labels = drawn.clouds["f-a-particles.pdf"]
    assert labels == ("theta_2", "theta_0") and panel.title == "time 0.5 (asked for: 0.6)"
    np.testing.assert_array_equal(panel.before, position(0, dim=3)[:, [2, 0]])
    np.testing.assert_array_equal(panel.after, position(1, dim=3)[:, [2, 0]])


def test_colours_follow_a_parameter(tmp_path: Path, drawn: Drawn) -> None:
    """Assert that --by gives equal values equal colours, and three numbers a scale."""
    files = [
        str(recorded(tmp_path / f"{rate}-{beta}.h5", rate=rate, beta=beta))
        for rate in (1.0, 2.0, 3.0)
        for beta in (0, 1)
    ]
    assert spoken("plot", *files, "--observables", "risk", "--by", "beta", "--out", str(tmp_path / "a"))[0] == 0
    (panel,) = drawn.curves["curves.png"]
    assert [curve.label for curve in panel.curves].count("beta 1") == 3 and drawn.options["scale"] is None
    assert len({curve.colour for curve in panel.curves}) == 2
    assert spoken("plot", *files, "--observables", "risk", "--by", "rate", "--out", str(tmp_path / "b"))[0] == 0
    assert drawn.options["scale"] is not None


@pytest.mark.parametrize(("name", "start"), [("a.png", b"\x89PNG"), ("b.pdf", b"%PDF"), ("c.svg", b"<?xml")])
def test_figures_have_the_format_of_their_name(tmp_path: Path, name: str, start: bytes) -> None:
    """Assert that PNG, PDF and SVG are what they are called, the one of particles too, and nothing else is left."""
    file = recorded(tmp_path / "run.h5")
    assert spoken("plot", str(file), "--coordinates", "pca", "--out", str(tmp_path / "out" / name))[0] == 0
    written = sorted((tmp_path / "out").iterdir())
    assert [path.name for path in written] == [f"{name[0]}-run-particles{name[1:]}", name]
    assert all(path.read_bytes().startswith(start) for path in written)


def test_nothing_is_overwritten_unless_forced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a figure or a film that is there is kept, nothing else is written either, and --force replaces it."""
    monkeypatch.chdir(tmp_path)
    file = str(recorded(tmp_path / "a.h5"))
    (tmp_path / "plots").mkdir()
    for command, target, written in (
        ("plot", tmp_path / "plots" / "a-particles.png", 1),
        ("animate", tmp_path / "a.gif", 2),
    ):
        target.write_text("mine")
        code, out, err = spoken(command, file)
        assert (code, out) == (2, "") and f"{target.name} exists already and is not overwritten: give --force" in err
        assert target.read_text() == "mine" and len(list((tmp_path / "plots").iterdir())) == written
        assert spoken(command, file, "--force")[0] == 0 and target.read_bytes() != b"mine"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--observables", "rsik"), "Unknown observable 'rsik': choose one of risk, mean; did you mean 'risk'?"),
        (("--observables", "mean"), "The observable 'mean' is an array"),
        (("--coordinates", "0,9"), "Coordinates 0 and 9 were asked for, but two different ones from 0 to 1"),
        (("--by", "rate"), "The files differ in no parameter, also not in 'rate': leave --by out"),
        (("--out", "a.jpg"), "a.jpg ends in .jpg, but figures are .png, .pdf or .svg: name such a file"),
    ],
)
def test_wrong_choices_are_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    """Assert that each is refused with what there is, and that no figure is left."""
    monkeypatch.chdir(tmp_path)
    code, out, err = spoken("plot", str(recorded(tmp_path / "a.h5")), *words)
    assert (code, out) == (2, "") and said in err
    assert not list(tmp_path.glob("**/*.p*"))


def test_values_that_no_log_axis_shows_are_refused(tmp_path: Path) -> None:
    """Assert that --log on numbers none of which is positive is refused by their name."""
    with Trajectory.create(tmp_path / "a.h5") as writer:
        recorder = writer.trace(loss=lambda cloud: -1.0)
        for step in range(3):
            with Trajectory.open(recorded(tmp_path / f"{step}.h5")) as other:
                recorder(step, float(step), other[0])
    code, _, err = spoken("plot", str(tmp_path / "a.h5"), "--log", "--out", str(tmp_path / "f"))
    assert code == 2 and "No value of loss is positive, as a logarithmic axis needs: leave --log out." in err


def test_films_have_their_speed_and_their_plane(tmp_path: Path) -> None:
    """Assert that --fps is the duration of a picture, that coordinates may be chosen, and another speed is refused."""
    file = str(recorded(tmp_path / "a.h5", dim=3))
    for fps, milliseconds in ((4, 250), (20, 50)):
        target = tmp_path / f"{fps}.gif"
        assert spoken("animate", file, "--fps", str(fps), "--coordinates", "1,2", "--out", str(target))[0] == 0
        with Image.open(target) as film:
            assert film.info["duration"] == milliseconds
    code, _, err = spoken("animate", file, "--fps", "0", "--out", str(tmp_path / "b.gif"))
    assert code == 2 and "0 pictures a second were asked for: give --fps from 1 to 50" in err
