"""The lazy gap: how far a training network is from the flow of its own initial kernel."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from flows import RK4, GradientFlow, LogSpaced, evolve
from limits import KernelFlow, lazy_gap
from limits.theorems import Result, Statement, as_slope, slope_within
from particles import ParticleCloud, Risk, Squared, tangent_gram
from particles.shapes import Gram, Inputs
from runs.batch.jobs import Report
from runs.figures.palette import COLOURS
from runs.studies.kernel_limits.config import FIGURE, NETWORKS, Config, Setting
from runs.studies.kernel_limits.problem import BLOCK, Problem
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Curve, Row, Table

#: Of the widths.
WIDTH_COLOURS = (*COLOURS, "#CC79A7", "#56B4E9")


@dataclass(frozen=True, eq=False)
class Frames:
    """Clouds with their times, kept in memory as an open trajectory would give them."""

    times: list[float] = field(default_factory=list)
    clouds: list[ParticleCloud] = field(default_factory=list)

    def __call__(self, step: int, time: float, cloud: ParticleCloud) -> None:
        """Keep one more."""
        self.times.append(time)
        self.clouds.append(cloud)

    def __iter__(self) -> Iterator[ParticleCloud]:
        return iter(self.clouds)


@dataclass(frozen=True)
class Gaps(Experiment):
    """Root mean square of f_t - f_t^kernel at the test inputs, for all networks and widths, against time."""

    name = "gap"
    title = "Gap of networks to their own kernel flow"

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """Of one network of each width; clouds of a seed are common to all."""
        problem = Problem.of(config)
        for setting in NETWORKS:
            for width in config.widths:
                for time, gap in gaps(problem, setting, width, case.seed):
                    yield Row(self.name, f"m = {width}", setting.name, case.seed, time, gap)

    def final(self, config: Config, table: Table, network: str) -> Curve:
        """The gaps at the last time, against width."""
        found = {width: table.at(self.name, f"m = {width}", network) for width in config.widths}
        known = {width: curve for width, curve in found.items() if curve.values.size}
        values = np.array([curve.values[-1] for curve in known.values()])
        seeds = next(iter(known.values())).seeds if known else ()
        return Curve(np.array(list(known), dtype=np.float64), values, np.full_like(values, np.nan), seeds)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """Only the network with NTK scaling and equal masses becomes its kernel flow."""
        statement = Statement("NTK, equal masses: the gap falls as 1/m", "Lee et al. 2019, section 2", proven=False)
        yield as_slope(statement, (), -1.0, self.final(config, table, "ntk").slope)
        for network in (NETWORKS[1], NETWORKS[2]):
            statement = Statement(f"{network.label}: the gap does not fall as m^(-1/2)", "our study", proven=False)
            yield slope_within(statement, (), self.final(config, table, network.name).slope, least=-0.5)

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Against time for two networks, and at the end against width for all."""
        shown = []
        for network in NETWORKS[:2]:
            curves = [(width, table.at(self.name, f"m = {width}", network.name)) for width in config.widths]
            pairs = zip(curves, WIDTH_COLOURS, strict=False)
            lines = tuple(Line.of(f"m = {width}", colour, curve) for (width, curve), colour in pairs)
            shown.append(Panel(FIGURE, f"Lazy gap, {network.label}", "flow time", lines))
        final = tuple(Line.of(each.label, each.colour, self.final(config, table, each.name)) for each in NETWORKS)
        return [*shown, Panel(FIGURE, "Lazy gap at the end", "width m", final)]


def gaps(problem: Problem, setting: Setting, width: int, seed: int) -> list[tuple[float, float]]:
    """Times but zero, and gaps at the test inputs between a training network and the flow of its initial kernel."""
    config = problem.config
    risk = Risk(problem.kernel.neuron, setting.scaling, Squared(), problem.train)
    start, frames = problem.cloud(setting.masses(width), BLOCK * seed), Frames()
    times = LogSpaced(config.step, config.until, config.frames, frames)
    evolve(GradientFlow(risk), start, RK4(step=config.step), until=config.until, observers=[times])

    def own(x1: Inputs, x2: Inputs | None) -> Gram:
        return tangent_gram(risk, start, x1, x2)

    flow = KernelFlow(own, risk.data, start=lambda x: risk.predictions(start, x))
    gap = lazy_gap(frames, flow, risk, problem.test.inputs)
    return [(time, value) for time, value in zip(frames.times, gap.tolist(), strict=True) if time > 0.0]
