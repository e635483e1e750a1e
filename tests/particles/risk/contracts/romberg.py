"""Derivatives by extrapolated central differences: they know nothing of gradients, closed or automatic."""

from collections.abc import Callable

from torch import Tensor

#: Largest step. For analytic functions of scale one, four levels truncate at WIDTH^8 / 2^12 = 2e-16: below rounding.
WIDTH = 2.0**-5
LEVELS = 4


def derivative(function: Callable[[float], Tensor], *, width: float = WIDTH) -> Tensor:
    """d function / dt at t = 0, for a function of one number with a tensor as its value, entry by entry.

    Central differences D(h) = (F(h) - F(-h)) / 2h at h = width / 2^k err by c_1 h^2 + c_2 h^4 + ...; each column of
    Richardson's table T_(k,l) = T_(k,l-1) + (T_(k,l-1) - T_(k-1,l-1)) / (4^l - 1) removes one term.
    Where the function is polynomial between kinks, it is exact as long as no kink lies within `width`.
    """
    steps = [width / 2**level for level in range(LEVELS)]
    column = [(function(step) - function(-step)) / (2.0 * step) for step in steps]
    for order in range(1, LEVELS):
        pairs = zip(column[1:], column[:-1], strict=True)
        column = [fine + (fine - coarse) / (4.0**order - 1.0) for fine, coarse in pairs]
    return column[-1]
