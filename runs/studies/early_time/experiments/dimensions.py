"""Figure 1c: the gap to the linear model against d, of infinitely wide networks and of finite ones apart from noise."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor

from flows import GradientFlow
from limits import KernelFlow, tangent_kernel
from limits.theorems import Asymptotics, Result, Statement, agreement, as_published, as_slope, in_order
from particles import Erf
from runs.batch.jobs import Report
from runs.figures.palette import COLOURS
from runs.studies.early_time.config import Config
from runs.studies.early_time.problem import Data, Start, descent, frames, gap
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Curve, Row, Table, log_slope

#: Steps of training, and the time at which gaps are taken in units of d.
STEPS, UNTIL = 100, 4.0
PLACES = ("data", "test inputs")
WIDE = "infinite width"
SOURCE = "Hu et al. 2020, figure 1c"


@dataclass(frozen=True)
class Dimensions(Experiment):
    """sum (f - f^lin)^2 / sum (f^lin)^2 at t = 4 d, erf, both layers: of infinite width, and of finite m beside it."""

    name = "E2.1c"
    title = "Gap to the linear model at t = 4 d"
    figure = "Fig. 1c"

    def about(self, config: Config) -> str:
        """For titles."""
        return f"erf, both layers, n = {config.gap_rows}, {config.about}"

    def cases(self, config: Config) -> Sequence[Case]:
        """One for every d and seed."""
        pairs = [(dim, seed) for seed in range(config.seeds) for dim in config.dims]
        return [Case(f"d{dim}-seed{seed}", seed, what=dim) for dim, seed in pairs]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """At the data and elsewhere."""
        dim, step = case.what, UNTIL * case.what / STEPS
        data = Data.of_teacher(dim, config.gap_rows, config.gap_rows // 2, case.seed)
        ends: dict[str, tuple[Tensor, Tensor]] = {}
        for width in config.gap_widths:
            start = Start.of(Erf(), "both", width, data.train, case.seed)
            _, cloud = frames(GradientFlow(start.risk), start.single, step, STEPS, count=2)[-1]
            elsewhere = start.risk.predictions(cloud, data.test.inputs.float())
            ends[f"m = {width}"] = start.risk.predictions(cloud), elsewhere
        wide = KernelFlow(tangent_kernel(start.model.neuron, start.law), data.train, step=step)
        model = descent(start.model, data.train, step)
        ends[WIDE], linear = (
            (flow.predictions(UNTIL * dim), flow.predictions(UNTIL * dim, data.test.inputs)) for flow in (wide, model)
        )
        for place, where in enumerate(PLACES):
            for curve, end in ends.items():
                yield Row(self.name, f"gap at {where}", curve, case.seed, float(dim), gap(end[place], linear[place]))
                if curve != WIDE:
                    noise = gap(end[place], ends[WIDE][place])
                    yield Row(self.name, f"noise at {where}", curve, case.seed, float(dim), noise)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """The gap of infinite width falls with d and halves; what finite width adds falls as 1/m, whatever d."""
        sizes = Asymptotics(
            activation=Erf(),
            trained="both",
            dims=config.dims,
            data=(config.gap_rows,) * len(config.dims),
            particles=(math.inf,) * len(config.dims),
            steps=tuple(UNTIL * dim / STEPS for dim in config.dims),
            until=tuple(UNTIL * dim for dim in config.dims),
        )
        for where, formula in zip(PLACES, ("(1/n) sum_i", "E_x"), strict=True):
            wide = table.at(self.name, f"gap at {where}", WIDE)
            yield agreement(sizes, wide.slope, f"infinite width, {formula}")
            doublings = math.log2(config.dims[-1] / config.dims[0])
            ratios = (wide.values[-1] / wide.values[0]) ** (1.0 / doublings)
            ratio = Curve.of([Row("", "", "", seed, 0.0, float(one)) for seed, one in enumerate(ratios)])
            said = f"infinite width, {where}: the gap halves with every doubling of d"
            statement = Statement(said, SOURCE, proven=False)
            yield as_published(statement, (), 0.5, 0.125, float(ratio.mean[0]), float(ratio.uncertain[0]))
            statement = Statement(f"d = {config.dims[-1]}, {where}: the gap falls with the width", SOURCE, proven=False)
            curves = [table.at(self.name, f"gap at {where}", name) for name in (*self._widths(config), WIDE)]
            means, errors = zip(*((float(curve.mean[-1]), float(curve.uncertain[-1])) for curve in curves), strict=True)
            yield in_order(statement, (), means, errors, increasing=False)
            said = f"{where}: what finite width adds falls as 1/m"
            statement = Statement(said, "Lee et al. 2019, mean squares of order 1/m", proven=False)
            noise = [table.at(self.name, f"noise at {where}", name).values.flatten() for name in self._widths(config)]
            yield as_slope(statement, (), -1.0, log_slope(config.gap_widths, np.array(noise)))

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Gaps, and what finite width adds."""
        shown = []
        for where in PLACES:
            names = (WIDE, *self._widths(config))
            gaps = tuple(
                Line.of(name, colour, table.at(self.name, f"gap at {where}", name))
                for name, colour in zip(names, COLOURS, strict=False)
            )
            shown.append(Panel("dimensions.png", f"Gap to the linear model, {where}", "inputs d", gaps))
        noise = tuple(
            Line.of(name, colour, table.at(self.name, "noise at data", name))
            for name, colour in zip(self._widths(config), COLOURS[1:], strict=False)
        )
        return [*shown, Panel("dimensions.png", "Gap to infinite width, data", "inputs d", noise)]

    def _widths(self, config: Config) -> list[str]:
        return [f"m = {width}" for width in config.gap_widths]
