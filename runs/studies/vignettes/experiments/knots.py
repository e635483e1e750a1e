"""E3.5: knots of cold stationary laws of rectifiers on random data: how many, where, and how fast all else vanishes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from limits import Knots, ReLUGibbs, ReLULaw, Slope, knots, piecewise_linear
from limits.theorems import Result, Statement, from_above, from_below, knot_count, slope_within
from limits.theorems.vignettes.knots import MOST
from particles import Biased, Dataset, MeanField, Perceptron, Plain, ReLU, Risk, Squared, generator
from runs.batch.jobs import Report
from runs.figures.figures import Array
from runs.figures.palette import COLOURS, GREY
from runs.studies.vignettes.config import Config
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Curve, Row, Table, student_reach

SOURCE = "Shevchenko, Kungurtsev and Mondelli 2022"
#: How the confinement follows the temperature, with the words for it.
SCHEDULES = {"constant": "constant", "vanishing": "vanishing"}
#: What is smaller is rounding, and counts as this much.
LEAST = 1e-14
#: Knots within this of an input are at it.
AT_INPUT = 0.01
#: Places at which a predictor is compared with its limit, and at which it is drawn.
COMPARED, DRAWN = 101, 241
#: The set of data that is drawn, and its confinement: two knots at inputs, one between.
SHOWN, SHOWN_CONFINEMENT, SHOWN_BETAS = 19, 0.005, (1e1, 1e2, 1e4, 1e6)


def rectifiers(inputs: Array, targets: Array) -> Risk:
    """The risk of a (w x + b)_+ on these data."""
    return Risk(Perceptron(ReLU(), Biased(Plain(1)), trained="both"), MeanField(), Squared(), Dataset(inputs, targets))


def random_data(seed: int) -> Risk:
    """Three to six uniform inputs in [-1, 1], at least 0.05 apart, with normal targets."""
    numbers = generator(seed, "knots")
    count = 3 + seed % 4
    inputs = np.sort(numbers.uniform(-1.0, 1.0, count))
    while np.diff(inputs).min() < 0.05:
        inputs = np.sort(numbers.uniform(-1.0, 1.0, count))
    return rectifiers(inputs[:, None], numbers.standard_normal(count))


@dataclass(frozen=True)
class KnotsOfNoise(Experiment):
    """Stationary laws of noisy SGD at beta = 1 / T from 1e5 to 1e8, confinement lambda constant and T^(1/4).

    `x` is beta. `knots` is the largest number between consecutive inputs, `off` the integral of |f''| further than 0.01
    from all its peaks, `distance` the largest distance between the inputs from the piecewise linear minimiser of the
    same confinement, `misfit` the rms of f - y. `residual`, relative to 1 + rms f, and `virial` say how exact a law is.
    """

    name = "E3.5"
    title = "Knots of noisy SGD"
    figure = ""
    words: ClassVar[Mapping[str, str]] = {
        "knots": "most knots between inputs, mean over the sets",
        "off": "curvature off the peaks",
        "distance": "distance from the limit",
        **SCHEDULES,
    }

    def about(self, config: Config) -> str:
        """Sizes."""
        return f"{config.knot_sets} random data sets of 3 to 6 points"

    def cases(self, config: Config) -> list[Case]:
        """One a set of data."""
        return [Case(f"data{seed}", seed, len(SCHEDULES) * len(config.knot_betas)) for seed in range(config.knot_sets)]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """All laws of one set."""
        risk, done = random_data(case.seed), 0
        for schedule in SCHEDULES:
            for beta in config.knot_betas:
                confinement = config.knot_confinement if schedule == "constant" else beta**-0.25
                law = ReLUGibbs(risk, 1.0 / beta, confinement).solve()
                found = knots(law)
                for quantity, value in _seen(risk, law, found, confinement).items():
                    yield Row(self.name, quantity, schedule, case.seed, beta, value)
                done += 1
                report(done)
            for number, intervals in enumerate(np.bincount(_counts(risk, found), minlength=MOST + 1)):
                yield Row(self.name, "intervals", schedule, case.seed, float(number), float(intervals))

    def predicted(self, config: Config) -> Iterator[Row]:
        """The set that is drawn: predictors and curvature at several beta, the limit, data."""
        risk = random_data(SHOWN)
        x, y = risk.data.inputs[:, 0], risk.data.targets[:, 0]
        low, high = float(x[0]) - 0.2, float(x[-1]) + 0.2
        places = torch.linspace(low, high, DRAWN, dtype=torch.float64)[:, None]
        limit = piecewise_linear(risk, SHOWN_CONFINEMENT)
        turns = limit.turns(float(x[0]), float(x[-1]), merged=1e-4)
        near = [
            place + sign * 10.0**-power for place in turns for power in np.arange(1.5, 5.0, 0.25) for sign in (1, -1)
        ]
        fine = torch.tensor(sorted({*places[:, 0].tolist(), *near, *turns}), dtype=torch.float64)[:, None]
        for beta in SHOWN_BETAS:
            law = ReLUGibbs(risk, 1.0 / beta, SHOWN_CONFINEMENT).solve()
            yield from self._curve("f", f"{beta:g}", places, law(places))
            yield from self._curve("curvature", f"{beta:g}", fine, law.curvature(fine).abs())
        yield from self._curve("f", "limit", places, limit(places))
        yield from self._curve("f", "data", x[:, None], y[:, None])
        at = torch.tensor([*turns], dtype=torch.float64)[:, None]
        yield from self._curve("f", "knots", at, limit(at))

    def _curve(self, quantity: str, curve: str, places: torch.Tensor, values: torch.Tensor) -> Iterator[Row]:
        for place, value in zip(places[:, 0].tolist(), values[:, 0].tolist(), strict=True):
            yield Row(self.name, quantity, curve, None, place, value)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """Counts, what vanishes, the rate, and our row 3e."""
        for schedule in SCHEDULES:
            counts = table.at(self.name, "knots", schedule).values
            yield knot_count([int(one) for one in counts.flatten()])
            words = f"{schedule} confinement: never more than two knots between consecutive inputs"
            yield from_above(Statement(words, "our notes", proven=False), (), 2.0, torch.from_numpy(counts.flatten()))
            for quantity, what in (
                ("off", "curvature off the peaks vanishes with the temperature"),
                ("distance", "the predictor converges to the piecewise linear one of least norm"),
            ):
                slope = slope_of_sets(table.at(self.name, quantity, schedule))
                said = Statement(f"{schedule} confinement: {what}: slope in beta < 0", SOURCE, proven=False)
                yield slope_within(said, (), slope, most=0.0)
            between = table.at(self.name, "between", schedule).last
            words = f"{schedule} confinement: knots strictly between inputs occur"
            yield from_below(Statement(words, SOURCE, proven=False), (), 1.0, float(between.sum()), -1.0)
        misfit = slope_of_sets(table.at(self.name, "misfit", "vanishing"))
        words = "vanishing confinement: the data are interpolated in the limit: slope of the misfit in beta < 0"
        yield slope_within(Statement(words, SOURCE, proven=False), (), misfit, most=0.0)
        for quantity, words in (
            ("residual", "residuals of all laws, relative to 1 + rms f"),
            ("virial", "virial identities of all laws"),
        ):
            values = np.concatenate([table.at(self.name, quantity, one).values.flatten() for one in SCHEDULES])
            said = Statement(f"{words}: 1e-12 at most", "our row 3d", proven=False)
            yield from_above(said, (), 1e-12, torch.from_numpy(values))

    def panels(self, config: Config, table: Table) -> Sequence[Panel]:
        """Predictors and curvature of one set, counts, and what vanishes."""
        return (*self._drawn(table), *self._counted(table), *self._vanishing(table))

    def _drawn(self, table: Table) -> tuple[Panel, Panel]:
        lines: list[Line] = []
        bends: list[Line] = []
        for beta, colour in zip(SHOWN_BETAS, COLOURS, strict=False):
            for into, quantity in ((lines, "f"), (bends, "curvature")):
                curve = table.at(self.name, quantity, f"{beta:g}", predicted=True)
                label = "" if quantity == "f" else f"$\\beta=10^{{{np.log10(beta):.0f}}}$"
                into.append(Line.of(label, colour, curve, "line"))
        limit, data, knot = (table.at(self.name, "f", name, predicted=True) for name in ("limit", "data", "knots"))
        lines += [
            Line.of("limit", "black", limit, "dashed"),
            Line.of("data", GREY, data, "points"),
            Line.of("knots", "black", knot, "points"),
        ]
        return (
            Panel("knots.png", "Predictor", "input x", tuple(lines), "f(x)", log_x=False, log_y=False),
            Panel("knots.png", "Curvature", "input x", tuple(bends), "|f''(x)|", log_x=False),
        )

    def _counted(self, table: Table) -> tuple[Panel]:
        lines = []
        for number, (schedule, colour) in enumerate(zip(SCHEDULES, COLOURS, strict=False)):
            curve = table.at(self.name, "intervals", schedule)
            edges = np.sort(np.concatenate([curve.x + 0.4 * number - 0.4, curve.x + 0.4 * number]))
            heights = np.zeros((len(edges), 1))
            heights[::2, 0] = np.nansum(curve.values, axis=1)
            lines.append(Line(schedule, colour, edges, heights, "bars"))
        return (
            Panel("knots.png", "Knots between inputs", "knots of an interval", tuple(lines), log_x=False, log_y=False),
        )

    def _vanishing(self, table: Table) -> tuple[Panel, ...]:
        shown = (
            ("off", "Curvature off the peaks", "$\\int|f''|$"),
            ("distance", "Distance from the limit", "max|f - limit|"),
            ("width", "Width of the widest knot", ""),
        )
        return tuple(
            Panel(
                "knot_rates.png",
                title,
                "$\\beta=1/T$",
                tuple(
                    Line.of(schedule, colour, table.at(self.name, quantity, schedule), "band")
                    for schedule, colour in zip(SCHEDULES, COLOURS, strict=False)
                ),
                formula,
            )
            for quantity, title, formula in shown
        )


def slope_of_sets(curve: Curve) -> Slope:
    """The mean over sets of data of their slopes of log value against log beta, with Student's interval of 95 %."""
    slopes = np.polyfit(np.log(curve.x), np.log(np.maximum(curve.values, LEAST)), 1)[0]
    half = 2.0 * student_reach(len(slopes)) * float(slopes.std(ddof=1)) / np.sqrt(len(slopes))
    return Slope(float(slopes.mean()), float(slopes.mean() - half), float(slopes.mean() + half))


