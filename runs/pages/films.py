"""Particles of a trajectory over time, as few enough numbers for a browser: some frames, particles and coordinates."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from markupsafe import escape

from particles.trajectory import TrajectoryReader
from runs.pages.curves import evenly, numbers
from runs.pages.part import Film
from runs.pages.words import counted

Array = npt.NDArray[np.float64]
#: Most frames, particles of a frame, coordinates and principal directions that a page holds of a trajectory.
FRAMES, PARTICLES, COORDINATES, PRINCIPAL = 40, 300, 6, 2
#: A number is kept as one of so many equal steps between the least and the largest of its coordinate.
STEPS = 65535
#: Numbers up to this one are shown; the squares of larger ones are not finite.
LARGEST = 1e150


@dataclass(frozen=True, eq=False)
class Axis:
    """A coordinate or a direction: its name, and the values of the shown particles [frames, particles]."""

    name: str
    values: Array


def film_of(trajectory: TrajectoryReader, title: str, link: str = "") -> Film | None:
    """The particles of a trajectory; None where it holds no frame, or numbers that cannot be drawn.

    Particles are chosen evenly by mass: of so many equal shares of the mass, the particle in the middle of each. Axes
    are the coordinates that vary most by mass, and principal directions where there are more than two coordinates.
    """
    count = len(trajectory)
    if not count:
        return None
    frames, times = evenly(count, FRAMES), trajectory.times
    masses = _masses(trajectory, sorted({0, count - 1}))
    chosen = shared_out(masses.mean(axis=0), PARTICLES)
    clouds = [trajectory[number] for number in frames]
    positions = np.stack([cloud.positions.double().numpy()[chosen] for cloud in clouds])
    weights = np.stack([cloud.masses.double().numpy()[chosen] for cloud in clouds])
    if not positions.size or not np.abs(positions).max() <= LARGEST:
        return None
    axes = _axes(positions, weights, trajectory.coordinates)
    dim, shown = positions.shape[2], []
    if len(frames) < count:
        shown.append(f"{len(frames)} of {count} frames are shown.")
    if len(chosen) < masses.shape[1]:
        part = masses.mean(axis=0)[chosen].sum()
        said = f"{len(chosen)} of {counted(masses.shape[1], 'particle')} are shown, chosen by mass"
        shown.append(f"{said}; they carry {part:.0%} of it.")
    if dim > COORDINATES:
        shown.append(f"Of {dim} coordinates the {COORDINATES} that vary most can be chosen.")
    held = _numbers(axes, weights if trajectory.has_moving_masses else weights[:1], times[frames], chosen)
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


def _masses(trajectory: TrajectoryReader, frames: Sequence[int]) -> Array:
    return np.stack([trajectory[number].masses.double().numpy() for number in frames])


def _axes(positions: Array, weights: Array, names: Sequence[str]) -> list[Axis]:
    """The axes that can be chosen, the two that are shown first in front."""
    dim = positions.shape[2]
    ends, shares = positions[[0, -1]].reshape(-1, dim), weights[[0, -1]].reshape(-1)
    shares = shares / shares.sum() if shares.sum() > 0.0 else np.full(len(shares), 1.0 / len(shares))
    middle = shares @ ends
    spread = shares @ (ends - middle) ** 2
    kept = sorted(np.argsort(-spread, kind="stable")[:COORDINATES].tolist())
    axes = [Axis(names[place], positions[:, :, place]) for place in kept]
    if dim == 1:
        return [*axes, Axis("mass", np.broadcast_to(weights, positions.shape[:2]))]
    if dim == 2:
        return axes
    _, _, directions = np.linalg.svd((ends - middle) * np.sqrt(shares)[:, None], full_matrices=False)
    principal = []
    for number, direction in enumerate(directions[:PRINCIPAL], 1):
        sign = np.sign(direction[np.abs(direction).argmax()]) or 1.0
        principal.append(Axis(f"principal direction {number}", (positions - middle) @ (sign * direction)))
    return [*principal, *axes]


def _numbers(axes: Sequence[Axis], masses: Array, times: Array, chosen: Sequence[int]) -> dict[str, Any]:
    """Everything for JSON: places as whole numbers [frames, axes, particles] and masses, both in base 64."""
    low = np.array([axis.values.min() for axis in axes])
    high = np.array([axis.values.max() for axis in axes])
    values = np.stack([axis.values for axis in axes], axis=1)
    width = np.where(high > low, high - low, 1.0)
    places = np.rint((values - low[:, None]) / width[:, None] * STEPS).astype("<u2")
    alike = [axis.name.rstrip("0123456789") for axis in axes]
    return {
        "axes": [axis.name for axis in axes],
        "names": [str(escape(axis.name)) for axis in axes],
        "alike": alike,
        "low": numbers(low),
        "width": numbers(width),
        "times": numbers(times),
        "particles": list(chosen),
        "places": base64.b64encode(places.tobytes()).decode(),
        "masses": base64.b64encode(masses.astype("<f4").tobytes()).decode(),
    }
