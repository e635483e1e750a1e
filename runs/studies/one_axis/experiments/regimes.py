"""Figures 7 and 8, measured: alpha across, the number of particles down, from one sweep of a study file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

import runs
from flows import evolve
from limits import KernelFlow, tangent_kernel
from limits.theorems import Result, Statement, as_slope, from_above, slope_within
from particles import GaussianLaw, ParticleCloud, Perceptron, SymmetricPairs
from runs.batch.jobs import Report
from runs.figures.palette import MOST_COLOURS
from runs.studies.one_axis.config import Config
from runs.study.experiment import Case, Experiment
from runs.study.panels import AnyPanel, Heat, Line, Panel
from runs.study.table import Array, Row, Table, log_slope
from runs.studyfile.experiment import Experiment as Run
from runs.studyfile.model.reading import read_study

#: The study file whose grid this is at laptop scale.
STUDY_FILE = Path(runs.__file__).parent / "examples" / "regimes.toml"
#: Quantities by name, with the titles of their maps.
MOVED, OF_START, OF_LIMIT, RISK = "movement", "gap to the kernel of the start", "gap to the limit kernel", "risk"
TITLES = {
    MOVED: "Mean movement of θ",
    OF_START: "Distance to the start's kernel",
    OF_LIMIT: "Distance to the limit kernel",
    RISK: "Risk",
}
#: Quantities as the study file calls them.
RECORDED = {MOVED: "movement", OF_START: "lazy_gap", RISK: "risk"}
FROZEN, INVARIANT = "random features", "difference between two alphas"
#: From which alpha on training counts as lazy, what slopes may be off by, and functions that are the same.
LAZY, OFF, SAME = 8.0, 0.05, 1e-3
PAPER = "Fang, Dong and Zhang 2020, figures 7 and 8"


@dataclass(frozen=True)
class Regimes(Experiment):
    """Movement of theta and distance to kernel regression, at every alpha and m, and of random features."""

    name = "E4.10"
    title = "The map of regimes"
    figure = "Figs. 7 and 8"

    def about(self, config: Config) -> str:
        """For titles."""
        return f"tanh, two inputs, mobility m/α², t = {config.map_until:g}, {config.about}"

    def cases(self, config: Config) -> Sequence[Case]:
        """One for every m and seed."""
        pairs = [(m, seed) for seed in range(config.seeds) for m in config.map_counts]
        return [Case(f"m{m}-seed{seed}", seed, what=m) for m, seed in pairs]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """Every alpha with both layers trained, and the least and the largest with theta frozen."""
        m = case.what
        for alpha in config.map_scales:
            for quantity, value in End.of(config, m, alpha, case.seed).values.items():
                yield Row(self.name, quantity, f"m = {m}", case.seed, alpha, value)
        ends = [
            End.of(config, m, alpha, case.seed, "output") for alpha in (config.map_scales[0], config.map_scales[-1])
        ]
        difference = root_mean_square(ends[1].outputs - ends[0].outputs)
        for quantity, value in {**ends[0].values, INVARIANT: difference}.items():
            yield Row(self.name, quantity, FROZEN, case.seed, float(m), value)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """Slopes along alpha, along m and along alpha = sqrt m, and what random features are."""
        lazy = [place for place, alpha in enumerate(config.map_scales) if alpha >= LAZY]
        for m in config.map_counts:
            for quantity, power in ((MOVED, -1.0), (OF_START, -2.0)):
                curve = table.at(self.name, quantity, f"m = {m}")
                said = f"m = {m}: the {quantity} falls as alpha^({power:g}) from alpha = {LAZY:g} on"
                slope = log_slope(curve.x[lazy], levelled(curve.values[lazy]))
                yield slope_within(_said(said), (), slope, least=power * (1.0 + OFF), most=power * (1.0 - OFF))
            falling = torch.from_numpy(table.at(self.name, OF_START, f"m = {m}").values)
            said = f"m = {m}: the {OF_START} falls with every step of alpha, for every seed"
            yield from_above(_said(said), (), falling[:-1], falling[1:])
        yield from self._along_widths(config, table)
        frozen = {name: table.at(self.name, name, FROZEN).values for name in (MOVED, INVARIANT)}
        said = "random features do not move"
        yield from_above(Statement(said, PAPER), (), 0.0, torch.from_numpy(frozen[MOVED]))
        said = "random features end with the same function whatever alpha is"
        exact = Statement(said, f"{PAPER}, up to the error of steps")
        yield from_above(exact, (), SAME, torch.from_numpy(frozen[INVARIANT]))

    def _along_widths(self, config: Config, table: Table) -> Iterator[Result]:
        counts = np.array(config.map_counts, dtype=np.float64)
        moved = self._grid(config, table, MOVED)
        said = "alpha = 1: the movement does not depend on m"
        yield slope_within(_said(said), (), log_slope(counts, levelled(moved[:, 0])), least=-OFF, most=OFF)
        scales = list(config.map_scales)
        pairs = [(row, scales.index(m**0.5)) for row, m in enumerate(config.map_counts) if m**0.5 in scales]
        if len(pairs) > 1:
            rows, columns = map(list, zip(*pairs, strict=True))
            said = "alpha = sqrt(m), NTK: the movement falls as m^(-1/2)"
            slope = log_slope(counts[rows], levelled(moved[rows, columns]))
            yield slope_within(_said(said), (), slope, least=-0.5 - OFF, most=-0.5 + OFF)
        said = f"alpha = {config.map_scales[-1]:g}: the {OF_LIMIT} falls as m^(-1/2)"
        yield as_slope(_said(said), (), -0.5, log_slope(counts, self._grid(config, table, OF_LIMIT)[:, -1]))

    def panels(self, config: Config, table: Table) -> list[AnyPanel]:
        """The maps, random features at their right, and the same numbers as lines."""
        shown: list[AnyPanel] = []
        rows = tuple(str(m) for m in config.map_counts)
        columns = (*(f"{alpha:g}" for alpha in config.map_scales), "θ frozen")
        for quantity, title in TITLES.items():
            cells = self._grid(config, table, quantity).mean(axis=2)
            frozen = table.at(self.name, quantity, FROZEN).mean[:, None]
            values = np.concatenate([cells, np.full_like(frozen, np.nan) if quantity == OF_START else frozen], axis=1)
            values[values == 0.0] = np.nan
            shown.append(Heat(title, "α", "particles m", columns, rows, values, file="regimes.png"))
        for quantity, guide in ((MOVED, -1.0), (OF_START, -2.0), (OF_LIMIT, 0.0)):
            lines = [
                Line.of(f"m = {m}", colour, table.at(self.name, quantity, f"m = {m}"))
                for m, colour in zip(config.map_counts, MOST_COLOURS, strict=False)
            ]
            if guide:
                lines.append(_guide(lines[-1], guide))
            shown.append(Panel("regimes_lines.png", TITLES[quantity], "α", tuple(lines), y_label=""))
        return shown

    def _grid(self, config: Config, table: Table, quantity: str) -> Array:
        """The numbers of every m, alpha and seed [counts, scales, seeds]."""
        return np.stack([table.at(self.name, quantity, f"m = {m}").values for m in config.map_counts])


@dataclass(frozen=True, eq=False)
class End:
    """A run of the study file at its end."""

    run: Run

    @classmethod
    def of(cls, config: Config, m: int, alpha: float, seed: int, trained: str = "both") -> "End":
        """The run of the study file at this point of its grid."""
        settings = [
            f"until={config.map_until}",
            f"observables.lazy_gap.time={config.map_until}",
            f"seeds=[{seed}]",
            f'sweep.over."masses.count"=[{m}]',
            f'sweep.over."scaling.scale"=[{alpha}]',
            f'neuron.trained="{trained}"',
        ]
        study = read_study(STUDY_FILE, settings)
        (only,) = study.runs
        return cls(Run(only, study.folder))

    @cached_property
    def values(self) -> dict[str, float]:
        """What the study file records, and the distance to the flow of the limit kernel at the same time."""
        observables = self.run.observables()
        recorded = {quantity: float(observables[name](self._cloud)) for quantity, name in RECORDED.items()}
        return {**recorded, OF_LIMIT: root_mean_square(self.outputs - self._limit)}

    @cached_property
    def outputs(self) -> Tensor:
        """f at the data."""
        return self.run.risk.predictions(self._cloud)

    @cached_property
    def _cloud(self) -> ParticleCloud:
        return evolve(self.run.flow, self.run.start, self.run.integrator, until=self.run.config.until)

    @property
    def _limit(self) -> Tensor:
        neuron, law = self.run.risk.neuron, self.run.law
        if not isinstance(neuron, Perceptron) or not isinstance(law, GaussianLaw | SymmetricPairs):
            raise TypeError(f"{STUDY_FILE} is a study of Gaussian perceptrons, but of {type(neuron).__name__} here.")
        return KernelFlow(tangent_kernel(neuron, law), self.run.risk.data).predictions(self.run.config.until)


def root_mean_square(values: Tensor) -> float:
    """Over data and outputs."""
    return float(values.square().mean().sqrt())


def levelled(values: Array) -> Array:
    """Values [places, seeds] of which every seed has the same geometric mean: seeds have levels of their own."""
    logs = np.log(values)
    result: Array = np.exp(logs - logs.mean(axis=0) + logs.mean())
    return result


def _guide(line: Line, power: float) -> Line:
    """A dashed line with this slope that ends where the line does."""
    ends = np.array([line.x[0], line.x[-1]])
    values = np.nanmean(line.values[-1]) * (ends / ends[-1]) ** power
    return Line(f"α^({power:g})", "0.4", ends, values[:, None], "dashed")


def _said(said: str) -> Statement:
    return Statement(said, PAPER, proven=False)
