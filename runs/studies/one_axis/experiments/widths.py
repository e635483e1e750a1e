"""Figure 3: at alpha = sqrt m particles move the less the more of them there are, at each convention of rates."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from limits.theorems import Result
from runs.batch.jobs import Report
from runs.figures.palette import MOST_COLOURS
from runs.studies.one_axis.config import Config
from runs.studies.one_axis.networks import EQUAL, PRACTICAL, PRINTED, SLOW_OUTPUT, Convention
from runs.studies.one_axis.statements import POINT, in_turn, published
from runs.studies.one_axis.training import GROUPS, PROGRESS, Training
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Row, Table

FIGURE = "figure 3"
#: The width at which the rate of the scaled convention is that of the others.
PIVOT = 10_000


@dataclass(frozen=True)
class Rated:
    """A convention, and whether its rate is multiplied by sqrt(PIVOT / m), which makes (13) the same at every m."""

    name: str
    convention: Convention
    scaled: bool = False

    def rate(self, config: Config, count: int) -> float:
        """The rate at so many particles."""
        return config.rate * (math.sqrt(PIVOT / count) if self.scaled else 1.0)


RATED = (
    *(Rated(one.name, one) for one in (PRACTICAL, PRINTED, SLOW_OUTPUT, EQUAL)),
    Rated("(13), scaled", EQUAL, scaled=True),
)
#: Movement of theta that figure and text have at m = 1e2, 1e3 and 1e4, and test accuracy.
SHOWN = {"practical": (2.07, 0.307, 0.0109), "(13)": (6.27, 3.0, 1.43), "(13), scaled": (11.9, 3.87, 1.43)}
ACCURACY = {"practical": (0.920, 0.944, 0.975), "(13)": (0.947, 0.963, 0.970)}
PUBLISHED = {"width_counts": (100, 1000, 10_000), "width_epochs": 50, "rate": 0.1}


@dataclass(frozen=True)
class Widths(Experiment):
    """(1/m) sum_j |theta_j - theta_j(0)| and the same of u, and test accuracy, against m at alpha = sqrt m."""

    name = "E4.2"
    title = "Movement against width"
    figure = "Fig. 3"
    words: ClassVar[Mapping[str, str]] = {
        "theta": "movement of theta, widest",
        "u": "movement of u, widest",
        "test accuracy": "test accuracy, widest",
        **{one.name: f"rates {one.name}" for one in RATED},
    }

    def about(self, config: Config) -> str:
        """For titles."""
        return f"{config.images}, α = √m, {config.width_epochs} epochs, {config.about}"

    def cases(self, config: Config) -> Sequence[Case]:
        """One for every seed, convention and width."""
        return [
            Case(f"{place}-m{count}-seed{seed}", seed, PROGRESS, (rated, count))
            for seed in range(config.seeds)
            for place, rated in enumerate(RATED)
            for count in config.width_counts
        ]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """Along training, and at its end."""
        rated, count = case.what
        training = Training.of(
            config,
            count,
            math.sqrt(count),
            rated.convention,
            epochs=config.width_epochs,
            seed=case.seed,
            rate=rated.rate(config, count),
        )
        yield from training.rows(self.name, rated.name, count, report)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """Orders, and what the figure shows where the sizes are its own."""
        for rated in RATED:
            for letter in GROUPS:
                curve = table.at(self.name, letter, rated.name)
                yield in_turn(f"the mean movement of {letter} falls with m, rates {rated.name}", FIGURE, curve)
            accuracy = table.at(self.name, "test accuracy", rated.name)
            words = f"test accuracy rises with m, rates {rated.name}"
            yield in_turn(words, FIGURE, accuracy, increasing=True)
            for quantity, shown, point in (("theta", SHOWN, None), ("test accuracy", ACCURACY, POINT)):
                if rated.name in shown:
                    words, curve = f"{quantity}, rates {rated.name}, m = ", table.at(self.name, quantity, rated.name)
                    yield from published(config, PUBLISHED, words, FIGURE, shown[rated.name], curve, point)

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """The three quantities against m."""
        titles = {"theta": "Mean movement of θ", "u": "Mean movement of u", "test accuracy": "Test accuracy"}
        return [
            Panel(
                "widths.png",
                title,
                "particles m",
                tuple(
                    Line.of(f"rates {rated.name}", colour, table.at(self.name, quantity, rated.name))
                    for rated, colour in zip(RATED, MOST_COLOURS, strict=False)
                ),
                log_y=quantity in GROUPS,
            )
            for quantity, title in titles.items()
        ]
