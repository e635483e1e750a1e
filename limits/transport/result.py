"""The result of a transport method: a distance, the method, the plan, and what is known of the error."""

import math
from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int
from torch import Tensor

from limits.transport.certificate import EPS
from limits.transport.problem import Measure, TransportProblem
from particles import ShapeError, TransportUnsolved
from particles.arguments.integers import whole
from particles.shapes import AnyFloat, Gram, Scalar

Atoms = Int[Tensor, " atoms"]

#: A distance counts as exact where its certified gap is at most this part of it.
EXACT = 1e-9
#: A move of at most this part of the total mass, and of its atoms' mass, is an effect of rounding.
ROUNDED, OF_ATOM = 1e-15, 1e-3
#: A cost below this has lost digits to underflow, in units where the largest cost is up to 2^800.
SMALLEST = 2.0**-960


@dataclass(frozen=True, eq=False)
class Plan:
    """A plan: mass `masses[l]` goes from particle `rows[l]` of the first cloud to `columns[l]` of the second.

    All three are [atoms], with an entry for each move. Raises ShapeError where they differ in length.
    """

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
        """The plan as a matrix [count1, count2] for clouds of these counts; its row sums are the first masses.

        Raises ValueError for a count that is not a positive integer, ShapeError for one that a move exceeds.
        """
        count1, count2 = (whole(count, "The number of particles") for count in (count1, count2))
        if len(self.rows) and (int(self.rows.max()) >= count1 or int(self.columns.max()) >= count2):
            raise ShapeError(f"The plan moves particles beyond {count1} and {count2}; give the counts of its clouds.")
        result = self.masses.new_zeros(count1, count2)
        return result.index_put((self.rows, self.columns), self.masses, accumulate=True)


@dataclass(frozen=True, eq=False)
class Transport:
    """A distance, a float64 scalar, with the method that found it and what is known of its error.

    `gap` proves, by feasible potentials and with rounding, that the distance which `method` computes lies in
    [distance - gap, distance], for masses known to 1e-15 of their total; it is None where nothing is proven.
    `standard_error` is that of an estimate from random projections or random particles, as the method says; otherwise
    None. `plan` refers to the clouds' own particle numbers. `seconds` is the wall time.
    """

    distance: Scalar
    method: str
    gap: float | None = None
    plan: Plan | None = field(default=None, repr=False)
    standard_error: float | None = None
    seconds: float = math.nan

    @property
    def is_exact(self) -> bool:
        """Whether the distance is proven up to a gap of at most 1e-9 of it."""
        return self.gap is not None and self.gap <= EXACT * float(self.distance.detach())


def along(
    problem: TransportProblem, rows: Atoms, columns: Atoms, masses: AnyFloat, signs: AnyFloat | None = None
) -> tuple[Scalar, Plan]:
    """The cost sum_l mass_l |x_l - y_l|^p of a plan between the atoms of a problem, and the plan in cloud numbers.

    `signs` [atoms, 1] multiply the y_l where they are given. By the envelope theorem, the derivative of the optimal
    cost in the positions is that of this sum with the plan held fixed. So autograd through it is right wherever the
    optimal plan is unique. `in_masses` adds the derivative in the masses. Raises as `check_resolved`.
    """
    targets = problem.second.points[columns] * (1.0 if signs is None else signs)
    squares = (problem.first.points[rows] - targets).square().sum(dim=1)
    plan = Plan(problem.first.numbers[rows], problem.second.numbers[columns], masses)
    value = masses @ power(squares, problem.p / 2.0)
    check_resolved(value, squares, problem.p)
    return value, plan


def check_resolved(value: Scalar, squares: AnyFloat, p: float) -> None:
    """Raise TransportUnsolved where positive distances have costs that all round to zero and plans look equal."""
    if len(squares) and float(squares.detach().max()) > 0.0 and float(value.detach()) < SMALLEST:
        raise TransportUnsolved(
            f"The distances moved are so much smaller than the largest that their costs to the power {p:g} leave the "
            "range of float64; take a smaller p, or leave far particles out."
        )


def in_masses(value: Scalar, measure: Measure, potentials: AnyFloat) -> Scalar:
    """The value with derivative u_i in the mass of atom i, where the potentials u are the prices of mass.

    By the envelope theorem this is right wherever the potentials are unique up to a constant; the constant does not
    matter for changes of masses that keep the total.
    """
    if not measure.masses.requires_grad:
        return value
    return value + (measure.masses - measure.masses.detach()) @ potentials.to(measure.masses)


def power(values: AnyFloat, exponent: float) -> AnyFloat:
    """values^exponent for values >= 0, with derivative zero instead of infinity at zero."""
    if exponent == 1.0:
        return values
    positive = values > 0.0
    return torch.where(positive, torch.where(positive, values, 1.0) ** exponent, 0.0)


def unrounded(moved: AnyFloat, atoms: AnyFloat, total: float = 1.0) -> Tensor:
    """Whether each move of a plan is larger than the rounding of masses: booleans [moves].

    `moved` are the masses moved and `atoms` the smaller mass of the two atoms of each move. Groups of atoms with equal
    total mass on both sides agree only to about 1e-16 of the total, and the remainder may be moved far, so that it
    would spoil the cost.
    """
    return (moved > ROUNDED * total) | (moved > OF_ATOM * atoms)


def rooted_gap(cost: Scalar, gap: float, p: float, dim: int) -> float:
    """cost^(1/p) - (cost - gap)^(1/p), with the gap enlarged by the rounding of |x - y|^p in `dim` coordinates."""
    here = float(cost.detach())
    share = gap / here + EPS * (dim + 2.0 * p + 8.0) if here > 0.0 else gap
    root = float(here ** (1.0 / p))
    return root if share >= 1.0 else root * -math.expm1(math.log1p(-share) / p)
