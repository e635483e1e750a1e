"""What E3.4 runs, how its curves are called, and its figures as data."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from runs.figures.palette import COLOURS
from runs.studies.vignettes.bumps import PLACE, Bumps, Hill
from runs.studies.vignettes.config import Config
from runs.study.panels import Kind, Line, Panel
from runs.study.table import Curve, Table

NAME = "E3.4"
LIMIT, BOUND, NOISY, BATCHES, WARM = "limit", "bound", "noise", "batches", "limit with noise"
#: Runs from around zero, which meet no wall.
MIDDLE = "from the middle"
#: The bound is drawn until this time in units of the inverse rate, and so long runs in balls go on.
REACH = 2.4


@dataclass(frozen=True)
class Run:
    """What is run: so many bumps of a width in so many dimensions; with noise, batches, from the middle, in a ball."""

    dim: int
    count: int
    width: float
    kind: str = ""

    @classmethod
    def growing(cls, config: Config) -> list["Run"]:
        """More and more bumps that are narrower and narrower."""
        return [cls(1, *pair) for pair in zip(config.convex_counts, config.convex_widths, strict=True)]

    @classmethod
    def largest(cls, config: Config) -> "Run":
        """The last of these."""
        return cls.growing(config)[-1]

    @property
    def bumps(self) -> Bumps:
        """The bumps."""
        return Bumps(Hill(self.dim), self.count, self.width, 0.0 if self.kind == MIDDLE else PLACE)

    @property
    def curve(self) -> str:
        """How its numbers are called."""
        return (
            f"{MIDDLE}, δ = {self.width:g}"
            if self.kind == MIDDLE
            else self.kind or f"N = {self.count}, δ = {self.width:g}"
        )


def excess_panels(config: Config, table: Table) -> Iterator[Panel]:
    """L against time: bumps with their limit and the bound, batches and noise, dimensions."""
    runs = [(run.curve, colour) for run, colour in zip(Run.growing(config), COLOURS, strict=False)]
    lines = [*(_measured(table, curve, curve, colour) for curve, colour in runs), _law(table, LIMIT, "black")]
    lines.append(_law(table, BOUND, "grey", "dashed"))
    yield Panel("convexity.png", "Excess risk", "time t", tuple(lines), "", "L", log_x=False)
    lines = [_measured(table, BATCHES, BATCHES, COLOURS[0]), _measured(table, NOISY, NOISY, COLOURS[1])]
    lines += [_law(table, LIMIT, "black"), _law(table, WARM, "black", "dashed")]
    yield Panel("convexity.png", "Batches, noise", "time t", tuple(lines), "", "L", log_x=False)
    lines = []
    for (dim, _, width), colour in zip(config.convex_balls, COLOURS, strict=False):
        found = table.at(NAME, "excess", f"d = {dim}")
        if found.values.size:
            scaled = Curve(found.x * Hill(dim).rate, found.values / found.values[0], found.errors, found.seeds)
            lines.append(Line.of(f"d = {dim}, δ = {width:g}", colour, scaled, "band"))
    times = np.linspace(0.0, REACH, 13)
    lines.append(Line(BOUND, "grey", times, np.exp(-times)[:, None], "dashed"))
    yield Panel("convexity.png", "Dimensions", "4 μ t / |Ω|", tuple(lines), "", "L / L(0)", log_x=False)


def floor_panels(config: Config, table: Table) -> Iterator[Panel]:
    """What is left of L at the end, and how many bumps stand at a wall, against the width."""
    for quantity, title in (("floor", "L at the end"), ("at walls", "Share of bumps at a wall")):
        named = zip(config.convex_counts, COLOURS, strict=False)
        lines = [Line.of(f"N = {n}", colour, table.at(NAME, quantity, f"N = {n}")) for n, colour in named]
        lines.append(Line.of(MIDDLE, "black", table.at(NAME, quantity, MIDDLE)))
        yield Panel("convexity_floors.png", title, "width δ", tuple(lines), log_y=quantity == "floor")


def density_panels(config: Config, table: Table) -> Iterator[Panel]:
    """f_N of the largest run beside rho and f, at three times."""
    for frame in shown(config):
        law = table.at(NAME, f"density {frame}", LIMIT, predicted=True)
        target = Hill(1).along(torch.from_numpy(law.x)).numpy()[:, None]
        lines = (
            Line.of("bumps", COLOURS[0], table.at(NAME, f"density {frame}", "bumps"), "line"),
            Line.of("limit", "black", law, "dashed"),
            Line("target f", "grey", law.x, target, "line"),
        )
        time = config.convex_until * frame / config.convex_frames
        yield Panel("convexity_densities.png", f"t = {time:g}", "x", lines, log_x=False, log_y=False)


def shown(config: Config) -> tuple[int, ...]:
    """The frames whose densities are drawn: the start, and up to a quarter of the time."""
    quarter = config.convex_frames // 4
    return 0, max(1, quarter // 4), quarter


def _measured(table: Table, curve: str, label: str, colour: str) -> Line:
    return Line.of(label, colour, table.at(NAME, "excess", curve), "band")


def _law(table: Table, curve: str, colour: str, kind: Kind = "line") -> Line:
    """A predicted curve, without its errors, which are smaller than the line."""
    found = table.at(NAME, "excess", curve, predicted=True)
    return Line(curve, colour, found.x, found.values, kind)
