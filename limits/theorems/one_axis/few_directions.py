"""What no kernel learns of a target of two directions from n data: all but a part n / B, B of the order d^2 / 2.

The paper cites Omega(d^2) data for kernels and O(d) for networks in the mean-field regime (its section VI; Wei et al.
2019; Ghorbani et al. 2021). The first has exact constants.
"""

import math
from dataclasses import replace

import torch

from limits.theorems.base import Assumption, Result, Statement, fails, from_below, unchecked
from particles.shapes import AnyFloat

KERNEL_DATA = Statement(
    "E |f - y|^2 / E y^2 >= 1 - n / B with B = (d - 1)(d + 2) / 2, for every kernel that knows no direction",
    "Fang, Dong and Zhang 2020, section VI, with constants for x ~ N(0, I)",
)


def harmonics(dim: int) -> int:
    """B = (d - 1)(d + 2) / 2, the dimension of the quadratic forms x^T A x of trace zero."""
    return (dim - 1) * (dim + 2) // 2


def kernel_data(errors: AnyFloat, count: int, dim: int) -> Result:
    """E |f - y|^2 / E y^2 >= 1 - n / B, where y = x^T A x with tr A = 0 and f = sum_i beta_i K(x_i, .), any beta.

    `errors` [draws] are the relative test errors of independent data sets of n = `count` inputs in d = `dim`, such as
    those of kernel ridge regression at its best ridge. x ~ N(0, I), or any law that no rotation changes, and
    K(R x, R x') = K(x, x') for rotations R, as of inner products and norms.

    Proof: projected on the forms of trace zero, n functions span n dimensions at most. Rotations leave no part of
    these forms alone (they are irreducible), so a fixed y has the part n / B of its square in a span with a random
    rotation, at most. Vacuous for n >= B.
    """
    draws = errors.double().flatten()
    assumptions = (Assumption("two data sets or more", len(draws) > 1), Assumption("two inputs or more", dim > 1))
    if fails(assumptions):
        return unchecked(KERNEL_DATA, assumptions)
    said = replace(KERNEL_DATA, text=f"d = {dim}, n = {count}: {KERNEL_DATA.text}")
    bound = torch.tensor([1.0 - count / harmonics(dim)], dtype=torch.float64)
    error = draws.std().reshape(1) / math.sqrt(len(draws))
    return from_below(said, assumptions, bound, draws.mean().reshape(1), error=error)
