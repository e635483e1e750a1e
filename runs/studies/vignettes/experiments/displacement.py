"""E3.4: bumps between walls that fit a concave density, beside the porous-medium equation and its rate."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from numpy.polynomial import legendre

from limits.theorems import (
    Result,
    Statement,
    convexity_rate,
    decay_to_floor,
    displacement_convexity,
    from_above,
    in_order,
    slope_within,
)
from limits.theorems.vignettes.displacement_convexity import PAPER
from runs.batch.jobs import Report
from runs.studies.vignettes.bumps import Hill, Seen, distance, limit
from runs.studies.vignettes.config import Config
from runs.studies.vignettes.convexity_panels import (
    BATCHES,
    BOUND,
    LIMIT,
    MIDDLE,
    NOISY,
    REACH,
    WARM,
    Run,
    density_panels,
    excess_panels,
    floor_panels,
    shown,
)
from runs.study.experiment import Case, Experiment
from runs.study.panels import Panel
from runs.study.table import Array, Curve, Row, Table

#: Bumps count as standing at a wall up to this distance; modes of Legendre that are disturbed, and how much.
AT_WALL, MODES, SMALL = 1e-3, (1, 2, 3), 1e-4
#: How near measured rates are to those stated, and noisy runs to their limit in units of L_0.
NEAR, FOLLOWS = 0.05, 0.1
#: How many frames at the start show the rate of the mean, in units of the inverse rate.
EARLY = 0.06


@dataclass(frozen=True)
class DisplacementConvexity(Experiment):
    """L(rho) = (1/|Omega|) int (f - rho)^2 of bumps and of their limit, against 4 mu / |Omega|."""

    name = "E3.4"
    title = "Displacement convexity"
    words: ClassVar[Mapping[str, str]] = {
        "floor": "L at the end",
        "at walls": "share of bumps that stand at a wall",
        "mode": "rate over that of Legendre's mode",
        "mean": "rate of the mean over 2 mu / |Omega|",
    }

    def about(self, config: Config) -> str:
        """For titles."""
        return f"f = 3/4 (1 - x²), {config.about}"

    def cases(self, config: Config) -> Sequence[Case]:
        """Every run, seed by seed."""
        most, least = config.convex_counts[-1], config.convex_widths[-1]
        runs = [Run(1, count, width) for count in config.convex_counts for width in config.convex_widths]
        runs += [Run(1, most, least, kind) for kind in (NOISY, BATCHES)]
        runs += [Run(1, config.convex_counts[-2], width, MIDDLE) for width in config.convex_widths]
        runs += [Run(dim, count, width, f"d = {dim}") for dim, count, width in config.convex_balls]
        names = [f"{run.kind or 'bumps'}-{run.dim}-{run.count}-{run.width:g}" for run in runs]
        pairs = [(seed, name, run) for seed in range(config.seeds) for name, run in zip(names, runs, strict=True)]
        return [Case(f"{name}-seed{seed}".replace(" ", ""), seed, what=run) for seed, name, run in pairs]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """L at every frame, and what else is seen of the cloud."""
        run: Run = case.what
        yield from (
            self._in_ball(config, run, case.seed) if run.kind.startswith("d") else self._on_line(config, run, case.seed)
        )

    def _on_line(self, config: Config, run: Run, seed: int) -> Iterator[Row]:
        heat = config.convex_temperature if run.kind == NOISY else 0.0
        batch = config.convex_batch if run.kind == BATCHES else 0
        seen = run.bumps.seen(seed, config.convex_until, config.convex_frames, heat, batch)
        for now in seen:
            yield Row(self.name, "excess", run.curve, seed, now.time, now.excess)
        if run.kind in ("", MIDDLE):
            curve = run.kind or f"N = {run.count}"
            share = float((seen[-1].cloud.positions.abs() > 1.0 - AT_WALL).double().mean())
            yield Row(self.name, "floor", curve, seed, run.width, seen[-1].excess)
            yield Row(self.name, "at walls", curve, seed, run.width, share)
        if run.kind == MIDDLE:
            return
        law = limit(config.convex_cells, config.convex_until, config.convex_frames, heat)
        for frame in range(0, config.convex_frames + 1, config.convex_frames // 4 or 1):
            found = distance(seen[frame].cloud, law, frame)
            yield Row(self.name, "distance", run.curve, seed, seen[frame].time, found)
        if run == Run.largest(config) and seed == 0:
            yield from self._densities(config, run, seen)

    def _densities(self, config: Config, run: Run, seen: list[Seen]) -> Iterator[Row]:
        """f_N at the inputs of the risk, at four times."""
        for frame in shown(config):
            values = run.bumps.risk.predictions(seen[frame].cloud)[:, 0]
            for x, value in zip(run.bumps.risk.data.inputs[:, 0].tolist(), values.tolist(), strict=True):
                yield Row(self.name, f"density {frame}", "bumps", 0, x, value)

    def _in_ball(self, config: Config, run: Run, seed: int) -> Iterator[Row]:
        """Until the bound has fallen to exp(-REACH)."""
        hill, frames = run.bumps.hill, config.convex_frames
        seen = run.bumps.seen(seed, REACH / hill.rate, frames)
        for now in seen:
            yield Row(self.name, "excess", run.curve, seed, now.time, now.excess)
        early = seen[max(1, round(EARLY * frames / REACH))]
        means = [float(each.cloud.positions[:, 0].mean()) for each in (seen[0], early)]
        rate = -math.log(means[1] / means[0]) / early.time
        yield Row(self.name, "mean", run.curve, seed, float(run.dim), rate / (0.5 * hill.rate))

    def predicted(self, config: Config) -> Iterator[Row]:
        """The limit with and without noise, the bound, densities, and the rates of modes."""
        law = limit(config.convex_cells, config.convex_until, config.convex_frames)
        warm = limit(config.convex_cells, config.convex_until, config.convex_frames, config.convex_temperature)
        for curve, solution in ((LIMIT, law), (WARM, warm)):
            rows = zip(solution.times.tolist(), solution.excess.tolist(), solution.excess_errors.tolist(), strict=True)
            for time, value, error in rows:
                yield Row(self.name, "excess", curve, None, time, value, error)
        for time in law.times.tolist():
            value = float(law.excess[0]) * math.exp(-convexity_rate(law.medium, Hill(1).concavity) * time)
            yield Row(self.name, "excess", BOUND, None, time, value)
        for frame in shown(config):
            for x, value in zip(law.grid.centres.tolist(), law.values[frame].tolist(), strict=True):
                yield Row(self.name, f"density {frame}", LIMIT, None, x, value)
        for k in MODES:
            yield Row(self.name, "mode", LIMIT, None, float(k), mode_rate(config.convex_cells, k))

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """Of the limit, of bumps beside it, of noise and batches, and of dimensions."""
        yield from self._of_limit(config, table)
        yield from self._of_bumps(config, table)
        yield from self._of_noise(config, table)
        for dim, count, width in config.convex_balls:
            curve = Run(dim, count, width, f"d = {dim}").curve
            yield from self._decays(curve, Hill(dim).rate, table)
            off = table.at(self.name, "mean", curve).values[0] - 1.0
            said = f"d = {dim}: while no bump feels a wall, their mean decays at 2 mu / |Omega|, within {NEAR:.0%}"
            statement = Statement(said, f"{PAPER}, the force of f alone", proven=False)
            yield from_above(statement, (), NEAR, torch.from_numpy(np.abs(off)))

    def _of_limit(self, config: Config, table: Table) -> Iterator[Result]:
        law = limit(config.convex_cells, config.convex_until, config.convex_frames)
        yield displacement_convexity(law, Hill(1).concavity)
        for dim in sorted({dim for dim, *_ in config.convex_balls} - {1}):
            hill = Hill(dim)
            times = [REACH / hill.rate * frame / config.convex_frames for frame in range(config.convex_frames + 1)]
            result = displacement_convexity(
                hill.medium(config.convex_cells).solve(torch.ones_like, times), hill.concavity
            )
            yield replace(result, statement=f"d = {dim}, from rho constant: {result.statement}")
        rates = table.at(self.name, "mode", LIMIT, predicted=True)
        for k, value in zip(rates.x, rates.values[:, 0], strict=True):
            said = f"mode {k:.0f} of Legendre decays in L at {1.5 * k * (k + 1):g}, within {NEAR:.0%}"
            yield from_above(Statement(said, f"{PAPER}, linearised", proven=False), (), NEAR, abs(float(value) - 1.0))

    def _of_bumps(self, config: Config, table: Table) -> Iterator[Result]:
        pairs = [run.curve for run in Run.growing(config)]
        for curve in [*pairs, Run(1, config.convex_counts[-2], config.convex_widths[-1], MIDDLE).curve]:
            yield from self._decays(curve, Hill(1).rate, table)
        law = table.at(self.name, "excess", LIMIT, predicted=True)
        gaps = [_gap(table.at(self.name, "excess", curve), law) for curve in pairs]
        said = "largest |L_N - L| over L_0 falls as N grows and δ shrinks together"
        yield _ordered(said, gaps)
        far = [table.at(self.name, "distance", curve).values[1] for curve in pairs]
        yield _ordered("W1 to the limit at a quarter of the time falls as N grows and δ shrinks together", far)
        for curve in (f"N = {config.convex_counts[-1]}", MIDDLE):
            said = f"{curve}: Delta, L at the end, falls with δ: the slope of its logarithm is positive"
            slope = table.at(self.name, "floor", curve).slope
            yield slope_within(Statement(said, f"{PAPER}, theorem 1", proven=False), (), slope, least=0.0)

    def _of_noise(self, config: Config, table: Table) -> Iterator[Result]:
        cold, warm = (table.at(self.name, "excess", curve, predicted=True) for curve in (LIMIT, WARM))
        noisy = table.at(self.name, "excess", NOISY)
        said = f"with noise |L_N - L| stays below {FOLLOWS:g} L_0 of the viscous equation"
        statement = Statement(said, f"{PAPER}, with noise", proven=False)
        yield from_above(statement, (), FOLLOWS, torch.from_numpy(_gap(noisy, warm)))
        yield from self._decays(BATCHES, Hill(1).rate, table)
        said = "noisy bumps end nearer to the viscous equation than to the one without noise"
        ends = [np.abs(noisy.last - each.last) for each in (warm, cold)]
        yield in_order(Statement(said, PAPER, proven=False), (), [float(end.mean()) for end in ends])

    def _decays(self, curve: str, rate: float, table: Table) -> Iterator[Result]:
        """Below the bound until the floor, the largest L of the last quarter: the seed with the least margin."""
        found = table.at(self.name, "excess", curve)
        last = 3 * len(found.x) // 4
        times = torch.from_numpy(found.x)
        results = [
            decay_to_floor(times, torch.from_numpy(np.ascontiguousarray(values)), rate, float(values[last:].max()))
            for values in found.values.T
        ]
        worst = min(results, key=lambda result: result.margin)
        said = f"{curve}: {worst.statement}, Delta = the largest L_N of the last quarter"
        yield replace(worst, statement=said)

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """L against time with the bound, noise, batches and dimensions, floors, and densities."""
        return [*excess_panels(config, table), *floor_panels(config, table), *density_panels(config, table)]


def mode_rate(cells: int, k: int) -> float:
    """The rate at which mode k of a small disturbance decays in L, over 3/2 k (k + 1)."""
    hill, rate = Hill(1), 1.5 * k * (k + 1)

    def mode(x: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(legendre.legval(x.numpy(), [0.0] * k + [1.0]))

    found = hill.medium(cells).solve(lambda x: (hill.along(x) + SMALL * mode(x)).clamp_min(0.0), [0.0, 0.5 / rate])
    rest = found.values - hill.along(found.grid.centres)
    shares = rest @ mode(found.grid.centres)
    return -2.0 * math.log(float(shares[1] / shares[0])) / 0.5


def _gap(curve: Curve, law: Curve) -> Array:
    """The largest |L_N - L| over L_0 [seeds]."""
    return np.asarray(np.abs(curve.values - law.values).max(axis=0) / law.values[0])


def _ordered(said: str, values: Sequence[Array]) -> Result:
    """That means over seeds fall from one to the next."""
    means = [float(each.mean()) for each in values]
    errors = [float(each.std(ddof=1)) / math.sqrt(len(each)) if len(each) > 1 else math.nan for each in values]
    statement = Statement(said, f"{PAPER}, theorem 1", proven=False)
    return in_order(statement, (), means, errors, increasing=False)
