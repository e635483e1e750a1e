"""Sinkhorn's iteration in the log domain for any masses, on any device, row by row without an [n1, n2] matrix."""

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

#: Number of entries of the cost matrix in one tile.
TILE_ON_CPU, TILE_ON_GPU = 2**16, 2**25
#: In every sweep the temperature is multiplied by this factor, until it reaches the regularisation.
ANNEALING = 0.5


@dataclass(frozen=True)
class Iteration:
    """Parameters of Sinkhorn's iteration for the methods "entropic" and "debiased" of `transport`.

    `regularisation` is eps in units of the mean cost, `tolerance` the mass that may be in the wrong place at the end,
    and `iterations` the largest number of iterations. Raises ValueError where one of them is not positive, or
    `iterations` not an integer.
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
        """Falling temperatures from half the mean cost to eps = regularisation * mean_cost, which is the last one."""
        falling = [mean_cost]
        while falling[-1] > self.regularisation * mean_cost:
            falling.append(max(falling[-1] * ANNEALING, self.regularisation * mean_cost))
        return falling[1:] or [self.regularisation * mean_cost]


def softmin(values: Potential, measure: Measure, at: Tensor, p: float, eps: float) -> Other:
    """-eps log sum_j b_j exp((v_j - |x_i - y_j|^p) / eps) for every row x_i of `at`: [rows].

    `measure` has the points y_j and masses b_j, and `values` are v_j. For eps = 0 the result is min_j (c_ij - v_j). For
    p = 2 the squares are expanded: |x|^2 - eps log sum_j b_j exp((v_j - |y_j|^2 + 2 x . y_j) / eps).
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
    """Rows in pieces of such a size that a matrix [piece, columns] fits into a CPU's cache or occupies a GPU."""
    entries = TILE_ON_CPU if rows.device.type == "cpu" else TILE_ON_GPU
    pieces: tuple[Tensor, ...] = torch.split(rows, max(1, entries // columns))
    return pieces


def costs(first: Tensor, second: Tensor, p: float) -> Tensor:
    """|x_i - y_j|^p [n1, n2] by expanded squares: fast, with the rounding error of the largest; for iterations."""
    centre = second.mean(dim=0)
    x, y = first - centre, second - centre
    squares = (x.square().sum(dim=1)[:, None] + y.square().sum(dim=1) - 2.0 * (x @ y.T)).clamp_min(0.0)
    return power(squares, p / 2.0)


def true_costs(first: Tensor, second: Tensor, p: float) -> Tensor:
    """|x_i - y_j|^p [n1, n2] from differences, so that near points keep their digits; for proven bounds."""
    distances: Tensor = torch.cdist(first, second, compute_mode="donot_use_mm_for_euclid_dist")
    return distances.square() if p == 2.0 else distances**p


def sinkhorn(first: Measure, second: Measure, p: float, how: Iteration, mean_cost: float) -> tuple[Potential, Other]:
    """Potentials f [n1] and g [n2] of min <P, c> + eps KL(P | a b^T), with falling temperatures (Schmitzer 2019).

    The plan P_ij = a_i b_j exp((f_i + g_j - c_ij) / eps) has exact column sums, and row sums whose errors add up to at
    most the tolerance. Raises TransportUnsolved where the last temperature takes more iterations than allowed.
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
    """The potential f = g [n1] between a measure and itself, by the iteration f <- (f + softmin f) / 2.

    It is that of Feydy et al. (2019, section 3.1). For the mean f of two successive potentials, 2 sum_i a_i f_i is the
    dual value of that pair, with an error of second order. Raises as `sinkhorn`.
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
    """sum_i |a_i - row sum i of the plan|, where the row sums are a_i exp((f_i - updated_i) / eps)."""
    return float((measure.masses * torch.expm1((potential - updated) / eps).abs()).sum())


def _unsolved(how: Iteration, error: float) -> TransportUnsolved:
    return TransportUnsolved(
        f"Sinkhorn's iteration left {error:.3g} of mass in the wrong place after {how.iterations} steps, but "
        f"{how.tolerance:.3g} was asked for; take a larger regularisation, more iterations, or an exact method."
    )
