"""Nguyen and Mondelli: the gradient of a pyramid is as large as its residual, its risk falls linearly, and widths."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch

from limits.theorems import (
    PyramidStart,
    Result,
    Statement,
    from_above,
    from_below,
    pyramid_decay,
    pyramid_gradient,
    pyramid_rate,
)
from limits.theorems.base import Verdict
from limits.theorems.comparisons import as_slope
from limits.theorems.vignettes.pyramid import Pyramid
from limits.theorems.vignettes.pyramid_start import stated_rate
from limits.theorems.vignettes.pyramid_training import Trained
from runs.batch.jobs import Report
from runs.figures.palette import COLOURS
from runs.studies.vignettes.config import Config
from runs.studies.vignettes.random_pyramids import Pyramidal
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Row, Table

PAPER = "Nguyen and Mondelli 2020"
#: Pyramids of a case, frames at which the gradient is looked at, and draws of every width.
BLOCK, LOOKS, WIDTH_DRAWS = 50, 4, 6
#: Part of the fastest rate's inverse that a step of the drawn pyramids is: short, for the bound of the flow.
PART = 0.02
#: Units of the first layer, over N, of the start from which wide ones are predicted; multiples that are trained.
FROM, TRIED = 128, (1, 2, 4, 8, 16)
#: A run has converged below this part of its first risk.
CONVERGED = 1e-3
#: The exponent of N of the width that the theorem asks for under LeCun's initialisation, and what it is not.
SQUARE, LINEAR = 2.0, 1.0
GENERAL, LECUN = "general start, n_1 = N", "LeCun's start, n_1 = 4 N"


@dataclass(frozen=True)
class Pyramids(Experiment):
    """Ratios of gradient and bound over draws, risks along runs beside the stated rate, widths that are enough."""

    name = "E3.6"
    title = "Gradient, decay and width of pyramids"
    figure = ""
    words: ClassVar[Mapping[str, str]] = {
        "kept": "least singular value at the end, over the first",
        GENERAL: GENERAL,
        LECUN: LECUN,
    }

    def about(self, config: Config) -> str:
        """For titles."""
        return f"smoothed leaky ReLU, {config.pyramid_draws} draws"

    def cases(self, config: Config) -> Sequence[Case]:
        """Blocks of draws, two runs, and the widths for every number of data."""
        first = range(0, config.pyramid_draws, BLOCK)
        blocks = [range(start, min(start + BLOCK, config.pyramid_draws)) for start in first]
        return [
            *(Case(f"draws-{block.start}-to-{block.stop}", 0, len(block), ("draws", block)) for block in blocks),
            *(Case(f"run-{place}", 0, 50, ("run", name)) for place, name in enumerate((GENERAL, LECUN))),
            *(Case(f"widths-n{rows}", 0, 30, ("widths", rows)) for rows in config.pyramid_rows),
        ]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """What the case is about."""
        kind, what = case.what
        if kind == "draws":
            for seed in what:
                yield from self._drawn(config, seed)
                report(1)
        elif kind == "run":
            yield from self._run(config, what)
            report(case.size)
        else:
            for seed in range(min(WIDTH_DRAWS, 2 + config.pyramid_draws // BLOCK)):
                yield from self._widths(config, what, seed)
            report(case.size)

    def _drawn(self, config: Config, seed: int) -> Iterator[Row]:
        """How many times the bound the gradient is at least, along a run, and how near the risk is to its own bound."""
        pyramid = Pyramidal.drawn(seed)
        frames = pyramid.descent(config.pyramid_steps, PART)
        seen = frames[:: max(len(frames) // LOOKS, 1)]
        found = [pyramid_gradient(pyramid.risk, cloud) for _, cloud in seen]
        depth = f"{len(Pyramid(pyramid.risk).stages)} layers"
        least = min(result.measured / result.bound for result in found)
        yield Row(self.name, "gradient over bound", depth, 0, float(seed), least)
        decay = pyramid_decay(pyramid.risk, frames)
        yield Row(self.name, "risk over bound", depth, 0, float(seed), decay.measured / decay.bound)

    def _run(self, config: Config, name: str) -> Iterator[Row]:
        """Risks, the stated bound, and singular values of one run."""
        rows = config.pyramid_rows[0]
        pyramid = Pyramidal.lecun(rows, 4 * rows, 0) if name == LECUN else safe(rows, 0)
        frames = pyramid.descent(config.pyramid_until)
        of = Pyramid(pyramid.risk)
        seen = Trained.of(of, frames)
        step, alpha = frames[1][0] - frames[0][0], float(stated_rate(of, seen.rates[0]))
        yield Row(self.name, "reach", name, 0, float(rows), PyramidStart.of(pyramid.risk, pyramid.cloud).reach)
        yield Row(self.name, "kept", name, 0, float(rows), float(seen.least.min()))
        result = pyramid_rate(pyramid.risk, frames)
        held = 1.0 if result.verdict is Verdict.HOLDS else 0.0
        yield Row(self.name, "rate holds", name, 0, float(rows), held)
        for place in shown(len(frames)):
            k = float(place)
            yield Row(self.name, "risk", name, 0, k, float(seen.risks[place] / seen.risks[0]))
            yield Row(self.name, "stated", name, 0, k, (1.0 - step * alpha) ** place)
            yield Row(self.name, "along the run", name, 0, k, math.exp(-float(_decay(seen)[place])))

    def _widths(self, config: Config, rows: int, seed: int) -> Iterator[Row]:
        """Units that the theorem asks for, the readout with which N are enough, units that are enough in a run."""
        x = float(rows)
        start = Pyramidal.lecun(rows, FROM * rows, seed)
        promised = PyramidStart.of(start.risk, start.cloud).sufficient(FROM * rows)
        yield Row(self.name, "units", "LeCun, promised", seed, x, promised)
        yield Row(self.name, "units", "LeCun, observed", seed, x, float(observed(rows, seed, config.pyramid_until)))
        general = safe(rows, seed)
        yield Row(self.name, "units", "general start, promised", seed, x, x)
        yield Row(self.name, "reach of N units", "general start", seed, x, reach(general))
        yield Row(self.name, "readout", "general start", seed, x, readout_of(rows, seed))

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """The inequality in every draw, the rate along runs, and the order of the width."""
        ratios, decays = (_values(table.of(self.name), what) for what in ("gradient over bound", "risk over bound"))
        said = f"the weak PL inequality holds along {len(ratios)} random pyramids in training"
        yield from_below(Statement(said, f"{PAPER}, lemma 4.1"), (), 1.0, ratios)
        said = f"the risk stays below its bound along {len(decays)} random pyramids in training"
        yield from_above(Statement(said, f"{PAPER}, lemma 4.1"), (), 1.0, decays)
        for name in (GENERAL, LECUN):
            risk, stated = (table.at(self.name, what, name) for what in ("risk", "stated"))
            said = f"{name}: R_k <= (1 - h alpha_0)^k R_0 while singular values keep one half"
            statement = Statement(said, f"{PAPER}, theorem 3.2")
            yield from_above(statement, (), torch.from_numpy(stated.values), torch.from_numpy(risk.values))
            kept, promise = (table.at(self.name, what, name).values for what in ("kept", "reach"))
            proven = bool((promise <= 1.0).all())
            statement = Statement(f"{name}: singular values keep one half", f"{PAPER}, theorem 3.2", proven=proven)
            yield from_below(statement, (), 0.5, torch.from_numpy(kept))
        reached = torch.from_numpy(table.at(self.name, "reach of N units", "general start").values)
        said = "a first layer of N units is enough from W_2 = 0 and a large readout"
        yield from_above(Statement(said, f"{PAPER}, section 3.1"), (), 1.0, reached)
        curve = table.at(self.name, "units", "LeCun, promised")
        said = "the units that the theorem asks for under LeCun's initialisation grow as N^2"
        statement = Statement(said, f"{PAPER}, section 3.2", proven=False)
        yield as_slope(statement, (), SQUARE, curve.slope, rival=LINEAR)

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Ratios by draw, decays, and widths."""
        depths = sorted({row.curve for row in table.of(self.name) if row.quantity == "gradient over bound"})
        draws = tuple(
            Line.of(depth, colour, table.at(self.name, "gradient over bound", depth), "points")
            for depth, colour in zip(depths, COLOURS, strict=False)
        )
        decays = []
        for name, colour in zip((GENERAL, LECUN), COLOURS, strict=False):
            decays.append(Line.of(name, colour, table.at(self.name, "risk", name), "line"))
            decays.append(Line.of("", colour, table.at(self.name, "along the run", name), "dashed"))
        names = ("LeCun, promised", "LeCun, observed", "general start, promised")
        widths = tuple(
            Line.of(name, colour, table.at(self.name, "units", name))
            for name, colour in zip(names, COLOURS, strict=False)
        )
        return [
            Panel("pyramids.png", "Gradient over its bound", "draw", draws, log_x=False),
            Panel("pyramids.png", "Risk over the first", "steps", tuple(decays), log_x=False, formula="dashed: bound"),
            Panel("pyramids.png", "Units of the first layer", "data N", widths),
        ]


