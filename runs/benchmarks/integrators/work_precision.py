"""Work against precision of integrators and peers on one flow, in one process, as a table, ratios and a figure."""

import math
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure

from flows import Advance, Integrator, StepNoise
from particles import ParticleCloud
from runs.benchmarks.peers import Outcome, installed
from runs.benchmarks.timed_flows import TimedFlow
from runs.figures.direct_labels import label_curves
from runs.figures.figures import plain_axes
from runs.figures.palette import MARKERS
from runs.figures.settle import settle
from runs.figures.written import prepared, save

#: The peer with which seconds are compared.
PEER = "CVODE"


@dataclass(frozen=True, eq=False)
class Method:
    """A solver with several tolerances or steps, each run `repeats` times; `needs` is the package that it needs."""

    name: str
    run: Callable[[TimedFlow, float], Outcome]
    tolerances: tuple[float, ...]
    repeats: int = 5
    needs: str | None = None


@dataclass(frozen=True, eq=False)
class Point:
    """The result of a method at one tolerance: relative errors, and the seconds of every repetition."""

    method: str
    tolerance: float
    velocities: int
    products: int
    position_error: float
    risk_error: float
    seconds: tuple[float, ...]

    @property
    def line(self) -> str:
        """One line of the table, with the median of the seconds and their range."""
        asked = f"{self.velocities:,}" + (f" + {self.products:,}" if self.products else "")
        times = f"{statistics.median(self.seconds):9.3f} ({min(self.seconds):.3f} to {max(self.seconds):.3f})"
        errors = f"{self.position_error:10.1e}{self.risk_error:10.1e}"
        return f"{self.method:24}{self.tolerance:9.1e}{asked:>18}{errors}{times}"


HEADER = f"{'method':24}{'tolerance':>9}{'velocities + J v':>18}{'positions':>10}{'risk':>10}{'seconds (range)':>24}"


@dataclass(frozen=True)
class Ours:
    """A run of one of our integrators in a plain loop, with the number of its velocities."""

    make: Callable[[float], Integrator[Any]]

    def __call__(self, problem: TimedFlow, tolerance: float) -> Outcome:
        """Run the integrator with this tolerance to the end time."""
        integrator = self.make(tolerance)
        flow = problem.flow
        state = integrator.init(flow, problem.cloud)
        cloud = problem.cloud
        time = 0.0
        step = 0
        while time < problem.until:
            taken: Advance[Any] = integrator.step(flow, cloud, state, time, problem.until, StepNoise(0, step))
            cloud = taken.cloud
            state = taken.state
            time = taken.time
            step = step + 1
        work = getattr(state, "work", None)
        return Outcome(cloud, step if work is None else work.velocities)


def measured(
    problem: TimedFlow,
    reference: ParticleCloud,
    methods: Sequence[Method],
    clock: Callable[[], float] = perf_counter,
) -> list[Point]:
    """Measure every method at every tolerance, by a clock.

    Repetitions go round all of them, so that a slow minute of the machine affects all alike.
    """
    moved = float((reference.positions - problem.cloud.positions).norm())
    risk = float(problem.flow.risk(reference))
    outcomes: dict[tuple[str, float], Outcome] = {}
    seconds: dict[tuple[str, float], list[float]] = {}
    for repeat in range(max(method.repeats for method in methods)):
        for method in methods:
            for tolerance in method.tolerances if repeat < method.repeats else ():
                began = clock()
                outcomes[method.name, tolerance] = method.run(problem, tolerance)
                taken = clock() - began
                seconds.setdefault((method.name, tolerance), []).append(taken)
                print(f"  {method.name} {tolerance:g}: {taken:.2f} s", file=sys.stderr, flush=True)
    return [
        Point(
            name,
            tolerance,
            outcome.velocities,
            outcome.products,
            float((outcome.cloud.positions - reference.positions).norm()) / moved,
            abs(float(problem.flow.risk(outcome.cloud)) / risk - 1.0),
            tuple(seconds[name, tolerance]),
        )
        for (name, tolerance), outcome in outcomes.items()
    ]


def seconds_at(points: Sequence[Point], error: float, repeat: int) -> float:
    """The seconds of one repetition of a method for a given error of the positions.

    They are interpolated linearly, in logarithms, between the two nearest points; NaN outside the errors reached.
    """
    known = sorted((math.log(p.position_error), math.log(p.seconds[min(repeat, len(p.seconds) - 1)])) for p in points)
    errors, logarithms = zip(*known, strict=True)
    if not errors[0] <= math.log(error) <= errors[-1]:
        return math.nan
    return float(np.exp(np.interp(math.log(error), errors, logarithms)))


