"""The unbalanced distance: mass is moved where that is cheap, and created or destroyed at a price where it is not."""

import numpy as np
import torch

from limits.transport.problem import Measure
from limits.transport.result import Plan, Transport, power, rooted_gap
from limits.transport.simplex import Optimum, array, optimal, pairwise
from particles import ShapeError


def unbalanced_distance(first: Measure, second: Measure, penalty: float, p: float = 2.0) -> Transport:
    """KR_{p,C} = (min over sub-couplings P of sum P_ij |x_i - y_j|^p + C^p ((m1 + m2) / 2 - m(P)))^(1/p), C = penalty.

    P has rows at most a and columns at most b; m is total mass. A metric between measures of any totals, for p >= 1
    (Kantorovich-Rubinstein distance; Heinemann, Klatt and Munk 2023): mass travels at most C, and for equal totals and
    C beyond the diameter this is W_p. Solved exactly with one more atom on each side, at cost C^p / 2 from all, that
    takes what is not moved. The plan holds what is moved. Measures come from `measure(points, masses)`.
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
    optimum = _extended(first, second, penalty, p)
    moves = (optimum.rows < first.count) & (optimum.columns < second.count)
    rows, columns, masses = optimum.rows[moves], optimum.columns[moves], optimum.masses[moves]
    prices = power((first.points[rows] - second.points[columns]).square().sum(dim=1), p / 2.0)
    near = prices.detach() < penalty**p
    total = first.masses.sum() + second.masses.sum()
    value = masses[near] @ prices[near] + penalty**p * (total / 2.0 - masses[near].sum()).clamp_min(0.0)
    plan = Plan(first.numbers[rows[near]], second.numbers[columns[near]], masses[near])
    return Transport(power(value, 1.0 / p), "unbalanced", rooted_gap(value, optimum.lower, p), plan)


def _extended(first: Measure, second: Measure, penalty: float, p: float) -> Optimum:
    """The balanced problem with the two further atoms, last on their side; one that would be massless is left out."""
    cost = np.full((first.count + 1, second.count + 1), 0.5 * penalty**p)
    cost[-1, -1] = 0.0
    if first.count and second.count:
        cost[:-1, :-1] = np.minimum(pairwise(first, second, p), penalty**p)
    a, b = array(first.masses), array(second.masses)
    masses1, masses2 = np.append(a, b.sum()), np.append(b, a.sum())
    rows, columns = np.flatnonzero(masses1), np.flatnonzero(masses2)
    found = optimal(np.ascontiguousarray(cost[np.ix_(rows, columns)]), masses1[rows], masses2[columns])
    where = first.points.device
    return Optimum(
        torch.from_numpy(rows)[found.rows].to(where),
        torch.from_numpy(columns)[found.columns].to(where),
        found.masses.to(where),
        found.lower,
    )
