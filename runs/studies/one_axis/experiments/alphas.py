"""Figure 2: particles move the less the larger alpha is, from mean field at alpha = 1 beyond NTK at alpha = sqrt m."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from limits.theorems import Result
from runs.batch.jobs import Report
from runs.figures.palette import COLOURS
from runs.studies.one_axis.config import Config
from runs.studies.one_axis.networks import EQUAL
from runs.studies.one_axis.statements import in_turn, published
from runs.studies.one_axis.training import GROUPS, LETTERS, PROGRESS, Training
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Row, Table

FIGURE = "figure 2"
CURVE = EQUAL.name
#: What the figure shows at the end, for these powers of m = 1e4.
SHOWN = {"theta": (15.0, 4.0, 1.43, 0.51), "u": (31.0, 4.3, 0.99, 0.27)}
POWERS = (0.0, 0.3, 0.5, 0.7)
PUBLISHED = {"alpha_powers": POWERS, "alpha_count": 10_000, "alpha_epochs": 50, "rate": 0.1}


@dataclass(frozen=True)
class Alphas(Experiment):
    """(1/m) sum_j |theta_j - theta_j(0)| and the same of u, and test accuracy, at equal rates (13)."""

    name = "E4.1"
    title = "Movement against alpha"
    figure = "Fig. 2"
    words: ClassVar[Mapping[str, str]] = {
        "theta": "movement of theta, largest alpha",
        "u": "movement of u, largest alpha",
        "test accuracy": "test accuracy, largest alpha",
        CURVE: "rates (13)",
    }

    def about(self, config: Config) -> str:
        """For titles."""
        return f"{config.images}, m = {config.alpha_count}, {config.alpha_epochs} epochs, {config.about}"

    def cases(self, config: Config) -> Sequence[Case]:
        """One for every alpha and seed."""
        pairs = [(power, seed) for seed in range(config.seeds) for power in config.alpha_powers]
        return [Case(f"power{power:g}-seed{seed}", seed, PROGRESS, power) for power, seed in pairs]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """Along training, and at its end."""
        count, alpha = config.alpha_count, config.alpha_count**case.what
        training = Training.of(
            config, count, alpha, EQUAL, epochs=config.alpha_epochs, seed=case.seed, rate=config.rate
        )
        yield from training.rows(self.name, CURVE, case.what, report)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """Orders, and what the figure shows where the sizes are its own."""
        for letter in GROUPS:
            curve = table.at(self.name, letter, CURVE)
            yield in_turn(f"the mean movement of {letter} falls with alpha at rates (13)", FIGURE, curve)
            yield from published(config, PUBLISHED, f"movement of {letter} at alpha = m^", FIGURE, SHOWN[letter], curve)

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Movement along training for every alpha, and at the end against alpha."""
        shown = []
        for letter in GROUPS:
            lines = tuple(
                Line.of(
                    f"α = m^{power:g}", colour, table.at(self.name, f"{letter} along", f"{CURVE}, {power:g}"), "band"
                )
                for power, colour in zip(config.alpha_powers, COLOURS, strict=False)
            )
            shown.append(Panel("alphas.png", f"Mean movement of {LETTERS[letter]}", "step", lines))
        accuracy = Line.of("", COLOURS[0], table.at(self.name, "test accuracy", CURVE))
        shown.append(Panel("alphas.png", "Test accuracy", "power p of α = m^p", (accuracy,), log_x=False, log_y=False))
        return shown
