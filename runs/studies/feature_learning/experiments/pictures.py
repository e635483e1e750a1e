"""Figures of the three scalings, and films of their features: (h_j(x_1), h_j(x_2)) of every particle j over time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from particles import ParticleCloud, Trajectory
from runs.figures.film import animate
from runs.figures.palette import COLOURS
from runs.studies.feature_learning.config import Config
from runs.studies.feature_learning.networks import SCALINGS, features
from runs.studies.feature_learning.training import Network, pair
from runs.study.panels import Line, Panel
from runs.study.table import Table

CURVES, SWEEPS, SCATTER = "scalings.png", "sweeps.png", "features.png"
#: Times of the figure of features: the start, early, and the end.
SHOWN = (0.0, 0.5, 1.0)


@dataclass(frozen=True)
class Film:
    """The features of a network at two inputs, as a trajectory of particles (h_j(x_1), h_j(x_2)), and its film."""

    network: Network
    folder: Path

    @property
    def path(self) -> Path:
        """Of the trajectory; the film lies beside it."""
        return film_file(self.folder, self.network.scaled.name)

    def shot(self, watch: Callable[[float, ParticleCloud], None], alive: Callable[[float], None]) -> ParticleCloud:
        """Train the network, with its features written at every time, and make the film."""
        inputs, kept = pair(self.network), count()
        parameters = {"study": "feature-learning", "scaling": self.network.scaled.name, "inputs": inputs.tolist()}
        file = Trajectory.create(self.path, seed=self.network.seed, parameters=parameters, overwrite=True)
        with file as trajectory:

            def both(time: float, cloud: ParticleCloud) -> None:
                watch(time, cloud)
                h = features(self.network.risk, cloud, inputs)
                trajectory(next(kept), time, ParticleCloud(h, cloud.masses).to(device="cpu"))

            end = self.network.train(both, alive)
        animate(self.path)
        return end


def film_file(folder: Path, scaling: str) -> Path:
    """Where the features of a scaling lie."""
    return folder / f"features-{scaling}.h5"


def panels_of(experiment: str, config: Config, table: Table) -> Sequence[Panel]:
    """Curves against time, errors and movements against m and n, and features at three times."""
    return (*_curves(experiment, config, table), *_sweeps(experiment, table), *_scatter(config))


def _curves(experiment: str, config: Config, table: Table) -> list[Panel]:
    """Training risk (line) and test error (dashed) of each scaling, a colour for each width."""
    shown = []
    for scaled in SCALINGS:
        lines = []
        for width, colour in zip(config.widths, COLOURS, strict=False):
            train, test = (table.at(experiment, f"{name} m = {width}", scaled.name) for name in ("train", "test"))
            lines.append(Line.of(f"m = {width}", colour, train, "line"))
            lines.append(Line.of("", colour, test, "dashed"))
        shown.append(Panel(CURVES, f"{scaled.label}: risk (line), test error", "gradient steps", tuple(lines)))
    return shown


def _sweeps(experiment: str, table: Table) -> list[Panel]:
    """Test error against rows and widths, movement of features against widths."""
    shown = (
        ("test n", "Test error against rows", "rows n", False),
        ("test m", "Test error against width", "width m", False),
        ("movement m", "Movement of features", "width m", True),
    )
    return [
        Panel(
            SWEEPS,
            title,
            axis,
            tuple(Line.of(one.label, one.colour, table.at(experiment, name, one.name)) for one in SCALINGS),
            "rms$(h_t-h_0)\\,/\\,$rms$(h_0)$" if log else "",
            log_y=log,
        )
        for name, title, axis, log in shown
    ]


def _scatter(config: Config) -> list[Panel]:
    """Features of the first draw, a column for each scaling and a row for each time; none where nothing was filmed."""
    files = [film_file(config.out, one.name) for one in SCALINGS]
    if not all(file.exists() for file in files):
        return []
    shown: dict[float, list[Panel]] = {part: [] for part in SHOWN}
    for scaled, file in zip(SCALINGS, files, strict=True):
        with Trajectory.open(file) as trajectory:
            for part in SHOWN:
                place = round(part * (len(trajectory) - 1))
                h = trajectory[place].positions.double().numpy()
                points = Line("", scaled.colour, h[:, 0], h[:, 1:], "points")
                title = f"{scaled.label}, step {trajectory.times[place]:,.0f}"
                axes = "$h_j(x_1)$, trained on"
                shown[part].append(
                    Panel(SCATTER, title, axes, (points,), y_label="$h_j(x_2)$", log_x=False, log_y=False)
                )
    return [panel for row in shown.values() for panel in row]
