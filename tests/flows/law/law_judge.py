"""The judge of the law of integrators: a run is within ten times its tolerance, or refuses in a sentence, and ends.

Errors are those at the end of the run, of the positions relative to the largest distance from the start, and of the
function, sqrt(sum_i p_i |f_i|^2), relative to its largest change or to the residual of the start, whichever is more:
what training did, and what it was about. Rounding is allowed what the dtype must lose in any way of computing: four
units in the last place of positions that are trained, and of the sums that make the function. Where the flow itself
makes errors larger on the way, past a saddle of the risk, a run that is wrong by no more than that is called amplified.
"""

import math
import signal
import time as clock
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch

from flows import BDF, Adaptive, Chebyshev, DormandPrince, Exponential, Integrator, LogSpaced, evolve
from particles import FlowDiverged, FlowRefused, ParticleCloud, ToleranceNotReached
from tests.flows.law.patience import Hung, at_most
from tests.flows.law.random_problems import Problem
from tests.flows.law.reference_path import ReferencePath, Sizes, moments, reference

#: The law: error <= this times the tolerance.
ROOM = 10.0
#: A flow that makes errors larger by less than this is no excuse.
GROWS = 2.0
#: A reference is believed where its solvers differ by less than this part of the tolerance.
CREDIBLE = 0.1
#: Units in the last place that are nobody's fault.
ROUNDING = 4.0
#: Accepted steps, and seconds of work, after which a run counts as hung.
MOST_STEPS, PATIENCE = 50_000, 20.0
#: Velocities that an explicit method may need before it is not asked: this flow is for others.
AFFORDED = 20_000
#: The tightest tolerance that a method of order 3 is asked for.
THIRD_ORDER = 1e-6
#: Steps that a run of Chebyshev takes at least, for what it will cost.
CHEBYSHEV_STEPS = 200

Make = Callable[[float], Integrator[Any]]
METHODS: dict[str, Make] = {
    "Adaptive": Adaptive,
    "BDF": BDF,
    "Exponential": Exponential,
    "Chebyshev": Chebyshev,
    "DormandPrince": DormandPrince,
}


VERDICTS = ("held", "refused", "amplified", "wrong", "hung")


@dataclass(frozen=True)
class Judgement:
    """What became of a run, one of VERDICTS, and errors over tolerances.

    `inside` is the largest error over the tolerance before the end, `drift` how many units of rounding coordinates that
    are not trained have moved.
    """

    verdict: str
    positions: float = math.nan
    function: float = math.nan
    inside: float = math.nan
    drift: float = 0.0
    steps: int = 0
    seconds: float = 0.0
    said: str = ""

    @property
    def ratio(self) -> float:
        """The larger of the two errors over what was asked for."""
        return max(self.positions, self.function)


