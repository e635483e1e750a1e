"""The unbalanced distance: mass is moved where that is cheaper than a price at which it is created or destroyed."""

import math
from dataclasses import replace

import numpy as np
import torch

from limits.transport.exact.simplex import Optimum, array, optimal, pairwise
from limits.transport.problem import LARGEST_EXPONENT, Measure, length_unit
from limits.transport.result import Plan, Transport, check_resolved, in_masses, power, rooted_gap
from particles import ShapeError


def unbalanced_distance(first: Measure, second: Measure, penalty: float, p: float = 2.0) -> Transport:
    """KR_{p,C} = (min over sub-couplings P of sum_ij P_ij |x_i - y_j|^p + C^p ((m1 + m2) / 2 - m(P)))^(1/p).

    This is the Kantorovich-Rubinstein distance (Heinemann, Klatt and Munk 2023), a metric between measures of any total
    mass for p >= 1. C is `penalty`, m is total mass, and a sub-coupling P has row sums at most the first masses and
    column sums at most the second. Mass travels at most the distance C. For equal totals and C above the diameter, KR
    is W_p. Measures come from `measure(points, masses)`.

    The result is exact, in float64, with a certified gap and the plan of the mass that is moved. It is computed with
    one more atom on each side, at cost C^p / 2 from all others, which takes the mass that is not moved.
    Raises ValueError for a penalty that is not positive and finite, p below 1, and costs beyond float64; ShapeError for
    measures with different numbers of coordinates; TransportUnsolved where no optimum is proven.
    """
    if not 0.0 < penalty < float("inf"):
        raise ValueError(f"The penalty is {penalty!r}, but a positive finite length is needed.")
    if not 1.0 <= p < float("inf"):
        raise ValueError(f"The power p is {p!r}, but a finite number of at least 1 is needed.")
    if first.points.shape[1] != second.points.shape[1]:
        raise ShapeError(
            f"The atoms have {first.points.shape[1]} and {second.points.shape[1]} coordinates; give both the same."
        )
    if first.count + second.count == 0:
        return Transport(first.points.new_zeros(()), "unbalanced", 0.0)
    if not abs(math.log10(penalty)) * max(p, 2.0) <= LARGEST_EXPONENT:
        raise ValueError(
            f"The penalty {penalty:.3g} to the power {max(p, 2.0):g} leaves the range of float64; rescale it."
        )
    unit = length_unit([first.points, second.points], p, penalty)
    x = first.points / unit
    y = second.points / unit
    price = (penalty / unit) ** p
    scaled = Measure(x, first.masses, first.numbers), Measure(y, second.masses, second.numbers)
    found = _extended(scaled[0], scaled[1], price, p).to(x.device)
    inside = (found.rows < first.count) & (found.columns < second.count)
    rows, columns, masses = found.rows[inside], found.columns[inside], found.masses[inside]
    squares = (x[rows] - y[columns]).square().sum(dim=1)
    prices = power(squares, p / 2.0)
    near = prices.detach() < price
    alone = (found.rows < first.count) != (found.columns < second.count)
    value = masses[near] @ prices[near] + price * (masses[~near].sum() + 0.5 * found.masses[alone].sum())
    check_resolved(value, squares[near], p)
    gap = unit * rooted_gap(value, found.gap, p, x.shape[1])
    value = in_masses(value, first, found.first[: first.count] + (found.second[-1] if first.count else 0.0))
    value = in_masses(value, second, found.second[: second.count] + (found.first[-1] if second.count else 0.0))
    plan = Plan(first.numbers[rows[near]], second.numbers[columns[near]], masses[near])
    return Transport(unit * power(value, 1.0 / p), "unbalanced", gap, plan)


def _extended(first: Measure, second: Measure, price: float, p: float) -> Optimum:
    """The optimum of the balanced problem with one further atom on each side, the last; a massless one is left out."""
    cost = np.full((first.count + 1, second.count + 1), 0.5 * price)
    cost[-1, -1] = 0.0
    if first.count and second.count:
        cost[:-1, :-1] = np.minimum(pairwise(first, second, p), price)
    a, b = array(first.masses), array(second.masses)
    masses1, masses2 = np.append(a, b.sum()), np.append(b, a.sum())
    rows, columns = np.flatnonzero(masses1), np.flatnonzero(masses2)
    found = optimal(np.ascontiguousarray(cost[np.ix_(rows, columns)]), masses1[rows], masses2[columns])
    return replace(found, rows=torch.from_numpy(rows)[found.rows], columns=torch.from_numpy(columns)[found.columns])
