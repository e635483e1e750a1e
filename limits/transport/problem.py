"""A transport problem: two measures in float64 without massless atoms, checked once for every method."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from particles import MassError, ParticleCloud, ShapeError
from particles.arguments.display import line
from particles.arguments.integers import whole
from particles.cloud import TOTAL_TOLERANCE
from particles.shapes import Masses, Positions

Numbers = Int[Tensor, " particles"]

#: The coordinates compared: None for all, "hidden", "output", a slice, or numbers of coordinates.
Parts = str | slice | Sequence[int] | None

#: Largest decimal exponent of a cost; costs within it are neither infinite nor rounded to zero.
LARGEST_EXPONENT = 290.0


@dataclass(frozen=True, eq=False)
class Measure:
    """Atoms of positive mass: `points` [particles, dim] and `masses` [particles] of any total, in float64.

    `numbers` [particles] are the atoms' row numbers in the cloud or the points that they come from. `measure` makes one
    with checks.
    """

    points: Positions
    masses: Masses
    numbers: Numbers

    @property
    def count(self) -> int:
        """The number of atoms."""
        return self.points.shape[0]

    @property
    def mean(self) -> Float[Tensor, " dim"]:
        """sum_j lambda_j x_j [dim]; the mean for total mass one."""
        return self.masses @ self.points

    @property
    def spread(self) -> Float[Tensor, ""]:
        """sum_j lambda_j |x_j - mean|^2, a scalar, for total mass one."""
        return self.masses @ (self.points - self.mean).square().sum(dim=1)


@dataclass(frozen=True, eq=False)
class TransportProblem:
    """The problem of moving `first` to `second`, both of total mass one, at cost |x - y|^p."""

    first: Measure
    second: Measure
    p: float

    def in_units(self, reached: Sequence[Tensor] = ()) -> tuple["TransportProblem", float]:
        """The problem with lengths in a unit that keeps costs of any p inside float64, and that unit.

        The unit is a power of two, so nothing is rounded, and W_p is the unit times W_p of the scaled problem.
        `reached` are further points [particles, dim] from which distances are taken.
        """
        unit = length_unit([self.first.points, self.second.points, *reached], self.p)
        first, second = (Measure(at.points / unit, at.masses, at.numbers) for at in (self.first, self.second))
        return TransportProblem(first, second, self.p), unit

    @property
    def centred(self) -> "TransportProblem":
        """The problem with the first mean as origin, so that coordinates are not much larger than distances."""
        centre = self.first.mean.detach()
        first, second = (Measure(at.points - centre, at.masses, at.numbers) for at in (self.first, self.second))
        return TransportProblem(first, second, self.p)

    @property
    def mean_cost(self) -> float:
        """(E |x - y|^2)^(p/2) for independent x and y, a typical cost; for p = 2 it is the mean cost."""
        shift = (self.first.mean - self.second.mean).square().sum()
        square = float((shift + self.first.spread + self.second.spread).detach())
        return float(square ** (self.p / 2.0))


def posed(
    cloud1: ParticleCloud, cloud2: ParticleCloud, p: float, parts: Parts = None, outputs: int = 1
) -> TransportProblem:
    """The transport problem between some coordinates of two clouds, which keep their autograd history.

    "hidden" are all coordinates before the last `outputs` ones, "output" are the last ones. Raises TypeError for what
    is no cloud; ShapeError for clouds with different numbers of coordinates, or coordinates that do not exist;
    MassError for total masses that are not one; ValueError for p below 1, other `parts`, positions that are not finite,
    and positions whose costs leave the range of float64.
    """
    if not 1.0 <= p < math.inf:
        raise ValueError(f"The power p is {p!r}, but a finite number of at least 1 is needed.")
    first, second = _measure(cloud1, parts, outputs), _measure(cloud2, parts, outputs)
    if first.points.shape[1] != second.points.shape[1]:
        raise ShapeError(
            f"The particles compared have {first.points.shape[1]} and {second.points.shape[1]} coordinates; compare "
            "clouds of one neuron, or choose parts that both have."
        )
    _check_span(torch.cat([first.points.detach(), second.points.detach().to(first.points)]), p)
    where = first.points.device
    moved = Measure(second.points.to(where), second.masses.to(where), second.numbers.to(where))
    return TransportProblem(first, moved, float(p))


def span_of(points: Positions) -> float:
    """The diagonal of the box around points [particles, dim], an upper bound of their distances; 0 for no points."""
    if points.numel() == 0:
        return 0.0
    return math.hypot(*(points.amax(dim=0) - points.amin(dim=0)).tolist())


def length_unit(clouds: Sequence[Tensor], p: float, further: float = 0.0) -> float:
    """A power of two as unit of length, such that the largest distance costs at most 2^800, and at most 2^(64 p).

    The largest distance is the diagonal of the box around all `clouds`, or `further` if that is larger. Costs of large
    p spread over hundreds of decades, and those below 2^-1000 are rounded to zero.
    """
    return unit_of(max(span_of(torch.cat([points.detach() for points in clouds])), further), p)


def unit_of(largest: float, p: float) -> float:
    """The unit of `length_unit` for a given largest distance; 1 for distance zero."""
    return math.ldexp(1.0, math.frexp(largest)[1] - min(64, int(800.0 / p))) if largest > 0.0 else 1.0


def _check_span(points: Positions, p: float) -> None:
    span = span_of(points)
    if span > 0.0 and abs(math.log10(span)) * max(p, 2.0) > LARGEST_EXPONENT:
        raise ValueError(
            f"The positions span {span:.3g}, and their distances to the power {max(p, 2.0):g} leave the range of "
            "float64; rescale them."
        )


def measure(points: Positions, masses: Masses) -> Measure:
    """Make a `Measure` in float64 from points [particles, dim] and masses [particles] of any total.

    `unbalanced_distance` takes such measures. Massless particles are left out. Raises ShapeError where there is not one
    mass for each point, MassError for masses that are negative or not finite and for points that are not finite.
    """
    if points.ndim != 2 or masses.shape != points.shape[:1]:
        raise ShapeError(
            f"Points of shape {tuple(points.shape)} came with masses of shape {tuple(masses.shape)}; give "
            "[particles, dim] and one mass per particle."
        )
    if not bool(((masses >= 0.0) & torch.isfinite(masses)).all()) or not bool(torch.isfinite(points).all()):
        raise MassError("A measure needs finite points and finite non-negative masses; signs go into two measures.")
    numbers = torch.nonzero(masses > 0.0)[:, 0]
    return Measure(points[numbers].double(), masses[numbers].double(), numbers)


def _measure(cloud: ParticleCloud, parts: Parts, outputs: int) -> Measure:
    if not isinstance(cloud, ParticleCloud):
        raise TypeError(f"Distances are between clouds, but a {type(cloud).__name__} was given; make a ParticleCloud.")
    if not bool(torch.isfinite(cloud.positions).all()):
        raise ValueError("A cloud has positions that are not finite, but distances need finite ones; look at its run.")
    atoms = measure(_coordinates(cloud, parts, outputs), cloud.masses)
    total = atoms.masses.sum()
    if not abs(float(total.detach()) - 1.0) <= TOTAL_TOLERANCE[cloud.masses.dtype]:
        raise MassError(
            f"A cloud has total mass {float(total.detach()):.9g}, but transport moves equal totals of 1; normalise the "
            "masses, or take unbalanced_distance."
        )
    return Measure(atoms.points, atoms.masses / total, atoms.numbers)


def _coordinates(cloud: ParticleCloud, parts: Parts, outputs: int) -> Positions:
    if parts is None:
        return cloud.positions
    if isinstance(parts, str):
        if parts not in ("hidden", "output"):
            raise ValueError(
                f"parts is {line(parts)}, but 'hidden', 'output', a slice or numbers of coordinates is needed."
            )
        if not 0 < whole(outputs, "The number of outputs", least=0) < cloud.dim:
            raise ValueError(
                f"Particles of {cloud.dim} coordinates cannot have {outputs} output weights beside hidden ones; say "
                "how many with outputs=, or give a slice."
            )
        parts = slice(0, cloud.dim - outputs) if parts == "hidden" else slice(cloud.dim - outputs, cloud.dim)
    index = parts if isinstance(parts, slice) else [whole(column, "A coordinate", least=-cloud.dim) for column in parts]
    if isinstance(index, list) and not all(-cloud.dim <= column < cloud.dim for column in index):
        raise ShapeError(f"parts names coordinates {index}, but particles have {cloud.dim}; name some of these.")
    chosen = cloud.positions[:, index]
    if chosen.shape[1] == 0:
        raise ShapeError(f"parts {line(parts)} leaves none of the {cloud.dim} coordinates; choose at least one.")
    return chosen