@dataclass(frozen=True, eq=False)
class Case:
    """A problem beside its reference."""

    problem: Problem
    reference: ReferencePath

    @classmethod
    def of(cls, problem: Problem, path: ReferencePath | None = None) -> "Case | None":
        """With a path that is known, or the reference's; None where there is none that can be believed."""
        path = path or reference(problem)
        if path is None:
            return None
        case = cls(problem, path)
        return case if max(case.ratios(path.doubt)) <= CREDIBLE else None

    @cached_property
    def rounding(self) -> Sizes:
        """What rounding alone may change."""
        flow, end = self.reference.flow, self.reference.path[-1]
        unit = ROUNDING * torch.finfo(self.problem.cloud.dtype).eps
        theta = np.abs(flow.positions(end)).reshape(-1)[flow.free]
        sensitivity = np.abs(flow.features(end)) @ theta
        size = sensitivity + np.abs(self.reference.predictions[-1])
        return Sizes(
            unit * float(np.linalg.norm(theta)), unit * float(np.sqrt(flow.weights @ np.square(size).sum(axis=1)))
        )

    def ratios(self, error: Sizes) -> tuple[float, float]:
        """Errors in units of the tolerance, with a tenth of what rounding is allowed added to it."""
        moved, floor = self.reference.moved, self.rounding
        return (
            _ratio(error.positions, self.problem.rtol * moved.positions + floor.positions / ROOM),
            _ratio(error.function, self.problem.rtol * moved.function + floor.function / ROOM),
        )

    @cached_property
    def amplification(self) -> float:
        """How many times larger, at the end, the flow makes small random errors made on the way."""
        path = self.reference
        numbers, size = np.random.default_rng(self.problem.seed), 0.1 * self.problem.rtol * path.moved.positions
        grown = [1.0]
        for begin, place in zip([0.0, *path.times[:-1]], [np.zeros(path.flow.size), *path.path[:-1]], strict=True):
            for _ in range(3):
                error = numbers.normal(size=path.flow.size)
                error *= size / (np.linalg.norm(error) or 1.0)
                end = path.continued(begin, place + error)
                grown.append(math.nan if end is None else float(np.linalg.norm(end - path.path[-1])) / (size or 1.0))
        return float(np.nanmax(grown))

    def asked(self, method: str) -> bool:
        """Whether a method is asked: not where it would need more velocities, or steps of order 3, than afforded."""
        span = self.problem.until * self.reference.stiffness if self.reference.flow.size else 0.0
        if method == "DormandPrince":
            return 6.0 * span / 3.3 <= AFFORDED
        if method == "Chebyshev":
            stages = max(10.0, math.sqrt(0.1 * self.problem.rtol / torch.finfo(self.problem.cloud.dtype).eps))
            steps = max(CHEBYSHEV_STEPS, span / (0.65 * stages**2))
            return math.sqrt(1.54 * span * steps) <= AFFORDED
        return method != "Exponential" or self.problem.rtol >= THIRD_ORDER

    def judged(self, make: Make, patience: float = PATIENCE) -> Judgement:
        """What becomes of a run by this method."""
        seen = _Seen(self.problem.until)
        try:
            with at_most(patience, signal.ITIMER_PROF), seen.timed():
                end = evolve(
                    self.problem.flow,
                    self.problem.cloud,
                    make(self.problem.rtol),
                    until=self.problem.until,
                    observers=[seen.step, LogSpaced(seen.moments[0], seen.moments[-1], len(seen.moments), seen.keep)],
                )
            found = self._compared(end, seen)
        except (ToleranceNotReached, FlowRefused, FlowDiverged, ValueError) as refusal:
            found = Judgement("refused", said=f"{type(refusal).__name__}: {refusal}")
        except Hung as hung:
            found = Judgement("hung", said=str(hung))
        except (ArithmeticError, LookupError, RuntimeError, TypeError, AttributeError) as broken:
            found = Judgement("wrong", said=f"{type(broken).__name__}: {broken}")
        return replace(found, steps=seen.steps, seconds=seen.seconds)

    def _compared(self, end: ParticleCloud, seen: "_Seen") -> Judgement:
        positions, function = self.ratios(self.error(end))
        inner = [max(self.ratios(self.error(cloud, moment))) for moment, cloud in seen.clouds.items()]
        error = max(positions, function)
        grown = error > ROOM and self.amplification
        verdict = "held" if error <= ROOM else "amplified" if max(GROWS, error / ROOM) <= grown else "wrong"
        return Judgement(verdict, positions, function, max(inner, default=0.0), self.drift(end))

    def error(self, cloud: ParticleCloud, moment: int = -1) -> Sizes:
        """How far a cloud is from the reference, coordinates that should be at rest included."""
        flow = self.reference.flow
        away = (cloud.positions.double().numpy() - flow.start).reshape(-1)
        apart = self.reference.apart(away[flow.free], moment)
        return replace(apart, positions=math.hypot(apart.positions, float(np.linalg.norm(away[flow.held]))))

    def drift(self, end: ParticleCloud) -> float:
        """How far coordinates that should be at rest have moved, in units of rounding of their size."""
        flow, start = self.reference.flow, self.problem.cloud.positions
        away = float(np.linalg.norm((end.positions - start).double().numpy().reshape(-1)[flow.held]))
        return _ratio(away, torch.finfo(start.dtype).eps * float(np.linalg.norm(flow.start.reshape(-1)[flow.held])))


class _Seen:
    """The clouds at the times that the reference knows, and the number of steps; raises Hung after too many."""

    def __init__(self, until: float) -> None:
        self.moments, self.clouds = moments(until), dict[int, ParticleCloud]()
        self.steps, self.seconds = 0, 0.0

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Counts the seconds of work inside the block."""
        begun = clock.process_time()
        try:
            yield
        finally:
            self.seconds = clock.process_time() - begun

    def step(self, step: int, time: float, cloud: ParticleCloud) -> None:
        self.steps = step
        if step > MOST_STEPS:
            raise Hung(f"{step} steps have come to time {time:.6g}")

    def keep(self, step: int, time: float, cloud: ParticleCloud) -> None:
        near = int(np.argmin(np.abs(self.moments - time)))
        if abs(self.moments[near] - time) <= 1e-9 * time:
            self.clouds[near] = cloud


def _ratio(error: float, allowed: float) -> float:
    if not math.isfinite(error):
        return math.inf
    return 0.0 if error == 0.0 else error / allowed if allowed > 0.0 else math.inf
