"""What a transport method answers: a distance, how it was found, and what is known of its error."""

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

#: A certified gap below this part of the distance makes a distance exact.
EXACT = 1e-9
#: Mass up to this part of the total, and this part of its atoms, is moved only because masses are rounded.
ROUNDED, OF_ATOM = 1e-15, 1e-3
#: A cost below this, in units where the largest may be 2^800, has lost digits to underflow.
SMALLEST = 2.0**-960


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

    gap: the distance that `method` computes lies in [distance - gap, distance], proven by feasible potentials, rounding
    included, for masses read to 1e-15 of their total; None where nothing is proven. standard_error: of an estimate from
    random projections or random particles, as the method says. plan: in the clouds' own particle numbers. seconds: wall
    time.
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
    problem: TransportProblem, rows: Atoms, columns: Atoms, masses: AnyFloat, signs: AnyFloat | None = None
) -> tuple[Scalar, Plan]:
    """The cost sum_l mass_l |x_l - y_l|^p of a plan between the atoms of a problem, and the plan in cloud numbers.

    `signs` [atoms, 1] multiply the y_l.

    By the envelope theorem the derivative of the optimal cost in the positions is that of this sum with the plan held
    fixed, so autograd through it is right wherever the optimal plan is unique; `in_masses` adds that in the masses.
    """
    targets = problem.second.points[columns] * (1.0 if signs is None else signs)
    squares = (problem.first.points[rows] - targets).square().sum(dim=1)
    plan = Plan(problem.first.numbers[rows], problem.second.numbers[columns], masses)
    value = masses @ power(squares, problem.p / 2.0)
    check_resolved(value, squares, problem.p)
    return value, plan


def check_resolved(value: Scalar, squares: AnyFloat, p: float) -> None:
    """Raise TransportUnsolved where the costs of distances all round to zero, so that nothing tells plans apart."""
    if len(squares) and float(squares.detach().max()) > 0.0 and float(value.detach()) < SMALLEST:
        raise TransportUnsolved(
            f"The distances moved are so much smaller than the largest that their costs to the power {p:g} leave the "
            "range of float64; take a smaller p, or leave far particles out."
        )


def in_masses(value: Scalar, measure: Measure, potentials: AnyFloat) -> Scalar:
    """The value with derivative u_i in the mass of atom i: potentials u are the prices of mass (envelope theorem).

    Right wherever the potentials are unique but for a constant, which derivatives along equal totals do not see.
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
    """Which parts of a plan [atoms] are more than rounding of the masses: far atoms would make much of it.

    atoms: the smaller mass of the two atoms of each part. Groups of atoms whose masses should add up to the same on
    both sides do so to some 1e-16 of the total, and what is left over may have a long way to go.
    """
    return (moved > ROUNDED * total) | (moved > OF_ATOM * atoms)


def rooted_gap(cost: Scalar, gap: float, p: float, dim: int) -> float:
    """cost^(1/p) - (cost - gap)^(1/p), where rounding of |x - y|^p in so many coordinates makes the gap larger."""
    here = float(cost.detach())
    share = gap / here + EPS * (dim + 2.0 * p + 8.0) if here > 0.0 else gap
    root = float(here ** (1.0 / p))
    return root if share >= 1.0 else root * -math.expm1(math.log1p(-share) / p)
