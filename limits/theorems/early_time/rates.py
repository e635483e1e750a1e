"""Statements on early training with orders alone: what they promise is a decay in d, measured as a slope.

They are theorems for d to infinity with constants that nobody knows. A slope measured at some d is empirical: it is
reported with its interval, and its violation is a finding.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from limits.chaos import Slope
from limits.kernel_training.early_time import early_constants
from limits.theorems.base import Assumption, Result, Statement, fails, unchecked
from limits.theorems.comparisons import slope_within
from particles import Activation

PAPER = "Hu et al. 2020"
#: By what is trained: where it stands that the kernel is near its surrogate, and how near at least.
KERNELS: Mapping[str, Statement] = {
    "hidden": Statement("|K - psi psi^T| <= n / d^(1 + a), a > 0", f"{PAPER}, proposition 3.4", proven=False),
    "output": Statement("|K - psi psi^T| <= n / d^(1 + a/3), a > 0", f"{PAPER}, proposition D.8", proven=False),
    "both": Statement("|K - psi psi^T| <= n / d^(1 + a/3), a > 0", f"{PAPER}, theorem D.1's kernel", proven=False),
}
CONVOLUTION = Statement("|K - 2 zeta^2 X X^T / d| <= n / d^(1 + a), a > 0", f"{PAPER}, proposition 4.1", proven=False)
TRAINING: Mapping[str, str] = {"hidden": "theorem 3.2", "output": "theorem 3.5", "both": "theorem D.1"}


@dataclass(frozen=True)
class Asymptotics:
    """What is trained and how large everything is, one number for each d; infinitely many particles are math.inf.

    eta are the steps, until the times t = steps times eta until which training is compared.
    """

    activation: Activation
    trained: str
    dims: Sequence[int]
    data: Sequence[int]
    particles: Sequence[float]
    steps: Sequence[float]
    until: Sequence[float]

    @property
    def centred(self) -> bool:
        """Whether E sigma(g) = 0, so that no direction of the output layer's kernel has an eigenvalue of order n."""
        return abs(early_constants(self.activation).theta0) < 1e-9

    @property
    def assumptions(self) -> tuple[Assumption, ...]:
        """That n and m grow fast enough with d, that steps are short, and that times are of the order of d log d."""
        wide = 1.0 if self.trained == "hidden" or self.centred else 2.0
        rows = list(zip(self.dims, self.data, self.particles, self.steps, self.until, strict=True))
        limit = 1.0 if wide > 1.0 else min(self.dims)
        return (
            Assumption("n > d for every d", all(n > d for d, n, *_ in rows)),
            Assumption(f"m > d^{wide:g} for every d", all(m > d**wide for d, _, m, *_ in rows)),
            Assumption(f"steps of at most {limit:g}", all(step <= limit for *_, step, _ in rows)),
            Assumption("times of at most 2 d log d", all(until <= 2.0 * d * math.log(d) for d, *_, until in rows)),
        )


def agreement(sizes: Asymptotics, slope: Slope, where: str = "(1/n) sum_i") -> Result:
    """(1/n) sum_i (f_t - f_t^lin)^2 <= d^(-Omega(a)) until t = c d log d: its slope in d is negative.

    Theorems 3.2 (first layer), 3.5 (second layer) and D.1 (both). `slope` is that of log gap against log d; `where`
    the gap was measured, at the data or in the mean over x.
    """
    assumptions = sizes.assumptions
    said = f"{where} (f_t - f_t^lin)^2 falls with d until t = c d log d"
    statement = Statement(said, f"{PAPER}, {TRAINING[sizes.trained]}", proven=False)
    if fails(assumptions):
        return unchecked(statement, assumptions)
    return slope_within(statement, assumptions, slope, most=0.0)


def kernel_distance_rate(trained: str, slope: Slope, least: float = 0.0) -> Result:
    """|K - psi psi^T|_2 falls faster than n/d with d: the slope of log distance at fixed n is below -1 - `least`."""
    return slope_within(KERNELS[trained], (), slope, most=-1.0 - least)


def convolution_distance(slope: Slope) -> Result:
    """|K - 2 zeta^2 X X^T / d - c I| d / n falls with d, where c I, the diagonal's excess, is at most of order one."""
    return slope_within(CONVOLUTION, (), slope, most=-1.0)