def _counts(risk: Risk, found: Knots) -> list[int]:
    """Knots of every closed interval between consecutive inputs."""
    inputs = risk.data.inputs[:, 0].tolist()
    return [found.between(low, high) for low, high in pairwise(inputs)]


def _seen(risk: Risk, law: ReLULaw, found: Knots, confinement: float) -> dict[str, float]:
    """What is kept of a law."""
    inputs = risk.data.inputs[:, 0]
    limit = piecewise_linear(risk, confinement)
    x = torch.linspace(float(inputs[0]), float(inputs[-1]), COMPARED, dtype=torch.float64)[:, None]
    every = knots(law, least=0.0)
    away = (found.places[:, None] - inputs).abs().amin(dim=1) if len(found.places) else found.places
    return {
        "knots": float(max(_counts(risk, found))),
        "between": float((away > AT_INPUT).sum()),
        "off": every.off * every.total,
        "width": float(found.widths.max()) if len(found.widths) else np.nan,
        "distance": float((law(x) - limit(x)).abs().max()),
        "misfit": float((law.predictions - risk.data.targets).square().mean().sqrt()),
        "residual": law.residual / (1.0 + float(law.predictions.square().mean().sqrt())),
        "virial": max(map(abs, law.virial)),
        "gap": limit.gap,
    }
