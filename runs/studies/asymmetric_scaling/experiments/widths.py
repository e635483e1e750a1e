"""Does movement survive width? The largest movement of gradient descent against m, and its slope."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from flows import Euler, Every, GradientFlow, evolve
from limits.theorems import Result, Statement, slope_within
from particles import LargestMovement
from runs.batch.jobs import Report
from runs.studies.asymmetric_scaling.config import SETTINGS, Config
from runs.studies.asymmetric_scaling.run import Run
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Row, Table

#: Where the slope of log movement against log m lies for gamma = 1, and where movement survives.
RANGES = ((-0.6, -0.4), (-0.1, 0.15))


@dataclass(frozen=True)
class Widths(Experiment):
    """max_j |w_j - w_j(0)| after gradient descent on the simulated data, the same seeds for all widths."""

    name = "widths"
    title = "Largest movement against width"
    words: ClassVar[Mapping[str, str]] = {
        "largest_movement": "largest movement",
        **{setting.name: setting.label for setting in SETTINGS},
    }

    def about(self, config: Config) -> str:
        """Its own data."""
        return f"simulated, {config.width_steps:,} gradient steps"

    def cases(self, config: Config) -> list[Case]:
        """One a setting, seed and width."""
        sizes = [
            (setting, seed, width) for setting in SETTINGS for seed in range(config.seeds) for width in config.widths
        ]
        return [
            Case(f"{setting.name}-m{width}-seed{seed}", seed, config.width_steps, (setting, width))
            for setting, seed, width in sizes
        ]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """One network; no trajectory is written."""
        setting, width = case.what
        run = Run(descending(config, width), setting, case.seed)
        signs = Every(steps=20, observer=lambda step, time, cloud: report(step))
        descent = Euler(step=run.config.step)
        end = evolve(GradientFlow(run.risk), run.start, descent, until=run.config.until, observers=[signs])
        moved = float(LargestMovement(run.start)(end))
        yield Row(self.name, "largest_movement", setting.name, case.seed, float(width), moved)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """Particles move in an infinitely wide network if and only if gamma < 1."""
        for setting in SETTINGS[:3]:
            least, most = RANGES[setting.gamma < 1.0]
            said = f"{setting.label}: the largest movement goes as m^s, s between {least:g} and {most:g}"
            statement = Statement(said, "Caron et al. 2023, sections 4 and 5", proven=False)
            slope = table.at(self.name, "largest_movement", setting.name).slope
            yield slope_within(statement, (), slope, least=least, most=most)

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """All settings."""
        curves = [(each, table.at(self.name, "largest_movement", each.name)) for each in SETTINGS]
        lines = tuple(Line.of(setting.label, setting.colour, curve) for setting, curve in curves)
        return [Panel("widths.png", "", "width m", lines, r"${\rm max}_j\,|w_j-w_j(0)|$")]


def descending(config: Config, width: int) -> Config:
    """The simulated data at the published sizes, with this width and the number of steps that is asked for."""
    published = Config.at_scale(data="simulated", scale="paper", device="cpu", out=config.out)
    return published.model_copy(update={"count": width, "steps": config.width_steps})
