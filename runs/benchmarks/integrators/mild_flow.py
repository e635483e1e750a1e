"""Integrators on the mild flow: n = 100, d = 50, m = 2000, tanh and ReLU, eigenvalues of like size, sum-loss time 100.

Run as `OMP_NUM_THREADS=1 python -m runs.benchmarks.integrators.mild_flow [FIGURE]`; it takes about three minutes. The
figure shows tanh.
"""

import sys
from pathlib import Path

from flows import BDF, Adaptive
from particles import ReLU
from runs.benchmarks.integrators.stiff_flow import ERRORS, gradient_descent, methods, reference
from runs.benchmarks.integrators.work_precision import PEER, Method, Ours, Point, run
from runs.benchmarks.peers import cvode
from runs.benchmarks.timed_flows import mild_flow


def kinked_methods() -> list[Method]:
    """The methods for ReLU, with loose tolerances, since every method is of low order across kinks."""
    return [
        Method("Adaptive", Ours(Adaptive), (3e-2, 1e-2, 3e-3, 1e-3)),
        Method(PEER, cvode, (1e-2, 1e-3, 1e-4), repeats=1, needs="sksundae"),
        Method("gradient descent", gradient_descent, (0.5, 0.05), repeats=1),
    ]


def main(figure: Path | None = None) -> list[Point]:
    """Measure every method on the mild flow of tanh neurons, and some methods on that of ReLUs."""
    smooth = mild_flow()
    kinked = mild_flow(activation=ReLU())
    points = run(smooth, reference(smooth), methods(), errors=ERRORS, figure=figure)
    tight = Ours(BDF)(kinked, 1e-4).cloud
    return [*points, *run(kinked, tight, kinked_methods(), errors=ERRORS)]


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
