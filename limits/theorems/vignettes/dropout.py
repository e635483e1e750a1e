"""Dropout stability: the mean over subsets as an identity, and how the excess goes with the particles kept."""

import math
from collections.abc import Sequence

import numpy as np
import torch

from limits.chaos import Slope
from limits.landscape.dropout import are_equal, dropout_risk, mean_dropout_risk
from limits.theorems.base import Assumption, Result, Statement, as_mean, fails, unchecked
from limits.theorems.comparisons import slope_within
from particles import ParticleCloud, Risk, Squared, generator
from particles.arguments.integers import whole

PAPER = "Shevchenko and Mondelli 2020"
SUBSETS = Statement(
    "E_A R_A = R + (1/2) (1/M) (N - M)/(N - 1) E_x Var_j(N s_j g_j)", "mean and variance of draws without replacement"
)
#: Slope in M of sqrt(log M) / sqrt(M) at the widths that can be run, which is above that of 1 / sqrt(M).
RATE = -0.4


def subset_mean(risk: Risk, cloud: ParticleCloud, kept: int, subsets: int = 400, seed: int = 0) -> Result:
    """The mean risk of random subsets of `kept` particles is that of the identity of `mean_dropout_risk`.

    Drawn are `subsets` independent subsets, and |z| < 5 is asked for. The assumptions are that the loss is squared and
    that masses are equal. Raises what `mean_dropout_risk` raises.
    """
    count, subsets = whole(kept, "The number of particles kept"), whole(subsets, "The number of subsets", least=2)
    assumptions = (
        Assumption("the loss is squared", type(risk.loss) is Squared),
        Assumption("masses are equal", are_equal(cloud)),
    )
    if fails(assumptions):
        return unchecked(SUBSETS, assumptions)
    exact = mean_dropout_risk(cloud, risk, count)
    draw = generator(seed, "drawn subsets")
    rows = (draw.permutation(cloud.count)[:count].tolist() for _ in range(subsets))
    return as_mean(SUBSETS, assumptions, exact.value, torch.stack([dropout_risk(cloud, risk, each) for each in rows]))


def dropout_rate(slope: Slope, what: str = "|L_(N/2) - L_N|") -> Result:
    """The excess falls with the number of particles kept as (sqrt(log M) + z) / sqrt(M), or faster.

    `slope` is that of log excess against log N with M proportional to N. The bound of the paper has a constant that
    grows as exp(T^3) and a term sqrt(s) of the step, so its slope is what can be tested: at most -0.4, which is that of
    sqrt(log M / M) at some hundred particles.
    """
    said = f"{what} falls with N at least as sqrt(log N) / sqrt(N)"
    return slope_within(Statement(said, f"{PAPER}, theorem 1", proven=False), (), slope, most=RATE)


def kept_alone(slope: Slope, counts: Sequence[int], what: str = "L_M - L_N") -> Result:
    """At a fixed number M of particles kept the excess does not depend on how many there were.

    `slope` is that of log excess against log N, at the numbers `counts` of particles. It is to change by less than a
    factor of two over all of them.
    """
    said = f"{what} at fixed M changes by less than a factor of two from N = {min(counts)} to {max(counts)}"
    most = math.log(2.0) / float(np.log(max(counts) / min(counts)))
    return slope_within(Statement(said, f"{PAPER}, theorem 1", proven=False), (), slope, least=-most, most=most)
