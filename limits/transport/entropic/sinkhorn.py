"""Sinkhorn's iteration in the log domain, streamed over rows: no [n1, n2] matrix, any device, any masses."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from limits.transport.problem import Measure
from limits.transport.result import power
from particles import TransportUnsolved
from particles.arguments.integers import whole

Potential = Float[Tensor, " atoms"]
Other = Float[Tensor, " others"]

#: Entries of the cost matrix in one tile.
TILE_ON_CPU, TILE_ON_GPU = 2**16, 2**25
#: The temperature falls to the regularisation by this factor per sweep.
ANNEALING = 0.5


@dataclass(frozen=True)
class Iteration:
    """How Sinkhorn's iteration is run.

    regularisation: eps in units of the mean cost; tolerance: mass that may be in the wrong place; iterations: the cap.
    """

    regularisation: float = 0.05
    tolerance: float = 1e-3
    iterations: int = 1000

    def __post_init__(self) -> None:
        if not 0.0 < self.regularisation < float("inf"):
            raise ValueError(f"The regularisation is {self.regularisation!r}, but a positive finite number is needed.")
        if not self.tolerance > 0.0 or whole(self.iterations, "The number of iterations") < 1:
            raise ValueError(
                f"Sinkhorn was given tolerance {self.tolerance!r} and {self.iterations!r} iterations, but positive "
                "numbers are needed."
            )

    def temperatures(self, mean_cost: float) -> list[float]:
        """From the mean cost down to eps = regularisation times it, eps last."""
        falling = [mean_cost]
        while falling[-1] > self.regularisation * mean_cost:
            falling.append(max(falling[-1] * ANNEALING, self.regularisation * mean_cost))
        return falling[1:] or [self.regularisation * mean_cost]


def softmin(values: Potential, measure: Measure, at: Tensor, p: float, eps: float) -> Other:
    """-eps log sum_j b_j exp((v_j - |x_i - y_j|^p) / eps) for every row x_i of `at`; eps = 0 is min_j (c_ij - v_j).

    For p = 2 the squares are opened: |x|^2 - eps log sum_j b_j exp((v_j - |y_j|^2 + 2 x . y_j) / eps).
    """
    if eps == 0.0:
        least = [(true_costs(part, measure.points, p) - values).amin(dim=1) for part in tiles(at, measure.count)]
        return torch.cat(least)
    logs = measure.masses.log() + values / eps
    centre = measure.points.mean(dim=0)
    points = measure.points - centre
    at = at - centre
    if p == 2.0:
        logs = logs - points.square().sum(dim=1) / eps
        columns = (2.0 / eps) * points.T
        sums = [torch.logsumexp(torch.addmm(logs, part, columns), dim=1) for part in tiles(at, measure.count)]
        return at.square().sum(dim=1) - eps * torch.cat(sums)
    sums = [torch.logsumexp(logs - costs(part, points, p) / eps, dim=1) for part in tiles(at, measure.count)]
    return -eps * torch.cat(sums)


def tiles(rows: Tensor, columns: int) -> tuple[Tensor, ...]:
    """Rows in pieces such that a matrix of a piece against so many columns stays in the cache, or on a GPU fills it."""
    entries = TILE_ON_CPU if rows.device.type == "cpu" else TILE_ON_GPU
    pieces: tuple[Tensor, ...] = torch.split(rows, max(1, entries // columns))
    return pieces


def costs(first: Tensor, second: Tensor, p: float) -> Tensor:
    """|x_i - y_j|^p [n1, n2] by opened squares: fast, off by rounding of the largest, which the iteration can bear."""
    centre = second.mean(dim=0)
    x, y = first - centre, second - centre
    squares = (x.square().sum(dim=1)[:, None] + y.square().sum(dim=1) - 2.0 * (x @ y.T)).clamp_min(0.0)
    return power(squares, p / 2.0)


def true_costs(first: Tensor, second: Tensor, p: float) -> Tensor:
    """The same from differences, so that near points keep their digits: for what is proven."""
    distances: Tensor = torch.cdist(first, second, compute_mode="donot_use_mm_for_euclid_dist")
    return distances.square() if p == 2.0 else distances**p


def sinkhorn(first: Measure, second: Measure, p: float, how: Iteration, mean_cost: float) -> tuple[Potential, Other]:
    """Potentials f [n1], g [n2] of min <P, c> + eps KL(P | a b^T), annealed (Schmitzer 2019).

    P = a_i b_j exp((f_i + g_j - c_ij) / eps) has exact columns, and rows within the tolerance of their masses, summed.
    Raises TransportUnsolved after so many iterations at the last temperature.
    """
    temperatures = how.temperatures(mean_cost)
    f = torch.zeros_like(first.masses)
    eps = temperatures[-1]
    for temperature in temperatures:
        g = softmin(f, first, second.points, p, temperature)
        f = softmin(g, second, first.points, p, temperature)
    for _ in range(how.iterations):
        g = softmin(f, first, second.points, p, eps)
        updated = softmin(g, second, first.points, p, eps)
        error = misplaced(first, f, updated, eps)
        if error <= how.tolerance:
            return f, g
        f = updated
    raise _unsolved(how, error)


def symmetric_sinkhorn(measure: Measure, p: float, how: Iteration, mean_cost: float) -> Potential:
    """The same between a measure and itself, where f = g: f <- (f + softmin f) / 2 (Feydy et al. 2019, section 3.1).

    2 sum_i a_i f_i of the mean of two successive potentials is the dual value of that pair, exact in second order.
    """
    temperatures = how.temperatures(mean_cost)
    f = torch.zeros_like(measure.masses)
    eps = temperatures[-1]
    for temperature in temperatures:
        f = 0.5 * (f + softmin(f, measure, measure.points, p, temperature))
    for _ in range(how.iterations):
        updated = softmin(f, measure, measure.points, p, eps)
        error = misplaced(measure, f, updated, eps)
        f = 0.5 * (f + updated)
        if error <= how.tolerance:
            return f
    raise _unsolved(how, error)


def misplaced(measure: Measure, potential: Potential, updated: Potential, eps: float) -> float:
    """sum_i |a_i - row i of the plan|, where the plan's rows are a_i exp((f_i - updated_i) / eps)."""
    return float((measure.masses * torch.expm1((potential - updated) / eps).abs()).sum())


def _unsolved(how: Iteration, error: float) -> TransportUnsolved:
    return TransportUnsolved(
        f"Sinkhorn's iteration left {error:.3g} of mass in the wrong place after {how.iterations} steps, but "
        f"{how.tolerance:.3g} was asked for; take a larger regularisation, more iterations, or an exact method."
    )
