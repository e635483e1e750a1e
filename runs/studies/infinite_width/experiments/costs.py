"""Particle steps for a standard error: by levels of coupled clouds, and in the plain ways.

A cloud of m particles gives F(m) of mean F + c / m and variance V / m, in m S particle steps. To an error e that is

    one cloud            m = V / e^2                                     V S / e^2
    N clouds, averaged   m = sqrt(2) c / e, N m = 2 V / e^2              2 V S / e^2
    levels by halves     (sqrt(V) + sum_l sqrt(V_l m_l))^2 S / e^2,  V_l ~ m_l^(-2)

so all have the power -2, and levels the larger constant: particles meet through n numbers alone, which makes a cloud's
cost linear in m. Where particles meet in pairs it is m^2, one cloud costs e^(-4) and an average e^(-3).

Starts by scrambled Sobol points have variances that fall faster than 1 / m, and halves of 2^l points are such starts
again, so that levels of them cost less than one cloud drawn at random. Where the limit is random the variance V does
not fall with m: one cloud tells nothing, and of N clouds of m particles there are needed

    N clouds, averaged   m = sqrt(2) c / e, N = 2 V / e^2                2 sqrt(2) V c S / e^3
    nested levels        (sqrt(V m_0) + sum_l sqrt(V_l m_l))^2 S / e^2,  V_l ~ m_l^(-1) or less, log e aside
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from limits import Drawn, InfiniteWidth
from limits.infinite_width.measuring import seed_of
from limits.theorems import Result, Statement, from_above, slope_within
from runs.batch.jobs import Report
from runs.figures.palette import COLOURS
from runs.studies.infinite_width.config import Config
from runs.studies.infinite_width.estimated import COST
from runs.studies.infinite_width.problems.every import KNOWN
from runs.studies.infinite_width.question import Question
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Row, Table

#: The mean square error of estimates in units of that asked for, at most.
MOST = 2.0
#: Powers are those of the formulas to this.
NEAR = 0.1
LEVELS, EVEN = "levels", "levels of Sobol starts"
ONE, AVERAGE = "one cloud", "average of clouds"
#: The ways that need no V and c to begin with, from the first of which the others have theirs.
LEVELLED = (LEVELS, EVEN)
MISSED = "error in units of that asked for"


@dataclass(frozen=True)
class Compared:
    """A limit whose costs are compared: its quantity, the lowest width, and its accuracy in units of the study's."""

    limit: str
    quantity: str
    narrow: int
    finer: float
    random: bool

    @property
    def ways(self) -> tuple[str, ...]:
        """One cloud tells nothing of a random limit."""
        return (LEVELS, AVERAGE) if self.random else (LEVELS, EVEN, ONE, AVERAGE)

    @property
    def question(self) -> Question:
        """The one quantity."""
        return KNOWN[self.limit]().small(self.narrow, 1.0, [self.quantity])

    def curve(self, way: str) -> str:
        """The name of a curve."""
        return f"{self.limit}: {way}"

    def power(self, way: str) -> float:
        """What the cost goes as."""
        return -3.0 if self.random and way == AVERAGE else -2.0


COMPARED = (
    Compared("GaussianFlow", "f", 64, 0.05, False),
    Compared("RandomKernel", "E exp(-4 K / c)", 16, 1.0, True),
)


@dataclass(frozen=True)
class Plan:
    """So many clouds of so many particles each."""

    clouds: int
    width: int

    @classmethod
    def of(cls, way: str, found: InfiniteWidth, error: float) -> "Plan":
        """What the formulas above say with V and c as an estimate has them."""
        finite, (name,) = found.finite_width, found.names
        c = abs(finite.correction(name).value)
        if way == ONE:
            return cls(1, math.ceil(finite.fluctuation(name).value / error**2))
        width = max(math.ceil(math.sqrt(2.0) * c / error), 2)
        falls = finite.falls(name)
        variance = finite.fluctuation(name).value / width if falls else float(found.fine[-1].var(ddof=1))
        return cls(math.ceil(2.0 * variance / error**2), width)

    def mean(self, question: Question, seed: int) -> float:
        """The mean of the quantity over such clouds."""
        seeds = (seed_of(seed, 0, number) for number in range(self.clouds))
        clouds = [Drawn(question.draw(self.width, own), own) for own in seeds]
        return float(question.measured(clouds).mean())


@dataclass(frozen=True)
class Costs(Experiment):
    """Costs of `repeats` estimates of each way, x is the standard error asked for; and the errors that they made."""

    name = "cost"
    title = "Particle steps for a standard error"

    def about(self, config: Config) -> str:
        """How often."""
        return f"{config.repeats} estimates of each kind"

    def cases(self, config: Config) -> list[Case]:
        """One a limit."""
        return [Case(one.limit, what=one) for one in COMPARED]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """All ways at all accuracies; V and c of the plain ways are those of the finest estimate."""
        compared: Compared = case.what
        question = compared.question.at(config)
        with torch.no_grad():
            (exact,) = (question.exact()[name] for name in question.names)
            told: InfiniteWidth | None = None
            for place, accuracy in enumerate(sorted(config.tolerances)):
                seeds = range(place * config.repeats, (place + 1) * config.repeats)
                error = accuracy * compared.finer * abs(exact)
                for way in compared.ways:
                    if way in LEVELLED:
                        asked = replace(question, draw=question.even or question.draw) if way == EVEN else question
                        found = [asked.estimating(seed)({compared.quantity: error}) for seed in seeds]
                        told = told or found[0]
                        values, costs = [one[compared.quantity].value for one in found], [one.cost for one in found]
                    elif told is not None:
                        plan = Plan.of(way, told, error)
                        values = [plan.mean(question, seed) for seed in seeds]
                        costs = [float(plan.clouds * plan.width * question.steps)] * config.repeats
                    for number, (value, cost) in enumerate(zip(values, costs, strict=True)):
                        yield Row(self.name, COST, compared.curve(way), number, error, cost)
                        yield Row(self.name, MISSED, compared.curve(way), number, error, (value - exact) / error)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """The powers of the formulas: levels have a constant part beside, that of their pilots."""
        for compared in COMPARED:
            for way in compared.ways:
                power = compared.power(way)
                slope = table.at(self.name, COST, compared.curve(way)).slope
                if way in LEVELLED:
                    said = f"{compared.curve(way)}: particle steps grow no faster than error^(-2), to a tenth"
                    yield slope_within(_said(said), (), slope, least=power - NEAR)
                else:
                    said = f"{compared.curve(way)}: particle steps go as error^({power:g}), to a tenth"
                    yield slope_within(_said(said), (), slope, least=power - NEAR, most=power + NEAR)
                missed = table.at(self.name, MISSED, compared.curve(way)).values
                made = float(np.square(missed).mean())
                kept = _said(f"{compared.curve(way)}: the mean square error is at most twice that asked for")
                yield from_above(kept, (), MOST, made, error=made * math.sqrt(2.0 / missed.size))

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """One for each limit."""
        shown = []
        for compared in COMPARED:
            lines = tuple(
                Line.of(way, colour, table.at(self.name, COST, compared.curve(way)))
                for way, colour in zip((LEVELS, ONE, AVERAGE, EVEN), COLOURS, strict=True)
                if way in compared.ways
            )
            shown.append(Panel("costs.png", compared.limit, "standard error", lines, y_label="particle steps"))
        return shown


def _said(text: str) -> Statement:
    return Statement(text, "our derivation; Giles 2008", proven=False)
