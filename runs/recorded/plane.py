"""The plane in which particles are drawn: two of their coordinates, or the two principal directions of a run."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from particles.trajectory import TrajectoryReader
from runs.system.printable import printable
from runs.system.refusal import Refusal

Array = npt.NDArray[np.float64]
#: What is said for the principal directions.
PCA = "pca"


@dataclass(frozen=True, eq=False)
class Plane:
    """Two numbers for each particle, and what they are called.

    They are the `columns` of positions, or else the parts of positions less `middle` [dim] along `directions` [dim, 2].
    """

    labels: tuple[str, str]
    columns: tuple[int, int] = (0, 1)
    middle: Tensor | None = None
    directions: Tensor | None = None

    def of(self, positions: Tensor) -> Array:
        """The points of particles at positions [particles, dim] in the plane: [particles, 2]."""
        if self.middle is None or self.directions is None:
            points: Array = positions[:, list(self.columns)].double().numpy()
        else:
            points = ((positions.double() - self.middle) @ self.directions).numpy()
        return points


#: The plane where none is asked for.
FIRST = Plane(("1st coordinate", "2nd coordinate"))


def plane_of(trajectory: TrajectoryReader, asked: str | None = None) -> Plane:
    """The plane that is asked for: "0,3" or "pca", and the first two coordinates where nothing is.

    The principal directions are those of all particles, with their masses, in the first and the last frame together, so
    that they do not depend on the times that are shown; the largest part of a direction is positive. Raises Refusal for
    another text, for a coordinate that there is not, and for particles of one coordinate or a file without a frame.
    """
    if asked is None:
        return FIRST
    if not len(trajectory) or trajectory[0].dim < 2:
        raise Refusal("There is no frame of particles with two coordinates, of which --coordinates could choose.")
    if asked.strip().lower() == PCA:
        return _principal(trajectory)
    dim = trajectory[0].dim
    columns = _numbers(asked, dim)
    names = trajectory.coordinates
    first, second = (printable(names[one]) if names else f"coordinate {one}" for one in columns)
    return Plane((first, second), columns)


def _numbers(asked: str, dim: int) -> tuple[int, int]:
    parts = [part.strip() for part in asked.split(",")]
    numbers = [int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 10]
    if len(parts) != 2 or len(numbers) != 2:
        raise Refusal(f"Coordinates {asked!r} are neither two numbers nor pca: write --coordinates 0,{dim - 1}.")
    first, second = numbers
    if first == second or max(numbers) >= dim:
        raise Refusal(
            f"Coordinates {first} and {second} were asked for, but two different ones from 0 to {dim - 1} are needed: "
            f"write --coordinates 0,{dim - 1}."
        )
    return first, second


def _principal(trajectory: TrajectoryReader) -> Plane:
    clouds = [trajectory[0], trajectory[-1]]
    points = torch.cat([cloud.positions.double() for cloud in clouds])
    if not bool(torch.isfinite(points).all()):
        raise Refusal("There are particles that are not at finite places: choose two coordinates, as in 0,1.")
    found = principal_directions(points, torch.cat([cloud.masses.double() for cloud in clouds]), 2)
    first, second = (
        f"{name} principal direction, {100.0 * share:.0f} %"
        for name, share in zip(("1st", "2nd"), found.shares.tolist(), strict=True)
    )
    return Plane((first, second), middle=found.middle, directions=found.directions)


@dataclass(frozen=True, eq=False)
class Principal:
    """The mean of points [dim], orthonormal directions [dim, count], and their shares of the variance [count]."""

    middle: Tensor
    directions: Tensor
    shares: Tensor


def principal_directions(points: Tensor, masses: Tensor, count: int) -> Principal:
    """The `count` directions in which points [particles, dim] with masses [particles] vary most, in float64.

    The largest part of a direction is positive. Masses that are all zero count alike.
    """
    total = masses.sum()
    weights = masses / total if float(total) > 0.0 else torch.full_like(masses, 1.0 / len(masses))
    middle = weights @ points
    rows = weights.sqrt()[:, None] * (points - middle)
    if rows.shape[1] <= rows.shape[0]:
        variances, vectors = torch.linalg.eigh(rows.T @ rows)
        directions = vectors[:, -count:].flip(1)
    else:  # fewer particles than coordinates
        variances, vectors = torch.linalg.eigh(rows @ rows.T)
        directions = torch.nn.functional.normalize(rows.T @ vectors[:, -count:].flip(1), dim=0)
    largest = directions.abs().argmax(dim=0)
    directions = directions * directions.gather(0, largest[None]).sign()
    variances = variances.clamp_min(0.0)
    whole = float(variances.sum()) or 1.0
    return Principal(middle, directions, variances[-count:].flip(0) / whole)
