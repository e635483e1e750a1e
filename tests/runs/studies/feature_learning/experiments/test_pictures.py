"""Figures and films of features."""

from pathlib import Path

import torch

from particles import Trajectory
from runs.studies.feature_learning.experiments.pictures import SCATTER, Film, film_file, panels_of
from runs.studies.feature_learning.networks import SCALINGS, features
from runs.studies.feature_learning.training import Network, pair, times
from runs.study.panels import Panel
from runs.study.table import Table
from tests.runs.studies.feature_learning.small import small


def test_features_are_kept_drawn_and_filmed(tmp_path: Path) -> None:
    """Assert that a trajectory holds (h_j(x_1), h_j(x_2)) at every time, beside a film, and nine panels are drawn."""
    config = small(until=20.0, early=20.0, records=3, out=tmp_path)
    for scaled in SCALINGS:
        net = Network(config, scaled, 16, 20, 0)
        seen: list[float] = []
        end = Film(net, tmp_path).shot(lambda time, cloud, seen=seen: seen.append(time), lambda time: None)
        with Trajectory.open(film_file(tmp_path, scaled.name)) as found:
            assert found.times.tolist() == seen == times(config)
            expected = features(net.risk, end, pair(net))
            assert torch.equal(found[-1].positions.to(expected), expected)
        assert film_file(tmp_path, scaled.name).with_suffix(".gif").read_bytes().startswith(b"GIF89a")
    panels = panels_of("E1.3", config, Table())
    scatter = [panel for panel in panels if isinstance(panel, Panel) and panel.file == SCATTER]
    assert [panel.title for panel in scatter[::4]] == ["ours, step 0", "NTK, step 4", "MF, step 20"]
    assert all(panel.lines[0].values.shape == (16, 1) for panel in scatter)


def test_nothing_filmed_is_not_drawn(tmp_path: Path) -> None:
    """Assert that without trajectories there are curves and sweeps alone."""
    panels = panels_of("E1.3", small(out=tmp_path), Table())
    assert len(panels) == 6 and len({panel.file for panel in panels}) == 2
