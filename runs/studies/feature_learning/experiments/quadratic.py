"""A quadratic teacher: what is won by an embedding vec(x x^T), behind which the teacher is a small network?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from flows import Euler, Every, GradientFlow, evolve
from limits.theorems import Result
from particles import Embedding, GaussianLaw, Identity, MeanField, Quadratic, ReLU, masses
from runs.batch.jobs import Report
from runs.figures.palette import COLOURS
from runs.studies.feature_learning.config import Config
from runs.studies.feature_learning.data import taught
from runs.studies.feature_learning.networks import perceptron, placed, risk_of
from runs.studies.feature_learning.statements import mean_at_most, said
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Curve, Row, Table

SOURCE = "Chen, Vanden-Eijnden and Bruna 2022, section 5.2"
#: The networks, and how they are called.
NETWORKS = {"plain": "plain, x", "quadratic": "quadratic, vec(x x^T)"}
#: What the ratio of the errors is at most at the largest number of rows.
RATIO = 0.75


@dataclass(frozen=True)
class QuadraticTeacher(Experiment):
    """Test error E (f - y)^2 / Var y against the number of rows, of a plain network and one on all products of inputs.

    ReLU, mean field, x ~ N(0, I), the same teacher, rows and seed of the weights for both.
    """

    name = "E1.2"
    title = "Quadratic embedding"
    figure = "Fig. 2"
    words: ClassVar[Mapping[str, str]] = {"test": "test error", "train": "training error", **NETWORKS}

    def about(self, config: Config) -> str:
        """Sizes."""
        return f"d = {config.taught_inputs}, m = {config.taught_count}, {config.about}"

    def cases(self, config: Config) -> list[Case]:
        """One a number of rows and a seed."""
        pairs = [(rows, seed) for seed in range(config.seeds) for rows in config.taught_rows]
        return [Case(f"n{rows}-seed{seed}", seed, 2, rows) for rows, seed in pairs]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """Both networks on the same rows."""
        train, test = taught(case.what, config.taught_inputs, case.seed)
        embeddings: tuple[Embedding, ...] = (Identity(config.taught_inputs), Quadratic(config.taught_inputs))
        for number, (curve, embedding) in enumerate(zip(NETWORKS, embeddings, strict=True)):
            risk = risk_of(ReLU(), embedding, MeanField(), train)
            law = GaussianLaw(perceptron(risk))
            start = placed(law.sample(masses=masses.uniform(config.taught_count), seed=case.seed), config)
            alive = Every(steps=10, observer=lambda step, time, cloud, number=number: report(number))
            descent = Euler(config.taught_step)
            end = evolve(GradientFlow(risk), start, descent, until=config.taught_until, observers=[alive])
            for quantity, error in (("train", risk(end)), ("test", risk.on(test)(end))):
                yield Row(self.name, quantity, curve, case.seed, float(case.what), 2.0 * float(error))

    def ratio(self, table: Table) -> Curve:
        """Error of the quadratic network over that of the plain one, draw by draw."""
        plain, quadratic = (table.at(self.name, "test", curve) for curve in NETWORKS)
        return Curve(plain.x, quadratic.values / plain.values, plain.errors, plain.seeds)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """The embedding is better at every number of rows, and by a quarter at the largest."""
        ratio = self.ratio(table)
        for place, rows in enumerate(config.taught_rows):
            words = f"n = {rows}: the quadratic embedding has the smaller test error (ratio < 1)"
            yield mean_at_most(said(words, SOURCE), 1.0, ratio, place)
        words = f"n = {config.taught_rows[-1]}: its test error is below {RATIO:g} of the other"
        yield mean_at_most(said(words, "our row 1c"), RATIO, ratio, -1)

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Errors against rows, and their ratio."""
        shown = []
        for quantity, title in (("test", "Test error"), ("train", "Training error")):
            curves = [(label, table.at(self.name, quantity, name)) for name, label in NETWORKS.items()]
            pairs = zip(curves, COLOURS, strict=False)
            lines = tuple(Line.of(label, colour, curve) for (label, curve), colour in pairs)
            shown.append(Panel("quadratic.png", title, "rows n", lines, r"${\rm E}\,(f-y)^2\,/\,{\rm Var}\,y$"))
        return shown
