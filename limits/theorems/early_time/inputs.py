"""Inputs of many coordinates are nearly orthogonal and of nearly equal norms, with constants for Gaussian ones.

The paper has orders: |x_i|^2 / d = 1 +- O(sqrt(log n / d)), x_i . x_j / d = O(sqrt(log n / d)), |X X^T| = Theta(n). For
x ~ N(0, I) these are the bounds below, each with probability 1 - delta at least.
"""

import math

import torch

from limits.theorems.base import Assumption, Result, Statement, fails, from_above, unchecked
from particles.shapes import Inputs

SOURCE = "Hu et al. 2020, claim 3.1, with constants for x ~ N(0, I)"
NORMS = Statement("max_i | |x_i|^2 / d - 1 | <= 2 sqrt(t/d) + 2 t/d, t = log(2 n / delta)", SOURCE)
PRODUCTS = Statement(
    "max_(i<j) |x_i . x_j| / d <= sqrt(2 t (1 + s) / d), s = 2 sqrt(t/d) + 2 t/d, t = log(2 n^2 / delta)", SOURCE
)
SPECTRUM = Statement("| |X| / sqrt(n) - 1 | <= sqrt(d/n) + sqrt(2 log(2 / delta) / n)", SOURCE)
#: Rows of inputs whose products are formed at once.
TILE = 2048


def input_norms(inputs: Inputs, delta: float = 1e-6) -> Result:
    """max_i | |x_i|^2 / d - 1 | <= 2 sqrt(t/d) + 2 t/d with t = log(2 n / delta), for all data at once.

    |x|^2 is chi-squared with d degrees of freedom (Laurent and Massart 2000, lemma 1, and a union bound).
    """
    n, d = inputs.shape
    measured = (inputs.double().square().sum(dim=1) / d - 1.0).abs().max().reshape(1)
    return from_above(NORMS, (), measured.new_tensor([_spread(math.log(2.0 * n / delta), d)]), measured)


def inner_products(inputs: Inputs, delta: float = 1e-6) -> Result:
    """max_(i<j) |x_i . x_j| / d <= sqrt(2 t (1 + s) / d), s = 2 sqrt(t/d) + 2 t/d, t = log(2 n^2 / delta).

    Given x_j, x_i . x_j is N(0, |x_j|^2), and |x_j|^2 <= d (1 + s) for all j but with probability delta / 2.
    """
    n, d = inputs.shape
    several = (Assumption("two data or more", n > 1),)
    if fails(several):
        return unchecked(PRODUCTS, several)
    x, largest = inputs.double(), 0.0
    for first in range(0, n, TILE):
        part = x[first : first + TILE] @ x.T
        part[torch.arange(len(part)), torch.arange(first, first + len(part))] = 0.0
        largest = max(largest, float(part.abs().max()) / d)
    t = math.log(2.0 * n * n / delta)
    bound = math.sqrt(2.0 * t * (1.0 + _spread(t, d)) / d)
    return from_above(PRODUCTS, several, x.new_tensor([bound]), x.new_tensor([largest]))


def input_spectrum(inputs: Inputs, delta: float = 1e-6) -> Result:
    """| |X|_2 / sqrt(n) - 1 | <= sqrt(d/n) + sqrt(2 log(2 / delta) / n).

    So |X X^T| is of the order of n for n >> d. Singular values of Gaussian matrices: Davidson and Szarek 2001, theorem
    II.13.
    """
    n, d = inputs.shape
    measured = (torch.linalg.matrix_norm(inputs.double(), 2) / math.sqrt(n) - 1.0).abs().reshape(1)
    bound = math.sqrt(d / n) + math.sqrt(2.0 * math.log(2.0 / delta) / n)
    return from_above(SPECTRUM, (), measured.new_tensor([bound]), measured)


def _spread(t: float, d: int) -> float:
    return 2.0 * math.sqrt(t / d) + 2.0 * t / d
