"""Films of the students' particles, and panels of them."""

from pathlib import Path

import pytest
import torch

from particles import ParticleCloud, Trajectory
from runs.studies.one_axis.experiments.two_input_pictures import BARS, Film, file_of, shown_particles
from runs.studies.one_axis.teacher import NOISY, RIDGED
from tests.draws import normals

CLOUD = ParticleCloud(normals(12, 3, seed=4, dtype=torch.float32))


def test_frames_are_kept_filmed_and_drawn(tmp_path: Path) -> None:
    """Assert that frames are far apart in the logarithm, masses are |u| over its sum, and panels show the last one."""
    for kind in (RIDGED, NOISY):
        with Film.of(tmp_path, kind, 0, True) as film:
            for step in range(40):
                film(step, CLOUD.moved(CLOUD.positions + 0.01 * step))
        assert file_of(tmp_path, kind).with_suffix(".gif").read_bytes().startswith(b"GIF89a")
    with Trajectory.open(file_of(tmp_path, RIDGED)) as kept:
        assert kept.times.tolist()[:4] == [0.0, 1.0, 2.0, 3.0] and kept.times.tolist()[-1] < 40.0
        assert 10 < len(kept) < 30
        u = CLOUD.positions[:, 2].abs()
        torch.testing.assert_close(kept[0].masses, u / u.sum())
    panels = shown_particles("x.png", tmp_path, (RIDGED, NOISY))
    assert [panel.title for panel in panels] == [
        "Particles, L2",
        "Particles, L2 + noise",
        "Output weights, L2",
        "Output weights, L2 + noise",
    ]
    assert float(panels[2].lines[0].values.sum()) == pytest.approx(1.0)
    assert sum(len(line.x) for line in panels[0].lines[:-1]) == CLOUD.count and len(BARS) == 51


def test_nothing_is_kept_where_it_is_not_wanted(tmp_path: Path) -> None:
    """Assert that there is no file, no panel, and none of an interrupted run is filmed."""
    with Film.of(tmp_path, RIDGED, 0, False) as film:
        film(0, CLOUD)
    assert not [*tmp_path.iterdir()] and shown_particles("x.png", tmp_path, (RIDGED,)) == []
    with pytest.raises(RuntimeError, match="broken off"), Film.of(tmp_path, RIDGED, 0, True) as film:
        film(0, CLOUD)
        raise RuntimeError("broken off")
    assert not file_of(tmp_path, RIDGED).with_suffix(".gif").exists()