def reach(pyramid: Pyramidal) -> float:
    """How far training may move the layers, relative to what is allowed."""
    return PyramidStart.of(pyramid.risk, pyramid.cloud).reach


def readout_of(rows: int, seed: int) -> float:
    """The readout from which on a first layer of N units is enough; the reach falls as its square."""
    return math.sqrt(2.0 * reach(Pyramidal.general(rows, rows, 1.0, seed)))


def safe(rows: int, seed: int) -> Pyramidal:
    """A start of N units that the theorem is about, by a factor of two."""
    return Pyramidal.general(rows, rows, readout_of(rows, seed), seed)


def observed(rows: int, seed: int, steps: int) -> int:
    """The least of the units tried with which descent converges while singular values keep one half; else NaN's."""
    for multiple in TRIED:
        pyramid = Pyramidal.lecun(rows, multiple * rows, seed)
        frames = pyramid.descent(steps)
        seen = Trained.of(Pyramid(pyramid.risk), frames[:: max(steps // 20, 1)])
        if bool((seen.least >= 0.5).all()) and float(seen.risks[-1]) <= CONVERGED * float(seen.risks[0]):
            return multiple * rows
    return 2 * TRIED[-1] * rows


def shown(frames: int) -> list[int]:
    """Steps that are kept in the table."""
    return sorted({round(place * (frames - 1) / 40) for place in range(41)})


def _decay(seen: Trained) -> torch.Tensor:
    """int of the rate along the run, from below."""
    return torch.cat([torch.zeros(1), (seen.slowest * seen.times.diff()).cumsum(dim=0)])


def _values(table: Table, quantity: str) -> torch.Tensor:
    return torch.tensor([row.value for row in table if row.quantity == quantity], dtype=torch.float64)