def ratios(points: Sequence[Point], ours: str, peer: str, errors: Sequence[float]) -> list[str]:
    """Sentences on how many times longer the peer takes for the same errors: median and range over repetitions."""
    return [
        f"{peer} takes {_with_range(found)} times as long as {ours} for an error of {error:.0e}"
        for error in errors
        if (found := _relative(points, ours, peer, error))
    ]


def own_ratios(points: Sequence[Point], ours: str, others: Sequence[str], errors: Sequence[float]) -> list[str]:
    """Sentences on the quickest of other methods for the same errors, and how long it takes in times ours."""
    lines = []
    for error in errors:
        known = {name: _relative(points, ours, name, error) for name in others}
        if reached := {name: found for name, found in known.items() if found}:
            best = min(reached, key=lambda name: statistics.median(reached[name]))
            lines.append(f"{best}, the quickest, takes {_with_range(reached[best])} of {ours} for {error:.0e}")
    return lines


def _relative(points: Sequence[Point], ours: str, other: str, error: float) -> list[float]:
    """Seconds of another method over ours for an error, of every repetition; none where one does not reach it."""
    mine, theirs = ([point for point in points if point.method == name] for name in (ours, other))
    repeats = range(min(len(point.seconds) for point in (*mine, *theirs))) if mine and theirs else range(0)
    found = [seconds_at(theirs, error, repeat) / seconds_at(mine, error, repeat) for repeat in repeats]
    return [] if any(map(math.isnan, found)) else found


def _with_range(found: Sequence[float]) -> str:
    return f"{statistics.median(found):.2f} ({min(found):.2f} to {max(found):.2f})"


def draw(points: Sequence[Point], path: Path, *, title: str, risk: bool = False) -> None:
    """Draw error against seconds, both logarithmic, into a PNG file, with the name of each method beside its line."""
    figure = Figure(figsize=(7.2, 4.6), layout="constrained")
    axis = figure.subplots()
    names = list(dict.fromkeys(point.method for point in points))
    for number, name in enumerate(names):
        mine = sorted((p for p in points if p.method == name), key=lambda p: statistics.median(p.seconds))
        axis.loglog(
            [statistics.median(point.seconds) for point in mine],
            [point.risk_error if risk else point.position_error for point in mine],
            marker=list(MARKERS.values())[number % len(MARKERS)][0],
            ls="-" if number < len(MARKERS) else ":",
            label=name,
            color=list(MARKERS)[number % len(MARKERS)],
        )
    axis.set_xlabel("seconds")
    axis.set_ylabel("error of the risk, relative" if risk else "error of the positions / distance moved")
    axis.set_title(title, fontsize=11)
    axis.margins(x=0.16, y=0.08)
    plain_axes(axis)
    settle(prepared(figure))
    unnamed = label_curves(axis, axis.lines)
    if unnamed:
        axis.legend(handles=unnamed, frameon=False, fontsize=9)
    save(figure, path)


def run(
    problem: TimedFlow,
    reference: ParticleCloud,
    methods: Sequence[Method],
    *,
    errors: Sequence[float] = (),
    figure: Path | None = None,
    risk: bool = False,
    clock: Callable[[], float] = perf_counter,
) -> list[Point]:
    """Measure the installed methods, print the table and the ratios of the peer, and draw the figure."""
    size = f"m = {problem.cloud.count}, n = {problem.flow.risk.data.count}"
    print(f"{problem.name}: {size}, until {problem.until:g}, {torch.get_num_threads()} thread(s)\n{HEADER}", flush=True)
    there = [method for method in methods if not method.needs or installed(method.needs)]
    points = measured(problem, reference, there, clock)
    own = [method.name for method in methods if method.needs is None and method.name != "Adaptive"]
    lines = [*ratios(points, "Adaptive", PEER, errors), *own_ratios(points, "Adaptive", own, errors)]
    print("\n".join([*(point.line for point in points), *lines]), flush=True)
    if figure is not None:
        draw(points, figure, title=f"The {problem.name} flow: {torch.get_num_threads()} thread(s), float64", risk=risk)
    return points
