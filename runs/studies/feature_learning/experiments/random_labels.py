"""Random labels: how fast does a shallow network fit more and more of them, up to and beyond its number of inputs?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from limits.theorems import Problem, Result, in_order
from limits.theorems.feature_learning.rates import Rates
from particles import GaussianLaw, Identity, MeanField, ReLU, masses
from runs.batch.jobs import Report
from runs.figures.palette import GREY, MOST_COLOURS
from runs.studies.feature_learning.config import LABEL_INPUTS, Config
from runs.studies.feature_learning.data import random_labels
from runs.studies.feature_learning.linear_decay import PROGRESS, descended
from runs.studies.feature_learning.networks import perceptron, risk_of
from runs.studies.feature_learning.statements import all_at_most, mean_at_least, mean_at_most, said, together
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Row, Table

SOURCE = "Chen, Vanden-Eijnden and Bruna 2022, section 5.1"
#: Points of a curve, the least R^2 of a straight line, and what is left of the risk of a network that fits.
FRAMES, STRAIGHT, LEFT = 50, 0.98, 1e-3
FILE = "random_labels.png"


@dataclass(frozen=True)
class RandomLabels(Experiment):
    """log R_t / R_0 against time: its slope and R^2 between 1e-2 and 1e-8, and what lemma 1 promises along the run.

    ReLU, d = 20, x ~ N(0, I), y uniform on [-1/2, 1/2], mean field, gradient steps of length one. `rate` is
    -d log R / dt; `left` is R / R_0 at the end; `bound` is exp(-2 K^2 eig_min(G) int eta dt), one where n > d.
    """

    name = "E1.1"
    title = "Random labels"
    figure = "Fig. 1"
    words: ClassVar[Mapping[str, str]] = {
        "rate": "rate of log R",
        "linearity": "R² of log R against t",
        "left": "R / R_0 at the end",
        "least active": "least active fraction",
        **{f"n = {rows}": f"n = {rows}" for rows in (5, 10, 20, 40, 80, 160)},
    }

    def about(self, config: Config) -> str:
        """Sizes."""
        return f"d = {LABEL_INPUTS}, m = {config.label_count}, {config.about}"

    def cases(self, config: Config) -> list[Case]:
        """One a number of rows and a seed."""
        pairs = [(rows, seed) for seed in range(config.seeds) for rows in config.label_rows]
        return [Case(f"n{rows}-seed{seed}", seed, PROGRESS, rows) for rows, seed in pairs]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """The curve of one run, and what it says."""
        risk = risk_of(ReLU(), Identity(LABEL_INPUTS), MeanField(), random_labels(case.what, LABEL_INPUTS, case.seed))
        law, equal = GaussianLaw(perceptron(risk)), masses.uniform(config.label_count)
        start = law.sample(masses=equal, seed=case.seed).to(device=config.device)
        run = descended(risk, start, config.label_until, report)
        bound = run.bound(2.0 * Rates.of(Problem(risk, law, equal)).least)
        curve, at = f"n = {case.what}", float(case.what)
        for quantity, values in (("risk", run.parts), ("active", run.active), ("bound", bound)):
            for place in run.places(FRAMES) if case.seed == 0 else ():
                yield Row(self.name, quantity, curve, case.seed, float(run.times[place]), float(values[place]))
        rate, linearity = run.line
        found = {"rate": rate, "linearity": linearity, "left": float(run.parts[-1])}
        found |= {"least active": float(run.active.min()), "excess": float(np.log(run.parts / bound)[1:].max())}
        for quantity, value in found.items():
            yield Row(self.name, quantity, curve, case.seed, at, value)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """Linear convergence for n <= d at a rate that falls with n, no slower than promised, and what is beyond."""
        for rows in config.label_rows:
            found = {name: table.at(self.name, name, f"n = {rows}") for name in ("linearity", "left", "excess")}
            if rows <= LABEL_INPUTS:
                words = f"n = {rows} <= d: log R is linear in t, R^2 > {STRAIGHT} from 1e-2 to 1e-8"
                yield mean_at_least(said(words, SOURCE), STRAIGHT, found["linearity"])
                words = f"n = {rows} <= d: log(R_t / R_0) <= -2 K^2 eig_min(G) int eta ds at all times"
                yield all_at_most(said(words, SOURCE), 0.0, found["excess"].values)
            else:
                words = f"n = {rows} > d, where nothing is promised: at most {LEFT:g} of the risk is left"
                yield mean_at_most(said(words, "our study"), LEFT, found["left"])
        rates = together([table.at(self.name, "rate", f"n = {rows}") for rows in config.label_rows])
        words = "the rate falls strictly with n, over " + ", ".join(map(str, config.label_rows))
        yield in_order(said(words, SOURCE), (), rates.mean.tolist(), rates.uncertain.tolist(), increasing=False)

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Risk, its bound and the active fraction of the first draw against time, and the rates of all."""
        shown: dict[str, list[Line]] = {"risk": [], "active": []}
        for rows, colour in zip(config.label_rows, MOST_COLOURS, strict=False):
            for name, lines in shown.items():
                lines.append(Line.of(f"n = {rows}", colour, table.at(self.name, name, f"n = {rows}"), "line"))
            if rows <= LABEL_INPUTS:
                bound = table.at(self.name, "bound", f"n = {rows}")
                shown["risk"].append(Line.of("", colour, bound, "dashed"))
        rates = together([table.at(self.name, "rate", f"n = {rows}") for rows in config.label_rows])
        return [
            Panel(FILE, "Risk (dashed: promised)", "gradient steps", tuple(shown["risk"]), "$R_t/R_0$", log_x=False),
            Panel(
                FILE, "Active fraction", "gradient steps", tuple(shown["active"]), r"$\eta_t$", log_x=False, log_y=False
            ),
            Panel(FILE, "Rate of decay, all draws", "rows n", (Line.of("", GREY, rates),), r"$-d\,\log R/dt$"),
        ]
