"""Depth: with frozen random layers below, does one trained layer fit more data than inputs at a linear rate?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from limits import deep_kernels
from limits.theorems import Problem, Result, as_slope, as_value, in_order
from limits.theorems.feature_learning import gram_deviation
from limits.theorems.feature_learning.random_gram import STATEMENT
from limits.theorems.feature_learning.rates import Rates
from particles import GaussianLaw, Identity, MeanField, RandomFeatures, ReLU, masses
from runs.batch.jobs import Report
from runs.figures.palette import COLOURS, GREY
from runs.studies.feature_learning.config import DEEP_INPUTS, Config
from runs.studies.feature_learning.data import random_labels
from runs.studies.feature_learning.linear_decay import PROGRESS, descended
from runs.studies.feature_learning.networks import frozen, perceptron, risk_of
from runs.studies.feature_learning.statements import all_at_most, mean_at_least, said, together
from runs.study.experiment import Case, Experiment
from runs.study.panels import Kind, Line, Panel
from runs.study.table import Curve, Row, Table

SOURCE = "Chen, Vanden-Eijnden and Bruna 2022, theorems 2 and 3"
#: Numbers of layers: the first is the shallow network, the others have L - 2 frozen ones.
LAYERS = (2, 3, 4, 5)
#: Points of a curve, and the least R^2 of a straight line.
FRAMES, STRAIGHT = 50, 0.98
FILE, GRAMS = "depth.png", "grams"


def label(layers: int) -> str:
    """How a network is called."""
    return f"L = {layers}"


@dataclass(frozen=True)
class Depth(Experiment):
    """log R_t / R_0 of networks of L layers, of which the second to last is trained, on more random labels than inputs.

    ReLU, d = 10, mean field. `rate` is -d log R / dt, `least` eig_min(G) / n. `deviation` is |G - Gbar|_F of frozen
    layers of D features, one seed a draw, G = phi phi^T and Gbar that of infinitely wide layers.
    """

    name = "E1.4"
    title = "Depth"
    figure = "section 4"
    words: ClassVar[Mapping[str, str]] = {
        "rate": "rate of log R",
        "linearity": "R² of log R against t",
        "left": "R / R_0 at the end",
        "least": "eig_min(G) / n",
        "deviation": "|G - Gbar|, widest",
        **{label(layers): label(layers) for layers in LAYERS},
    }

    def about(self, config: Config) -> str:
        """Sizes."""
        return f"d = {DEEP_INPUTS}, n = {config.deep_rows}, m = D = {config.deep_count}, {config.about}"

    def cases(self, config: Config) -> list[Case]:
        """One a network and seed, and one for the Gram matrices of each number of frozen layers."""
        pairs = [(layers, seed) for seed in range(config.seeds) for layers in LAYERS]
        runs = [Case(f"L{layers}-seed{seed}", seed, PROGRESS, layers) for layers, seed in pairs]
        return [*runs, *(Case(f"{GRAMS}-L{layers}", 0, config.grams, layers) for layers in LAYERS[1:])]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """Of one run, or of many frozen layers."""
        if case.name.startswith(GRAMS):
            yield from self._grams(config, case.what, report)
            return
        embedding = frozen(ReLU(), DEEP_INPUTS, config.deep_count, case.what - 2, case.seed)
        risk = risk_of(ReLU(), embedding, MeanField(), random_labels(config.deep_rows, DEEP_INPUTS, case.seed))
        law, equal = GaussianLaw(perceptron(risk)), masses.uniform(config.deep_count)
        start = law.sample(masses=equal, seed=case.seed).to(device=config.device)
        run = descended(risk, start, config.deep_until, report, step=config.deep_step)
        least, curve = Rates.of(Problem(risk, law, equal)).least, label(case.what)
        for place in run.places(FRAMES) if case.seed == 0 else ():
            yield Row(self.name, "risk", curve, case.seed, float(run.times[place]), float(run.parts[place]))
        rate, linearity = run.line
        excess = float(np.log(run.parts / run.bound(2.0 * least))[1:].max())
        found = {"rate": rate, "linearity": linearity, "left": float(run.parts[-1]), "least": least, "excess": excess}
        for quantity, value in found.items():
            yield Row(self.name, quantity, curve, case.seed, float(case.what), value)

    def _grams(self, config: Config, layers: int, report: Report) -> Iterator[Row]:
        x = random_labels(config.deep_rows, DEEP_INPUTS, 0).inputs
        limit = deep_kernels(x, activation=ReLU(), depth=layers - 2).nngp
        for seed in range(config.grams):
            for width in config.gram_widths:
                phi = frozen(ReLU(), DEEP_INPUTS, width, layers - 2, seed)(x)
                away = float((phi @ phi.T - limit).norm())
                yield Row(self.name, "deviation", label(layers), seed, float(width), away)
            report(seed)

    def predicted(self, config: Config) -> Iterator[Row]:
        """sqrt(E |G - Gbar|_F^2) of one frozen layer, exact at every width."""
        x = random_labels(config.deep_rows, DEEP_INPUTS, 0).inputs
        for width in config.gram_widths:
            exact = gram_deviation(RandomFeatures(Identity(DEEP_INPUTS), ReLU(), width), x) ** 0.5
            yield Row(self.name, "deviation", label(LAYERS[1]), None, float(width), exact)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """Linear convergence for n > d, no slower than promised, and Gram matrices that concentrate."""
        for layers in LAYERS[1:]:
            found = {name: table.at(self.name, name, label(layers)) for name in ("linearity", "excess", "least")}
            words = f"{label(layers)}, n > d: log R is linear in t, R^2 > {STRAIGHT} from 1e-2 to 1e-8"
            yield mean_at_least(said(words, SOURCE), STRAIGHT, found["linearity"])
            words = f"{label(layers)}, n > d: log(R_t / R_0) <= -2 K^2 eig_min(G) int eta ds at all times"
            yield all_at_most(said(words, SOURCE), 0.0, found["excess"].values)
            words = f"{label(layers)}, n > d: eig_min(G) > 0"
            yield mean_at_least(said(words, SOURCE), 0.0, found["least"])
            words = f"{label(layers)}: |G - Gbar| falls as D^(-1/2)"
            yield as_slope(said(words, SOURCE), (), -0.5, table.at(self.name, "deviation", label(layers)).slope)
        rates = together([table.at(self.name, "rate", label(layers)) for layers in LAYERS[1:]])
        falls, ends = said("the rate falls with depth", "our study"), (rates.mean.tolist(), rates.uncertain.tolist())
        yield in_order(falls, (), *ends, increasing=False)
        yield from self._exact(config, table)

    def _exact(self, config: Config, table: Table) -> Iterator[Result]:
        found = table.at(self.name, "deviation", label(LAYERS[1]))
        exact = table.at(self.name, "deviation", label(LAYERS[1]), predicted=True)
        squares = Curve(found.x[-1:], found.values[-1:] ** 2, found.errors[-1:], found.seeds)
        measured = float(squares.mean[0]), float(squares.uncertain[0])
        yield as_value(STATEMENT, (), float(exact.last[0]) ** 2, *measured)

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Risks of the first draw, rates of all, and deviations against the number of features."""
        shown: dict[str, list[Line]] = {"risk": [], "deviation": []}
        for layers, colour in zip(LAYERS, COLOURS, strict=True):
            for name, lines in shown.items():
                kind: Kind = "line" if name == "risk" else "dots"
                lines.append(Line.of(label(layers), colour, table.at(self.name, name, label(layers)), kind))
        exact = table.at(self.name, "deviation", label(LAYERS[1]), predicted=True)
        shown["deviation"].append(Line.of("", COLOURS[1], exact, "dashed"))
        risks, deviations = (tuple(lines) for lines in shown.values())
        rates = together([table.at(self.name, "rate", label(layers)) for layers in LAYERS])
        widths = "random features D"
        return [
            Panel(FILE, "Risk, the first draw", "flow time", risks, "$R_t/R_0$", log_x=False),
            Panel(
                FILE,
                "Rate of decay, all draws",
                "layers L",
                (Line.of("", GREY, rates),),
                r"$-d\,\log R/dt$",
                log_x=False,
            ),
            Panel(FILE, "Frozen layers (dashed: exact)", widths, deviations, r"$|G-\bar G|_F$"),
        ]
