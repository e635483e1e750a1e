"""The entropic plan corrected to the exact masses: a certified interval around W_p for clouds of any size."""

import torch

from limits.transport.certificate import EPS
from limits.transport.entropic.sinkhorn import (
    TILE_ON_CPU,
    Iteration,
    Other,
    Potential,
    sinkhorn,
    softmin,
    tiles,
    true_costs,
)
from limits.transport.problem import TransportProblem
from limits.transport.result import Transport, power, rooted_gap
from particles.shapes import Scalar


def by_entropy(problem: TransportProblem, how: Iteration = Iteration()) -> Transport:
    """An upper bound of W_p from the entropic plan corrected to the exact masses, and a lower bound from potentials.

    The distance is the rooted cost of a feasible plan (Altschuler, Weed and Rigollet 2017, algorithm 2). The gap
    reaches down to the dual value of the c-transform of the potentials. W_p lies in between, with rounding counted on
    both sides; a smaller regularisation makes the gap smaller.
    Raises ValueError where a cloud requires derivatives, TransportUnsolved where the iteration does not converge.
    """
    problem = detached(problem, "entropic")
    eps = how.regularisation * problem.mean_cost
    if eps == 0.0:
        return Transport(problem.first.points.new_zeros(()), "entropic", 0.0)
    first, second, p = problem.first, problem.second, problem.p
    f, g = sinkhorn(first, second, p, how, problem.mean_cost)
    f = f + second.masses @ g
    g = g - second.masses @ g
    # Relative rounding error of a cost from differences and of a sum over tiles.
    rounding = EPS * (first.points.shape[1] + 2.0 * p + 32.0 + first.count * second.count / TILE_ON_CPU)
    upper = _feasible_cost(problem, f, g, eps) * (1.0 + rounding)
    covering = softmin(g, second, first.points, p, 0.0)
    lower = float(first.masses @ covering + second.masses @ g)
    doubt = rounding * float(first.masses @ covering.abs() + g.abs().max())
    gap = max(float(upper) - lower + doubt, 0.0)
    return Transport(power(upper, 1.0 / p), "entropic", rooted_gap(upper, gap, p, first.points.shape[1]))


def detached(problem: TransportProblem, method: str) -> TransportProblem:
    """The problem itself; raises ValueError where a cloud requires derivatives, which the method does not have."""
    held = [tensor for at in (problem.first, problem.second) for tensor in (at.points, at.masses)]
    if torch.is_grad_enabled() and any(tensor.requires_grad for tensor in held):
        raise ValueError(
            f"The method {method!r} has no derivatives, but a cloud requires them; detach it, or take an exact or the "
            "sliced distance."
        )
    return problem


def _feasible_cost(problem: TransportProblem, f: Potential, g: Other, eps: float) -> Scalar:
    """<P, c> of the entropic plan after its row sums are scaled down to at most a and missing mass is added.

    The missing mass of rows and columns is coupled independently. The column sums are b before the scaling, so they are
    at most b after it, up to rounding.
    """
    first, second, p = problem.first, problem.second, problem.p
    a, b = first.masses, second.masses
    excess = torch.exp((f - softmin(g, second, first.points, p, eps)) / eps)
    value, rows, columns = _sums(problem, f, g, eps, excess.clamp_min(1.0).reciprocal())
    rounding = float(torch.maximum((rows / a).max(), (columns / b).max()).clamp_min(1.0))
    short1, short2 = (a - rows / rounding).clamp_min(0.0), (b - columns / rounding).clamp_min(0.0)
    if not float(short2.sum()) > 0.0:
        return value / rounding
    spread = value.new_zeros(())
    for points, short in zip(tiles(first.points, second.count), tiles(short1, second.count), strict=True):
        spread += short @ (true_costs(points, second.points, p) @ short2)
    return value / rounding + spread / short2.sum()


def _sums(
    problem: TransportProblem, f: Potential, g: Other, eps: float, scale: Potential
) -> tuple[Scalar, Potential, Other]:
    """<P, c>, row sums and column sums of P after rows are multiplied by `scale`."""
    a, b = problem.first.masses, problem.second.masses
    value = a.new_zeros(())
    sums = []
    columns = torch.zeros_like(b)
    rows = torch.cat([problem.first.points, f[:, None], (scale * a)[:, None]], dim=1)
    for part in tiles(rows, problem.second.count):
        cost = true_costs(part[:, :-2], problem.second.points, problem.p)
        plan = part[:, -1:] * b * torch.exp((part[:, -2:-1] + g - cost) / eps)
        value += (plan * cost).sum()
        sums.append(plan.sum(dim=1))
        columns += plan.sum(dim=0)
    return value, torch.cat(sums), columns
