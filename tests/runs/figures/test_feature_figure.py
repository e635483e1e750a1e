"""The picture of a feature map: what is handed to matplotlib."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb

from particles import Embedding, Identity, Trajectory
from runs.figures.feature_figure import FAINTEST, LONGEST, NEGATIVE, POSITIVE, draw_features, opacities
from runs.figures.feature_maps import FeatureMap, feature_map
from tests.runs.figures.planes import linearised_run, plane_run
from tests.runs.inspect.recorded import recorded
from tests.runs.study.smoke import spoken


def drawn_map(folder: Path, embedding: Embedding | None = None) -> FeatureMap:
    """The map of two times."""
    path = plane_run(folder / "a.h5", embedding)[0]
    with Trajectory.open(path) as trajectory:
        found = feature_map(path, trajectory, (0.0, 5.0))
    assert found is not None
    return found


def test_every_time_has_its_values_and_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that f of each panel goes into its axes with the grid, and the data with their targets into all."""
    shown, dots = [], []
    contourf, scatter = Axes.contourf, Axes.scatter
    monkeypatch.setattr(Axes, "contourf", lambda a, *given, **o: (shown.append(given), contourf(a, *given, **o))[1])
    monkeypatch.setattr(Axes, "scatter", lambda a, *given, **o: (dots.append((given, o)), scatter(a, *given, **o))[1])
    found = drawn_map(tmp_path)
    draw_features(found, tmp_path / "a.png", title="t")
    assert [given[2] is panel.values for given, panel in zip(shown, found.panels, strict=True)] == [True, True]
    assert all(given[0] is found.x1 and given[1] is found.x2 for given in shown)
    coloured = [(given, options["c"]) for given, options in dots if "c" in options]
    assert found.data is not None and len(coloured) == 2
    for (x, y), targets in coloured:
        np.testing.assert_array_equal(np.stack([x, y], axis=1), found.data.inputs)
        np.testing.assert_array_equal(targets, found.data.targets[:, 0])


@pytest.mark.parametrize("embedding", [None, Identity(2)], ids=["hinges", "arrows"])
def test_particles_lie_where_they_act_in_the_colour_of_their_sign(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, embedding: Embedding | None
) -> None:
    """Assert that lines are zeros of w . phi or point along w, opaque by share on one scale for both times."""
    collections: list[LineCollection] = []
    add = Axes.add_collection

    def watched(axis: Axes, collection: object, **options: object) -> object:
        if isinstance(collection, LineCollection):
            collections.append(collection)
        return add(axis, collection, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Axes, "add_collection", watched)
    found = drawn_map(tmp_path, embedding)
    draw_features(found, tmp_path / "a.png", title="t")
    largest = max(panel.shares.max() for panel in found.panels)
    for panel, collection in zip(found.panels, collections[:2], strict=True):  # what follows is the colour bar's
        seen = [n for n in range(4)[::-1] if embedding or panel.hinges[n].min() < 0.0 < panel.hinges[n].max()]
        colours = np.asarray(collection.get_color())
        assert len(seen) == len(colours) == len(collection.get_segments()) > 1
        for number, colour, line in zip(seen, colours, collection.get_segments(), strict=True):
            assert tuple(colour[:3]) == pytest.approx(to_rgb(POSITIVE if panel.signs[number] > 0 else NEGATIVE))
            assert colour[3] == pytest.approx(opacities(panel.shares[number], largest))
            if panel.arrows is None:
                for x1, x2 in line:  # affine, so the plane through three corners of the grid is w . phi
                    z, (u, v) = panel.hinges[number], ((x1 - found.x1[0]), (x2 - found.x2[0]))
                    right, up = (z[0, -1] - z[0, 0]) / np.ptp(found.x1), (z[-1, 0] - z[0, 0]) / np.ptp(found.x2)
                    assert z[0, 0] + right * u + up * v == pytest.approx(0.0, abs=1e-12)
            else:
                reached, wanted = line[1] - line[0], panel.arrows[number]
                assert reached[0] * wanted[1] == pytest.approx(reached[1] * wanted[0], abs=1e-12)
                assert float(reached @ wanted) > 0.0
                assert np.hypot(*reached) == pytest.approx(LONGEST * np.ptp(found.x1) * panel.shares[number] / largest)


def test_opacity_grows_with_the_share() -> None:
    """Assert that no share is faint, the largest is opaque, and more is more."""
    faint, half, full = opacities(np.array([0.0, 1.0, 2.0]), 2.0)
    assert faint == FAINTEST < half < full == 1.0


def test_command_draws_features_of_two_inputs_alone(tmp_path: Path) -> None:
    """Assert that files of two inputs get a picture more, others do not, and one that cannot be drawn is said."""
    two, three = plane_run(tmp_path / "two.h5")[0], plane_run(tmp_path / "three.h5", Identity(3))[0]
    linear = linearised_run(tmp_path / "linear.h5")
    files = [str(two), str(three), str(recorded(tmp_path / "none.h5")), str(linear)]
    code, out, err = spoken("plot", *files, "--time", "0", "--time", "2", "--out", str(tmp_path / "figures"))
    assert code == 0 and f"\n{linear} was written by a linearised flow" in err
    features = [line.strip() for line in out.splitlines() if line.endswith("-features.png")]
    assert features == [str(tmp_path / "figures" / "two-features.png")]
    assert Path(features[0]).read_bytes().startswith(b"\x89PNG")
