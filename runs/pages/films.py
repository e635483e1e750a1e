"""Particles of a trajectory over time, as few enough numbers for a browser: some frames, particles and coordinates."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from markupsafe import escape

from particles import ParticleCloud
from particles.trajectory import TrajectoryReader
from runs.pages.curves import evenly, numbers
from runs.pages.part import Film
from runs.pages.words import counted
from runs.recorded.plane import principal_directions

Array = npt.NDArray[np.float64]
#: Most frames, particles of a frame, coordinates and principal directions that a page holds of a trajectory.
FRAMES, PARTICLES, COORDINATES, PRINCIPAL = 40, 300, 6, 2
#: So many particles are shown however many coordinates they have, and so many numbers are looked at for directions.
LEAST, NUMBERS = 20, 10_000_000
#: A number is kept as one of so many equal steps between the least and the largest of its coordinate.
STEPS = 65535
#: Numbers up to this one are shown; the squares of larger ones are not finite.
LARGEST = 1e150


@dataclass(frozen=True, eq=False)
class Axis:
    """What can be shown across or up: its name, and its values [particles] from positions and masses of a frame."""

    name: str
    values: Callable[[Array, Array], Array]


def film_of(trajectory: TrajectoryReader, title: str, link: str = "") -> Film | None:
    """The particles of a trajectory; None where it holds no frame, or numbers that cannot be drawn.

    Particles are chosen evenly by mass, see `shared_out`. Axes are the coordinates that vary most by mass from the
    start to the end, and principal directions where there are more than two coordinates.
    """
    count = len(trajectory)
    if not count:
        return None
    frames, times, ends = evenly(count, FRAMES), trajectory.times, (trajectory[0], trajectory[count - 1])
    masses, dim = _mean_masses(ends), ends[0].dim
    chosen = shared_out(masses, max(LEAST, min(PARTICLES, NUMBERS // dim)))
    axes = _axes(*_shown(ends, chosen), trajectory.coordinates)
    values, weights = [], []
    for number in frames:
        positions, own = (each[0] for each in _shown([trajectory[number]], chosen))
        values.append([axis.values(positions, own) for axis in axes])
        weights.append(own)
    places = np.array(values)
    if not places.size or not np.abs(places).max() <= LARGEST:
        return None
    shown = []
    if len(frames) < count:
        shown.append(f"{len(frames)} of {count} frames are shown.")
    if len(chosen) < len(masses):
        said = f"{len(chosen)} of {counted(len(masses), 'particle')} are shown, chosen by mass"
        shown.append(f"{said}; they carry {masses[chosen].sum():.0%} of it.")
    if dim > COORDINATES:
        shown.append(f"Of {dim} coordinates the {COORDINATES} that vary most can be chosen.")
    moving = np.array(weights if trajectory.has_moving_masses else weights[:1])
    held = _numbers([axis.name for axis in axes], places, moving, times[frames], chosen)
    return Film(title, tuple(shown), held, link)


def shared_out(masses: Array, most: int) -> list[int]:
    """At most `most` particles, the heaviest last: all, or those in the middle of equal shares of the mass.

    A particle of more than a share is always among them, and of equal masses every so-manieth one. Where heavy ones
    hold several shares, lighter ones fill up, evenly by their number.
    """
    found = np.arange(len(masses))
    if len(masses) > most:
        ends = np.cumsum(masses)
        middles = (np.arange(most) + 0.5) / most * ends[-1]
        found = np.unique(np.searchsorted(ends, middles).clip(max=len(masses) - 1))
        others = np.setdiff1d(np.arange(len(masses)), found)
        found = np.concatenate([found, others[evenly(len(others), most - len(found))]])
    return [int(number) for number in sorted(found, key=lambda number: (masses[number], number))]


def _mean_masses(clouds: Sequence[ParticleCloud]) -> Array:
    return np.asarray(np.mean([cloud.masses.double().numpy() for cloud in clouds], axis=0))


def _shown(clouds: Sequence[ParticleCloud], chosen: Sequence[int]) -> tuple[Array, Array]:
    """Positions [clouds, chosen, dim] and masses [clouds, chosen]."""
    positions = [cloud.positions[chosen].double().numpy() for cloud in clouds]
    return np.stack(positions), np.stack([cloud.masses[chosen].double().numpy() for cloud in clouds])


def _axes(positions: Array, weights: Array, names: Sequence[str]) -> list[Axis]:
    """The axes that can be chosen, the two that are shown first in front, from both ends [2, particles, dim]."""
    dim = positions.shape[2]
    ends, shares = positions.reshape(-1, dim), weights.reshape(-1)
    shares = shares / shares.sum() if shares.sum() > 0.0 else np.full(len(shares), 1.0 / len(shares))
    middle = shares @ ends
    spread = shares @ (ends - middle) ** 2
    kept = sorted(np.argsort(-spread, kind="stable")[:COORDINATES].tolist())
    axes = [_coordinate(names[place], place) for place in kept]
    if dim == 1:
        return [*axes, Axis("mass", lambda points, own: own)]
    if dim == 2 or not np.isfinite(ends).all():
        return axes
    found = principal_directions(torch.from_numpy(ends), torch.from_numpy(shares), PRINCIPAL)
    directions = found.directions.T.numpy()
    return [*(_principal(number, one, found.middle.numpy()) for number, one in enumerate(directions, 1)), *axes]


def _coordinate(name: str, place: int) -> Axis:
    return Axis(name, lambda points, own: points[:, place])


def _principal(number: int, direction: Array, middle: Array) -> Axis:
    return Axis(f"principal direction {number}", lambda points, own: (points - middle) @ direction)


def _numbers(names: Sequence[str], values: Array, masses: Array, times: Array, chosen: Sequence[int]) -> dict[str, Any]:
    """Everything for JSON: places as whole numbers [frames, axes, particles] and masses, both in base 64.

    Axes whose names differ by their number have a common scale.
    """
    low, high = values.min(axis=(0, 2)), values.max(axis=(0, 2))
    width = np.where(high > low, high - low, 1.0)
    places = np.rint((values - low[:, None]) / width[:, None] * STEPS).astype("<u2")
    return {
        "axes": list(names),
        "names": [str(escape(name)) for name in names],
        "alike": [name.rstrip("0123456789") for name in names],
        "low": [float(f"{value:.9g}") for value in low],
        "width": [float(f"{value:.9g}") for value in width],
        "times": numbers(times),
        "particles": list(chosen),
        "places": base64.b64encode(places.tobytes()).decode(),
        "masses": base64.b64encode(masses.astype("<f4").tobytes()).decode(),
    }
