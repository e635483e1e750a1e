"""The study's figures: which numbers they show."""

import numpy as np
import torch

from particles import ParticleCloud, Trajectory
from runs.studies.asymmetric_scaling.config import SETTINGS
from runs.studies.asymmetric_scaling.experiments.pictures import (
    OBSERVED,
    cloud_panels,
    curve_panels,
    leading_directions,
    panels_of,
    pruning_panels,
    transfer_panels,
)
from runs.studies.asymmetric_scaling.run import Run
from runs.studies.asymmetric_scaling.study import STUDY
from runs.study.panels import by_file
from tests.runs.study.smoke import Smoke


def runs(smoke: Smoke) -> list[Run]:
    """The four runs of the smoke study."""
    config = STUDY.configured(data="diabetes", scale="smoke", device="cpu", out=smoke.folder)
    return [Run(config, setting, 0) for setting in SETTINGS]


def test_curves_are_the_recorded_observables_after_time_zero(smoke: Smoke) -> None:
    """Assert that six panels hold one curve per setting, in its colour, with the numbers of the file."""
    panels = curve_panels(runs(smoke)[0].config, runs(smoke))
    assert len(panels) == 6
    for panel, quantity in zip(panels, OBSERVED, strict=False):
        assert (panel.title, panel.file) == (quantity.title, f"{quantity.name}.png")
        assert [line.colour for line in panel.lines] == [setting.colour for setting in SETTINGS]
        with Trajectory.open(smoke.folder / "gamma0.0-seed0.h5") as trajectory:
            series = trajectory.observables[quantity.name]
        assert np.array_equal(panel.lines[3].values, series.values[1:, None])
        assert panel.lines[3].x[0] == 2.0 and panel.lines[3].x[-1] == 1000.0


def test_particles_are_shown_in_one_plane(smoke: Smoke) -> None:
    """Assert that all panels start from the same points and end where the file says, in the plane of most movement."""
    panels = cloud_panels(runs(smoke))
    assert len(panels) == 4
    for panel, run in zip(panels, runs(smoke), strict=True):
        assert panel.title.startswith(f"{run.setting.label}\nlargest movement ")
        assert np.array_equal(panel.before, panels[0].before)
        with Trajectory.open(run.path) as trajectory:
            movement = (trajectory[-1].positions - trajectory[0].positions).double().norm(dim=1).numpy()
            assert np.allclose(panel.masses, trajectory[-1].masses.numpy(), rtol=1e-7)
        assert np.all(np.linalg.norm(panel.after - panel.before, axis=1) <= movement * (1.0 + 1e-6) + 1e-6)


def test_directions_are_those_in_which_mass_moved() -> None:
    """Assert that a heavy particle's small movement goes before a light one's larger one, and units are kept."""
    before = ParticleCloud(torch.zeros(2, 3, dtype=torch.float64), torch.tensor([0.99, 0.01], dtype=torch.float64))
    after = before.moved(torch.tensor([[0.0, 2.0, 0.0], [0.0, 0.0, 5.0]], dtype=torch.float64))
    directions = leading_directions([(before, after)])
    assert torch.allclose(directions.abs(), torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], dtype=torch.float64))


def test_pruning_is_shown_against_the_particles_kept(smoke: Smoke) -> None:
    """Assert that curves go from 5 % to all particles, and that with all of them the risks are the unpruned ones."""
    panels = pruning_panels(runs(smoke)[0].config, runs(smoke))
    for panel, whole in zip(panels, ("train_risk", "test_risk"), strict=True):
        assert [line.label for line in panel.lines] == [setting.label for setting in SETTINGS]
        for line, run in zip(panel.lines, runs(smoke), strict=True):
            assert np.allclose(line.x, np.arange(20, 401, 20))
            with Trajectory.open(run.path) as trajectory:
                assert np.isclose(line.values[-1, 0], trajectory.observables[whole].values[-1], rtol=1e-5)


def test_transfer_is_shown_against_the_features(smoke: Smoke) -> None:
    """Assert that the panel has the recorded risks over the configured counts."""
    (panel,) = transfer_panels(runs(smoke)[0].config, runs(smoke))
    for line, run in zip(panel.lines, runs(smoke), strict=True):
        assert line.x.tolist() == [10.0, 50.0]
        with Trajectory.open(run.path) as trajectory:
            assert np.array_equal(line.values[:, 0], trajectory.observables["transfer_risk"].values[0])


def test_accuracies_have_panels_where_the_network_classifies() -> None:
    """Assert that a panel is a figure named by its observable, and accuracies come with several outputs only."""
    config = STUDY.configured(scale="smoke", device="cpu")
    several = config.model_copy(update={"outputs": 10})
    makers = (curve_panels, pruning_panels, transfer_panels)
    one, ten = ({panel.file for make in makers for panel in make(each, [])} for each in (config, several))
    assert ten - one == {
        *("train_accuracy.png", "test_accuracy.png", "pruned_test_accuracy.png", "transfer_accuracy.png")
    }
    assert "largest_movement.png" in one and not any("accuracy" in name for name in one)


def test_figures_are_an_overview_particles_and_one_per_observable(smoke: Smoke) -> None:
    """Assert that the overview has six panels and the particles four, of the first seed, and that no run has none."""
    found = by_file(panels_of(runs(smoke)[0].config, runs(smoke)))
    assert list(found)[:2] == ["curves.png", "particles.png"]
    assert [len(panels) for panels in found.values()] == [6, 4, *[1] * 9]
    assert panels_of(runs(smoke)[0].config, []) == []
