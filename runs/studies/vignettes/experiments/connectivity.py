"""E3.2: the barrier between two independent runs along seven segments, a straight line and optimal transport."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch

from limits import DropoutPath, StraightPath, TransportPath, barrier, dropout_risk
from limits import Path as CloudPath
from limits.theorems import Assumption, Result, Statement, barrier_rate, from_above, slope_within, unchecked
from limits.theorems.vignettes.connectivity import CONNECTED, ROUNDED
from limits.theorems.vignettes.dropout import PAPER
from particles import ParticleCloud, Perceptron
from runs.batch.jobs import Report
from runs.figures.palette import COLOURS
from runs.studies.vignettes.config import Config
from runs.studies.vignettes.online import PAPERS, Task
from runs.studies.vignettes.over_seeds import ratios_of_means, slope_of_means
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Curve, Row, Table

SEVEN, STRAIGHT, PAIRED, FLIPPED = "seven segments", "straight line", "transport", "transport up to sign"
KINDS = (SEVEN, STRAIGHT, PAIRED, FLIPPED)
#: Places between two corners: few where the risk is convex or constant.
POINTS = {SEVEN: 3, STRAIGHT: 9, PAIRED: 9, FLIPPED: 9}
#: What the barrier of seven segments is to be of that of the straight line, from how many particles on.
PART, WIDE = 0.1, 1600
#: Where statements on transport stand.
OURS = "ours, on displacement interpolation"


@dataclass(frozen=True)
class Connectivity(Experiment):
    """max over a path of L - max(L(0), L(1)), for the four paths; the excess of the worse network of half beside it."""

    name = "E3.2"
    title = "Barriers between two runs of online SGD"
    words: ClassVar[Mapping[str, str]] = {
        "barrier": "barrier",
        "excess": "larger half-dropout excess",
        "bound": "its bound",
        "distance": "W_2",
        **{kind: kind for kind in KINDS},
    }

    def about(self, config: Config) -> str:
        """For titles."""
        return f"d = {config.online_inputs}, tanh, {config.about}"

    def cases(self, config: Config) -> Sequence[Case]:
        """One for every N and seed."""
        pairs = [(count, seed) for seed in range(config.seeds) for count in config.connect_counts]
        return [Case(f"N{count}-seed{seed}", seed, what=count) for count, seed in pairs]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """Of two runs, by the paper's loss; for one N and seed the curves too."""
        task, count = Task(config), case.what
        ends = task.pair(count, case.seed)
        own = [float(task.risk(end)) for end in ends]
        half = [float(dropout_risk(end, task.risk, count // 2)) for end in ends]
        excess = max(kept - whole for kept, whole in zip(half, own, strict=True))
        yield Row(self.name, "excess", SEVEN, case.seed, float(count), PAPERS * excess)
        yield Row(self.name, "bound", SEVEN, case.seed, float(count), PAPERS * max(max(half) - max(own), 0.0))
        for kind in KINDS:
            path = path_of(kind, task, *ends)
            found = barrier(path, task.risk, POINTS[kind])
            yield Row(self.name, "barrier", kind, case.seed, float(count), PAPERS * found.height)
            if isinstance(path, TransportPath):
                distance = float(path.transport.distance)
                yield Row(self.name, "distance", kind, case.seed, float(count), distance)
            if (count, case.seed) == (config.connect_shown, 0):
                for place in torch.linspace(0.0, 1.0, 57 if kind == SEVEN else 33, dtype=torch.float64).tolist():
                    yield Row(self.name, "loss along", kind, 0, place, PAPERS * float(task.risk(path(place))))

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """The theorem's bound at every N and seed; rates; what the straight line and transport give."""
        barriers = {kind: table.at(self.name, "barrier", kind) for kind in KINDS}
        bound = torch.from_numpy(table.at(self.name, "bound", SEVEN).values) + PAPERS * ROUNDED
        yield from_above(CONNECTED, (), bound, torch.from_numpy(barriers[SEVEN].values))
        yield barrier_rate(slope_of_means(barriers[SEVEN]))
        stays = Statement("the barrier of the straight line does not fall as N^(-1/4) or faster", PAPER, proven=False)
        yield slope_within(stays, (), slope_of_means(barriers[STRAIGHT]), least=-0.25)
        widest = max(config.connect_counts)
        part = Statement(f"N = {widest}: seven segments < {PART:g} of the straight line's barrier", PAPER, proven=False)
        ratios, errors = (torch.from_numpy(each) for each in ratios_of_means(barriers[SEVEN], barriers[STRAIGHT]))
        wide = (Assumption(f"N >= {WIDE}", widest >= WIDE),)
        yield from_above(part, wide, PART, ratios[-1:], error=errors[-1:]) if widest >= WIDE else unchecked(part, wide)
        for kind, other in ((PAIRED, SEVEN), (FLIPPED, PAIRED)):
            lower = Statement(f"the barrier of {kind} is at most that of {other} at every N", OURS, proven=False)
            ratios, errors = (torch.from_numpy(each) for each in ratios_of_means(barriers[kind], barriers[other]))
            yield from_above(lower, (), 1.0, ratios, error=errors)

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Barriers against N, where a logarithm has them, and the loss along the paths."""
        barriers = [
            Line.of(kind, colour, _positive(table.at(self.name, "barrier", kind)))
            for kind, colour in zip(KINDS, COLOURS, strict=False)
        ]
        bound = Line.of("", COLOURS[0], _positive(table.at(self.name, "excess", SEVEN)), "dashed")
        along = tuple(
            Line.of(kind, colour, table.at(self.name, "loss along", kind), "line")
            for kind, colour in zip(KINDS, COLOURS, strict=False)
        )
        return [
            Panel("connectivity.png", "Barriers (dashed: dropout excess)", "particles N", (*barriers, bound)),
            Panel("connectivity.png", f"Loss along, N = {config.connect_shown}", "place s", along, log_x=False),
        ]


def _positive(curve: Curve) -> Curve:
    """The places at which the mean over seeds is above zero."""
    above = curve.mean > 0.0
    return Curve(curve.x[above], curve.values[above], curve.errors[above], curve.seeds)


def path_of(kind: str, task: Task, start: ParticleCloud, end: ParticleCloud) -> CloudPath:
    """The path of this kind between two clouds."""
    if kind == SEVEN:
        return DropoutPath(start, end, task.risk)
    if kind == STRAIGHT:
        return StraightPath(start, end)
    neuron = task.risk.neuron
    return TransportPath(start, end, neuron if kind == FLIPPED and isinstance(neuron, Perceptron) else None)
