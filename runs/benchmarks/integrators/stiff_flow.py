"""Integrators on the stiff flow: n = 60, d = 20, m = 1000, softplus, eigenvalues over many decades, sum-loss time 2000.

Run as `OMP_NUM_THREADS=1 python -m runs.benchmarks.integrators.stiff_flow [FIGURE]`; it takes about three minutes, most
of it for dopri5.
"""

import sys
from pathlib import Path

from flows import BDF, Adaptive, Chebyshev, DormandPrince, Euler, Exponential, StepBound
from particles import ParticleCloud
from runs.benchmarks.integrators.work_precision import PEER, Method, Ours, Point, run
from runs.benchmarks.peers import Outcome, cvode, installed, torchdiffeq
from runs.benchmarks.timed_flows import TimedFlow, stiff_flow

TOLERANCES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
#: Errors of the positions, relative to the distance moved, at which seconds are compared.
ERRORS = (1e-3, 1e-4, 1e-5)


def reference(problem: TimedFlow) -> ParticleCloud:
    """The end by CVODE at rtol 1e-9, or by our own BDF where CVODE is not installed."""
    return (cvode(problem, 1e-9) if installed("sksundae") else Ours(BDF)(problem, 1e-8)).cloud


def gradient_descent(problem: TimedFlow, safety: float) -> Outcome:
    """A run by Euler steps of `safety` times the longest stable step at the start; 1/2 is the rate 1 / lambda_max."""
    descent = Euler(step=StepBound(safety)).resolved(problem.flow, problem.cloud)
    return Ours(lambda _: descent)(problem, safety)


def methods() -> list[Method]:
    """The methods: our integrators, the peers, and gradient descent; explicit ones run once at one tolerance."""
    return [
        Method("Adaptive", Ours(Adaptive), TOLERANCES),
        Method("BDF", Ours(BDF), TOLERANCES),
        Method("Exponential", Ours(Exponential), TOLERANCES[:3]),
        Method("Chebyshev", Ours(Chebyshev), TOLERANCES[:3], repeats=1),
        Method("DormandPrince", Ours(DormandPrince), (1e-4,), repeats=1),
        Method(PEER, cvode, (1e-3, 1e-4, 1e-5, 1e-6, 1e-7), needs="sksundae"),
        Method("dopri5 (torchdiffeq)", lambda p, rtol: torchdiffeq(p, rtol, "dopri5"), (1e-4,), 1, "torchdiffeq"),
        Method("dopri8 (torchdiffeq)", lambda p, rtol: torchdiffeq(p, rtol, "dopri8"), (1e-4,), 1, "torchdiffeq"),
        Method("gradient descent", gradient_descent, (0.5,), repeats=1),
    ]


def main(figure: Path | None = None) -> list[Point]:
    """Measure every method on the stiff flow."""
    problem = stiff_flow()
    return run(problem, reference(problem), methods(), errors=ERRORS, figure=figure)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
