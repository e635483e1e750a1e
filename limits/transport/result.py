"""What a transport method answers: a distance, how it was found, and what is known of its error."""

import math
from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int
from torch import Tensor

from limits.transport.problem import Problem
from particles import ShapeError
from particles.integers import whole
from particles.shapes import AnyFloat, Gram, Scalar

Atoms = Int[Tensor, " atoms"]

#: A certified gap below this part of the distance makes a distance exact.
EXACT = 1e-9


@dataclass(frozen=True, eq=False)
class Plan:
    """Mass `masses[l]` goes from particle `rows[l]` of the first cloud to `columns[l]` of the second, all [atoms]."""

    rows: Atoms
    columns: Atoms
    masses: Float[Tensor, " atoms"]

    def __post_init__(self) -> None:
        if not len(self.rows) == len(self.columns) == len(self.masses):
            raise ShapeError(
                f"A plan has {len(self.rows)} rows, {len(self.columns)} columns and {len(self.masses)} masses; give "
                "one of each for every move."
            )

    def matrix(self, count1: int, count2: int) -> Gram:
        """The plan as a matrix [particles, particles] for clouds of these counts."""
        count1, count2 = (whole(count, "The number of particles") for count in (count1, count2))
        if len(self.rows) and (int(self.rows.max()) >= count1 or int(self.columns.max()) >= count2):
            raise ShapeError(f"The plan moves particles beyond {count1} and {count2}; give the counts of its clouds.")
        result = self.masses.new_zeros(count1, count2)
        return result.index_put((self.rows, self.columns), self.masses, accumulate=True)


@dataclass(frozen=True, eq=False)
class Transport:
    """A distance in float64 and its credentials.

    gap: the distance that `method` computes lies in [distance - gap, distance], proven by feasible potentials; None
    where nothing is proven. standard_error: of an estimate from random projections or random particles, as the method
    says. plan: in the clouds' own particle numbers. seconds: wall time.
    """

    distance: Scalar
    method: str
    gap: float | None = None
    plan: Plan | None = field(default=None, repr=False)
    standard_error: float | None = None
    seconds: float = math.nan

    @property
    def is_exact(self) -> bool:
        """Whether a proof stands behind the distance: a gap of at most 1e-9 of it."""
        return self.gap is not None and self.gap <= EXACT * float(self.distance.detach())


def along(
    problem: Problem, rows: Atoms, columns: Atoms, masses: AnyFloat, signs: AnyFloat | None = None
) -> tuple[Scalar, Plan]:
    """The cost sum_l mass_l |x_l - y_l|^p of a plan between the atoms of a problem, and the plan in cloud numbers.

    `signs` [atoms, 1] multiply the y_l.

    By the envelope theorem the derivative of the optimal cost in the positions is that of this sum with the plan held
    fixed, so autograd through it is right wherever the optimal plan is unique.
    """
    targets = problem.second.points[columns] * (1.0 if signs is None else signs)
    squares = (problem.first.points[rows] - targets).square().sum(dim=1)
    plan = Plan(problem.first.numbers[rows], problem.second.numbers[columns], masses)
    return masses @ power(squares, problem.p / 2.0), plan


def power(values: AnyFloat, exponent: float) -> AnyFloat:
    """values^exponent for values >= 0, with derivative zero instead of infinity at zero."""
    if exponent == 1.0:
        return values
    positive = values > 0.0
    return torch.where(positive, torch.where(positive, values, 1.0) ** exponent, 0.0)


def rooted_gap(cost: Scalar, lower: float, p: float) -> float:
    """cost^(1/p) - lower^(1/p) from an upper and a lower bound of the optimal cost; never negative."""
    return max(float(cost.detach() ** (1.0 / p)) - float(max(lower, 0.0) ** (1.0 / p)), 0.0)
