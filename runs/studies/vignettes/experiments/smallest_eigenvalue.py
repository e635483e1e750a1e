"""Theorem 4.1 of Nguyen, Mondelli and Montufar: the smallest eigenvalue of the tangent kernel and the widest layer."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from limits import Slope
from limits.theorems import (
    Result,
    Statement,
    WidthOrder,
    eigenvalue_bounds,
    from_above,
    from_below,
    proportional_eigenvalue,
)
from limits.theorems.comparisons import slope_within
from runs.batch.jobs import Report
from runs.figures.palette import COLOURS, MOST_COLOURS
from runs.studies.vignettes.config import Config
from runs.studies.vignettes.wide_networks import WIDE, Setting
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Curve, Row, Table

PAPER = "Nguyen, Mondelli and Montufar 2021"
#: Sweeps: N with a layer of 8 N, the wide layer's units at one N, N without a wide layer, units below a wide layer.
ROWS, WIDTHS, NARROW, BELOW = "lmin, N", "lmin, width", "lmin, no wide layer", "lmin, narrow below"
PLACES = ("first", "second", "third")
#: Inputs and units of the networks without a wide layer.
SMALL = 20
#: Above so many data the bounds of every network, which cost as much as the kernel, are left out.
MOST_BOUNDED = 400
#: Quantities of the bounds, from below to above.
BOUNDS = ("lower bound", "bounded", "upper bound")
#: Eigenvalues above this are not rounding.
REGULAR = 1e-6
#: A kernel per unit that falls faster than N to this power is not bounded below.
LEVEL = -0.1


@dataclass(frozen=True)
class Point:
    """A number of a sweep."""

    quantity: str
    curve: str
    x: int
    setting: Setting


@dataclass(frozen=True)
class SmallestEigenvalue(Experiment):
    """lmin(K) of finite ReLU networks in He's initialisation, of one output, beside that of infinite width."""

    name = "E3.7"
    title = "The smallest eigenvalue of the tangent kernel"
    figure = "Fig. 1"
    words: ClassVar[Mapping[str, str]] = {
        ROWS: "lmin at the largest N",
        WIDTHS: "lmin at the largest width",
        **{name: name for name in ("d = 50", "d = 100", "d = 200", "d = N / 4")},
        **{f"{place} layer wide": f"{place} layer wide" for place in PLACES},
    }

    def about(self, config: Config) -> str:
        """For titles."""
        return f"ReLU, He's initialisation, {config.eigen_draws} draws"

    def cases(self, config: Config) -> Sequence[Case]:
        """One for every curve of every sweep and draw."""
        found: dict[tuple[str, str, int], list[Point]] = {}
        for seed in range(config.eigen_draws):
            for point in points(config, seed):
                found.setdefault((point.quantity, point.curve, seed), []).append(point)
        return [
            Case(_file(quantity, curve, seed), seed, sum(point.x for point in several), several)
            for (quantity, curve, seed), several in found.items()
        ]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """The eigenvalue at every point, with its bounds for few data, and what belongs to the sweep."""
        for point in case.what:
            yield from self._at(replace(point, setting=replace(point.setting)), case.seed)
            report(point.x)

    def _at(self, point: Point, seed: int) -> Iterator[Row]:
        setting, x = point.setting, float(point.x)
        value = setting.smallest
        yield Row(self.name, point.quantity, point.curve, seed, x, value)
        if point.quantity in (ROWS, WIDTHS):
            order = WidthOrder.of(setting.neuron, setting.rows).above / 2.0 ** len(setting.widths)
            yield Row(self.name, f"{point.quantity}, over its order", point.curve, seed, x, value / order)
        if setting.rows <= MOST_BOUNDED:
            below, above = eigenvalue_bounds(setting.risk, setting.cloud, setting.gram)
            yield Row(self.name, "lower bound", f"{point.quantity}, {point.curve}", seed, x, below.bound)
            yield Row(self.name, "upper bound", f"{point.quantity}, {point.curve}", seed, x, above.bound)
            yield Row(self.name, "bounded", f"{point.quantity}, {point.curve}", seed, x, value)
        if point.quantity == ROWS:
            yield Row(self.name, "lmin of infinite width", point.curve, seed, x, setting.infinite)
        if point.quantity == WIDTHS:
            lecun = 2.0 ** len(setting.widths) * replace(setting, variance=1.0).gram
            apart = float((setting.gram - lecun).norm() / setting.gram.norm())
            yield Row(self.name, "He against LeCun", point.curve, seed, x, apart)
        if point.quantity == BELOW:
            yield Row(self.name, "data that no unit sees", point.curve, seed, x, float(setting.unseen))

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """Bounds of every network, slopes in N and in the width, both initialisations, and narrow layers."""
        yield from self._bounds(table)
        yield self._order(table)
        for place in PLACES:
            curve = table.at(self.name, WIDTHS, f"{place} layer wide")
            said = f"{place} layer wide, in its units at N = {config.eigen_fixed}"
            yield proportional_eigenvalue(_slope(curve), said)
            half = slice(len(curve.x) // 2, None)
            upper = Curve(curve.x[half], curve.values[half], curve.errors[half], curve.seeds)
            yield proportional_eigenvalue(_slope(upper), f"{said}, the larger half of them")
            apart = table.at(self.name, "He against LeCun", f"{place} layer wide")
            said = f"{place} layer wide: He's initialisation gives 2^(L-1) times the kernel of LeCun's"
            yield from_above(Statement(said, "homogeneity of ReLU"), (), 1e-10, torch.from_numpy(apart.values))
        for name in curves(config):
            curve = table.at(self.name, ROWS, name)
            yield proportional_eigenvalue(_slope(curve), f"{name}, in N with a layer of {WIDE} N")
        for name in curves(config):
            if "layer wide" not in name:
                yield self._level(table.at(self.name, "lmin of infinite width", name), name)
        said = f"without a wide layer (d = n_1 = n_2 = {SMALL}) the eigenvalue falls with N"
        curve = table.at(self.name, NARROW, "no wide layer")
        yield slope_within(Statement(said, f"{PAPER}, section 1", proven=False), (), _slope(curve), most=0.0)
        yield from self._narrow(table)

    def _bounds(self, table: Table) -> Iterator[Result]:
        """Theorems, in every draw with few data."""
        rows = {kind: [row.value for row in table.of(self.name) if row.quantity == kind] for kind in BOUNDS}
        below, value, above = (torch.tensor(rows[kind], dtype=torch.float64) for kind in BOUNDS)
        if len(value):
            said = "lmin(K) >= sum_l m_l^2 smin(F_(l-1))^2 min_i |b_l(x_i)|^2 in every draw"
            yield from_below(Statement(said, f"{PAPER}, section 4"), (), below, value)
            yield from_above(Statement("lmin(K) <= min_i K_ii in every draw", f"{PAPER}, section 4"), (), above, value)

    def _order(self, table: Table) -> Result:
        """lmin(K) is at most the sum of the theorem, which is the mean of K(x, x)."""
        ratios = [row.value for row in table.of(self.name) if row.quantity.endswith("over its order")]
        said = "with a wide layer, lmin(K) <= 2^(1-L) sum_k d prod_(l<L) n_l prod_(l!=k) beta_l^2"
        statement = Statement(said, f"{PAPER}, theorem 4.1", proven=False)
        return from_above(statement, (), 1.0, torch.tensor(ratios, dtype=torch.float64))

    def _level(self, curve: Curve, name: str) -> Result:
        """lmin of the infinitely wide network per unit of the wide layer does not fall."""
        slope = _slope(Curve(curve.x, curve.values / curve.x[:, None], curve.errors, curve.seeds))
        said = f"{name}: lmin of infinite width over n_1 is bounded below, its slope in N at least {LEVEL:g}"
        return slope_within(Statement(said, f"{PAPER}, theorem 3.2", proven=False), (), slope, least=LEVEL)

    def _narrow(self, table: Table) -> Iterator[Result]:
        """A datum that no unit of the narrow layer sees has K(x, x) = 0; without such data K is regular."""
        curve, unseen = (table.at(self.name, what, "narrow below") for what in (BELOW, "data that no unit sees"))
        lost = unseen.values > 0.0
        if bool(lost.any()):
            said = "where no unit below the wide layer sees some datum, lmin(K) = 0"
            statement = Statement(said, "K(x, x) = 0 at this datum")
            yield from_above(statement, (), REGULAR, torch.from_numpy(np.abs(curve.values[lost])))
        wide = torch.from_numpy(curve.values[~lost])
        if len(wide):
            said = "where every datum is seen by some unit of the layer below the wide one, lmin(K) > 0"
            yield from_below(Statement(said, f"{PAPER}, theorem 4.1", proven=False), (), REGULAR, wide)

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Eigenvalues against N with the first and with other layers wide, against the width, and of narrow layers."""
        first: list[Line] = []
        others: list[Line] = []
        for name, colour in zip(curves(config), MOST_COLOURS, strict=False):
            lines = others if "layer wide" in name else first
            lines.append(Line.of(name, colour, table.at(self.name, ROWS, name)))
            lines.append(Line.of("", colour, table.at(self.name, "lmin of infinite width", name), "dashed"))
        others.append(Line.of("no wide layer", "black", table.at(self.name, NARROW, "no wide layer")))
        several = tuple(
            Line.of(f"{place} layer wide", colour, table.at(self.name, WIDTHS, f"{place} layer wide"))
            for place, colour in zip(PLACES, COLOURS, strict=False)
        )
        curve = table.at(self.name, BELOW, "narrow below")
        kept = (curve.values > REGULAR).all(axis=1) if curve.values.size else np.zeros(0, dtype=bool)
        seen = Curve(curve.x[kept], curve.values[kept], curve.errors[kept], curve.seeds)
        dashed = "dashed: infinite width"
        return [
            Panel("eigenvalues.png", "λmin(K), first layer wide", "data N", tuple(first), formula=dashed),
            Panel("eigenvalues.png", "λmin(K), other layers", "data N", tuple(others), formula=dashed),
            Panel("widths.png", f"λmin(K), N = {config.eigen_fixed}", "units of the wide layer", several),
            Panel(
                "widths.png",
                f"λmin(K), N = {2 * config.eigen_fixed}, second wide",
                "units of the first layer",
                (Line.of("", COLOURS[1], seen),),
            ),
        ]


def curves(config: Config) -> list[str]:
    """The curves of the sweep in N: three d with the first layer wide, d growing with N, the other layers wide."""
    middle = config.eigen_dims[len(config.eigen_dims) // 2]
    fixed = [f"d = {dim}" for dim in config.eigen_dims]
    return [*fixed, "d = N / 4", *(f"{place} layer wide, d = {middle}" for place in PLACES[1:])]


def points(config: Config, seed: int) -> Iterator[Point]:
    """Every number of one draw."""
    for rows in config.eigen_rows:
        names = iter(curves(config))
        for dim in config.eigen_dims:
            yield Point(ROWS, next(names), rows, Setting(rows, dim, (WIDE * rows, dim), seed))
        quarter = max(rows // 4, 2)
        middle = config.eigen_dims[len(config.eigen_dims) // 2]
        yield Point(ROWS, next(names), rows, Setting(rows, quarter, (WIDE * rows, middle), seed))
        for place in (1, 2):
            yield Point(ROWS, next(names), rows, Setting(rows, middle, _widths(middle, WIDE * rows, place), seed))
    fixed, dim = config.eigen_fixed, config.eigen_dims[0]
    for multiple in config.eigen_multiples:
        width = multiple * fixed
        for place, name in enumerate(PLACES):
            yield Point(WIDTHS, f"{name} layer wide", width, Setting(fixed, dim, _widths(dim, width, place), seed))
    for rows in (rows for rows in config.eigen_rows if rows <= SMALL**2):
        yield Point(NARROW, "no wide layer", rows, Setting(rows, SMALL, (SMALL, SMALL), seed))
    for units in config.eigen_narrow:
        yield Point(BELOW, "narrow below", units, Setting(2 * fixed, dim, (units, 2 * WIDE * fixed), seed))


def _widths(units: int, wide: int, place: int) -> tuple[int, ...]:
    """Two hidden layers, or three where the third is wide."""
    widths = [units] * max(2, place + 1)
    widths[place] = wide
    return tuple(widths)


def _slope(curve: Curve) -> Slope:
    """The slope of a curve; unknown where some kernel is singular, so that there is no logarithm."""
    return curve.slope if bool((curve.values > 0.0).all()) else Slope(math.nan, math.nan, math.nan)


def _file(quantity: str, curve: str, seed: int) -> str:
    """A name for the case."""
    plain = f"{quantity}-{curve}".replace(", ", "-").replace(" = ", "").replace(" / ", "-over-").replace(" ", "-")
    return f"{plain}-seed{seed}"
