"""Equation (9): of the flow whose kernel does not depend on alpha, particles move by 1 / alpha, and by how much."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch

from flows import Adaptive, Every, GradientFlow, LinearisedFlow, evolve
from flows.base import Integrator
from limits import KernelFlow
from limits.theorems import Result, as_slope, displacement, from_above, slope_within
from limits.theorems.one_axis.displacement import STATEMENT
from particles import MeanMovement, ParticleCloud, tangent_gram
from runs.batch.jobs import Report
from runs.datasets.ten_classes import load_ten_classes
from runs.figures.palette import COLOURS
from runs.studies.one_axis.config import Config
from runs.studies.one_axis.networks import LAZY, AxisNetwork
from runs.studies.one_axis.statements import empirical
from runs.studies.one_axis.training import GROUPS, LETTERS
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Row, Table, log_slope

PLACE = "equation (9)"
TOLERANCE, FRAMES = 1e-6, 12
METHOD: Integrator[Any] = Adaptive(TOLERANCE)
#: From which alpha on the slope is taken, and the range of it, which are ours; from where the approach to the limit is.
LAZY_FROM, SLOPES, LIMIT_FROM = 3.0, (-1.1, -0.9), 10.0
EXACT = "root mean square"


@dataclass(frozen=True)
class Displacement(Experiment):
    """(1/m) sum_j |theta_j(t) - theta_j(0)| at a fixed time of the flow with mobility m / alpha^2, f = 0 at the start.

    Beside it that of the linearised flow, times 1 / alpha, and for the root mean square over particles of the movement
    in all coordinates the kernel flow's sqrt(q K q) / alpha. Particles start in pairs (theta, u) and (theta, -u): what
    the first order in 1 / alpha adds to f, and to the mean of a pair, cancels, and the second one is left.
    """

    name = "E4.1-lazy"
    title = "Movement by 1 / alpha"
    figure = "equation (9)"
    words: ClassVar[Mapping[str, str]] = {
        **{f"{letter} times alpha": f"movement of {letter} times alpha, largest alpha" for letter in GROUPS},
        "network": "network",
        "linearised": "linearised flow",
    }

    def about(self, config: Config) -> str:
        """For titles."""
        return f"{config.images}, m = {config.lazy_count}, n = {config.lazy_rows}, t = {config.lazy_until:g}"

    def cases(self, config: Config) -> Sequence[Case]:
        """One for every alpha and seed."""
        pairs = [(alpha, seed) for seed in range(config.seeds) for alpha in config.lazy_alphas]
        return [Case(f"alpha{alpha:g}-seed{seed}", seed, what=alpha) for alpha, seed in pairs]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """At the end, and what the theorem says along the way."""
        alpha, seed = case.what, case.seed
        network = lazy_network(config, alpha)
        risk, start = network.risk, network.start(seed)
        frames: list[tuple[float, ParticleCloud]] = []
        kept = Every(time=config.lazy_until / FRAMES, observer=lambda number, time, cloud: frames.append((time, cloud)))
        end = evolve(GradientFlow(risk), start, METHOD, until=config.lazy_until, observers=[kept])
        for letter, group in GROUPS.items():
            moved = float(MeanMovement(start, group, network.neuron)(end))
            yield Row(self.name, letter, "network", seed, alpha, moved)
            yield Row(self.name, f"{letter} times alpha", "network", seed, alpha, alpha * moved)
        squares = (end.positions - start.positions).square().sum(dim=1)
        root = float((end.masses @ squares).sqrt())
        flow = KernelFlow(tangent_gram(risk, start), risk.data, risk.loss, tolerance=TOLERANCE)
        exact = float(flow.movement(config.lazy_until)) / alpha
        yield Row(self.name, EXACT, "network", seed, alpha, root)
        yield Row(self.name, EXACT, "kernel flow", seed, alpha, exact)
        yield Row(self.name, "gap", EXACT, seed, alpha, abs(root / exact - 1.0))
        deciding = displacement(risk, frames)
        yield Row(self.name, "sum of squares", "network", seed, alpha, deciding.measured)
        yield Row(self.name, "sum of squares", "bound", seed, alpha, deciding.bound)
        if alpha == max(config.lazy_alphas):
            yield from self._linearised(config, network, start, seed)

    def _linearised(self, config: Config, network: AxisNetwork, start: ParticleCloud, seed: int) -> Iterator[Row]:
        flow = LinearisedFlow(network.risk, start)
        end = evolve(flow, start, METHOD, until=config.lazy_until)
        for letter, group in GROUPS.items():
            moved = network.alpha * float(MeanMovement(start, group, network.neuron)(end))
            for alpha in config.lazy_alphas:
                yield Row(self.name, f"{letter} times alpha", "linearised", seed, alpha, moved)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """The theorem; slopes in alpha; the constant, which paired particles reach to the second order in 1 / alpha."""
        moved, allowed = (
            torch.from_numpy(table.at(self.name, "sum of squares", curve).values) for curve in ("network", "bound")
        )
        yield from_above(STATEMENT, (), allowed, moved)
        for letter in GROUPS:
            curve = table.at(self.name, letter, "network")
            lazy = curve.x >= LAZY_FROM
            said = f"the mean movement of {letter} is as 1 / alpha from alpha = {LAZY_FROM:g} on"
            slope = log_slope(curve.x[lazy], curve.values[lazy])
            yield slope_within(empirical(said, PLACE), (), slope, least=SLOPES[0], most=SLOPES[1])
        gap = table.at(self.name, "gap", EXACT)
        late = gap.x >= LIMIT_FROM
        said = f"alpha times the {EXACT} goes to that of the kernel flow as alpha^-2 from alpha = {LIMIT_FROM:g} on"
        yield as_slope(empirical(said, PLACE), (), -2.0, log_slope(gap.x[late], gap.values[late]))

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Movement, movement times alpha, and the difference to the kernel flow."""
        pairs = list(zip(GROUPS, COLOURS, strict=False))
        moved = tuple(
            Line.of(LETTERS[letter], colour, table.at(self.name, letter, "network")) for letter, colour in pairs
        )
        scaled = []
        for letter, colour in pairs:
            scaled.append(Line.of(LETTERS[letter], colour, table.at(self.name, f"{letter} times alpha", "network")))
            linear = table.at(self.name, f"{letter} times alpha", "linearised")
            scaled.append(Line.of(f"{LETTERS[letter]}, linearised flow", colour, linear, "dashed"))
        gap = Line.of(EXACT, COLOURS[3], table.at(self.name, "gap", EXACT))
        return [
            Panel("displacement.png", "Mean movement", "α", moved),
            Panel("displacement.png", "Movement times α", "α", tuple(scaled), log_y=False),
            Panel("displacement.png", "Gap to the kernel flow", "α", (gap,)),
        ]


def lazy_network(config: Config, alpha: float) -> AxisNetwork:
    """In pairs, in float64, on few images."""
    data = load_ten_classes(config.images, rows=config.lazy_rows, test=config.image_test, pool=config.lazy_pool)
    return AxisNetwork(
        data.train, config.lazy_count, alpha, LAZY, paired=True, dtype=torch.float64, device=config.device
    )
