"""The entropic plan made feasible: a certified interval around W_p at any size, on any device."""

import torch

from limits.transport.problem import Problem
from limits.transport.result import Transport, power, rooted_gap
from limits.transport.sinkhorn import Iteration, Other, Potential, costs, sinkhorn, softmin, tiles
from particles.shapes import Scalar


def by_entropy(problem: Problem, how: Iteration = Iteration()) -> Transport:
    """An upper bound of W_p from the entropic plan, moved to the exact masses, and a lower one from its potentials.

    distance: the cost of a feasible plan (Altschuler, Weed and Rigollet 2017, algorithm 2), rooted; gap: down to the
    dual value of the potentials' c-transform. W_p lies in between; smaller regularisation brings them together.
    """
    problem = detached(problem)
    eps = how.regularisation * problem.mean_cost
    if eps == 0.0:
        return Transport(problem.first.points.new_zeros(()), "entropic", 0.0)
    f, g = sinkhorn(problem.first, problem.second, problem.p, how, problem.mean_cost)
    upper = _feasible_cost(problem, f, g, eps)
    covering = softmin(g, problem.second, problem.first.points, problem.p, 0.0)
    lower = float(problem.first.masses @ covering + problem.second.masses @ g)
    return Transport(power(upper, 1.0 / problem.p), "entropic", rooted_gap(upper, lower, problem.p))


def detached(problem: Problem) -> Problem:
    """The same problem without autograd history, which these methods do not carry on."""
    parts = [
        type(measure)(measure.points.detach(), measure.masses, measure.numbers)
        for measure in (problem.first, problem.second)
    ]
    return Problem(parts[0], parts[1], problem.p)


def _feasible_cost(problem: Problem, f: Potential, g: Other, eps: float) -> Scalar:
    """<P, c> of the entropic plan with its rows scaled down to at most a, and the missing mass coupled independently.

    Its columns are b before that, so at most b after it, but for rounding.
    """
    first, second, p = problem.first, problem.second, problem.p
    a, b = first.masses, second.masses
    excess = torch.exp((f - softmin(g, second, first.points, p, eps)) / eps)
    scale = excess.clamp_min(1.0).reciprocal()
    value, columns = _sums(problem, f, g, eps, scale)
    rounding = float((columns / b).max().clamp_min(1.0))
    short1 = (a - a * excess * scale / rounding).clamp_min(0.0)
    short2 = (b - columns / rounding).clamp_min(0.0)
    if not float(short2.sum()) > 0.0:
        return value / rounding
    spread = value.new_zeros(())
    for points, short in zip(tiles(first.points, second.count), tiles(short1, second.count), strict=True):
        spread += short @ (costs(points, second.points, p) @ short2)
    return value / rounding + spread / short2.sum()


def _sums(problem: Problem, f: Potential, g: Other, eps: float, scale: Potential) -> tuple[Scalar, Other]:
    """<P, c> and the column sums of P after rows are multiplied by `scale`."""
    a, b = problem.first.masses, problem.second.masses
    value, columns = a.new_zeros(()), torch.zeros_like(b)
    rows = torch.cat([problem.first.points, f[:, None], (scale * a)[:, None]], dim=1)
    for part in tiles(rows, problem.second.count):
        cost = costs(part[:, :-2], problem.second.points, problem.p)
        plan = part[:, -1:] * b * torch.exp((part[:, -2:-1] + g - cost) / eps)
        value += (plan * cost).sum()
        columns += plan.sum(dim=0)
    return value, columns
