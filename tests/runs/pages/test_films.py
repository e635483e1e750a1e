"""Particles over time: what a browser decodes are the particles of the file."""

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from particles import ParticleCloud, Trajectory
from runs.pages.films import COORDINATES, FRAMES, PARTICLES, STEPS, film_of, shared_out
from runs.pages.part import Film
from tests.runs.inspect.recorded import recorded


def decoded(film: Film) -> dict[str, np.ndarray]:
    """The places of every axis [frames, particles] as the page's script decodes them, and the masses."""
    held = film.numbers
    count, axes = len(held["particles"]), len(held["axes"])
    places = np.frombuffer(base64.b64decode(held["places"]), "<u2").reshape(-1, axes, count)
    found = {
        name: held["low"][number] + places[:, number] / STEPS * held["width"][number]
        for number, name in enumerate(held["axes"])
    }
    return found | {"masses": np.frombuffer(base64.b64decode(held["masses"]), "<f4").reshape(-1, count)}


def film(path: Path, **given: Any) -> Film:
    """The film of a recorded file."""
    with Trajectory.open(recorded(path, **given)) as trajectory:
        found = film_of(trajectory, "title")
    assert found is not None
    return found


def drawn(path: Path, count: int, dim: int, frames: int = 2, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A file of random particles; positions [frames, count, dim] and masses [count]."""
    generator = torch.Generator().manual_seed(seed)
    positions = torch.randn(frames, count, dim, generator=generator, dtype=torch.float64)
    masses = torch.rand(count, generator=generator, dtype=torch.float64) ** 4
    masses /= masses.sum()
    with Trajectory.create(path) as writer:
        for number, each in enumerate(positions):
            writer(number, float(number), ParticleCloud(each, masses))
    return positions.numpy(), masses.numpy()


def test_places_are_those_of_the_file_to_a_step(tmp_path: Path) -> None:
    """Assert that both coordinates of every frame come back within half a step, with times and masses."""
    found = film(tmp_path / "a.h5")
    places = decoded(found)
    for coordinate, name in enumerate(found.numbers["axes"]):
        wanted = np.array([[2.0 * j + coordinate + 10.0 * step for j in range(3)] for step in range(4)])
        order = found.numbers["particles"]
        assert np.abs(places[name] - wanted[:, order]).max() <= 0.51 * found.numbers["width"][coordinate] / STEPS
    assert found.numbers["times"] == [0.0, 0.5, 1.0, 2.0] and found.remarks == ()
    assert places["masses"].tolist() == [[0.25, 0.25, 0.5]] and found.numbers["particles"][-1] == 0


def test_masses_that_move_are_kept_frame_by_frame(tmp_path: Path) -> None:
    """Assert that every frame has masses of its own."""
    assert decoded(film(tmp_path / "a.h5", moving_masses=True))["masses"].shape == (4, 3)


def test_more_than_a_browser_bears_is_thinned_and_said(tmp_path: Path) -> None:
    """Assert that frames, particles and coordinates are limited, the ends and the heaviest are kept, and it is said."""
    _, masses = drawn(tmp_path / "a.h5", 1000, COORDINATES + 3, frames=FRAMES + 7)
    with Trajectory.open(tmp_path / "a.h5") as trajectory:
        found = film_of(trajectory, "title")
    assert found is not None
    chosen = found.numbers["particles"]
    assert len(chosen) == len(set(chosen)) == PARTICLES and chosen[-1] == int(masses.argmax())
    assert len(found.numbers["times"]) == FRAMES
    assert (found.numbers["times"][0], found.numbers["times"][-1]) == (0.0, FRAMES + 6.0)
    part = masses[chosen].sum()
    assert found.remarks == (
        f"{FRAMES} of {FRAMES + 7} frames are shown.",
        f"{PARTICLES} of 1000 particles are shown, chosen by mass; they carry {part:.0%} of it.",
        f"Of {COORDINATES + 3} coordinates the {COORDINATES} that vary most can be chosen.",
    )


def test_principal_directions_are_those_of_the_weighted_ends(tmp_path: Path) -> None:
    """Assert that the first direction has the largest weighted variance, that of numpy's eigenvalues."""
    positions, masses = drawn(tmp_path / "a.h5", 50, 4, frames=2)
    with Trajectory.open(tmp_path / "a.h5") as trajectory:
        found = film_of(trajectory, "title")
    assert found is not None
    places, order = decoded(found), found.numbers["particles"]
    ends, weights = positions.reshape(-1, 4), np.concatenate([masses, masses]) / 2.0
    centred = ends - weights @ ends
    for place in range(4):  # and the coordinates are those of the file, to half a step
        error = np.abs(places[f"theta_{place}"] - positions[:, order, place]).max()
        step = found.numbers["width"][found.numbers["axes"].index(f"theta_{place}")] / STEPS
        assert error <= 0.51 * step
    values = np.linalg.eigvalsh(centred.T @ (weights[:, None] * centred))[::-1]
    for number in (1, 2):
        shown = places[f"principal direction {number}"]
        variance = (np.stack([masses[order]] * 2) / 2.0 * shown**2).sum()
        assert variance == pytest.approx(values[number - 1], rel=1e-3)


def test_one_coordinate_is_shown_over_its_mass(tmp_path: Path) -> None:
    """Assert that a particle on the line has its mass for the second axis."""
    found = film(tmp_path / "a.h5", dim=1)
    assert found.numbers["axes"] == ["theta_0", "mass"]


def test_nothing_to_show_is_no_film(tmp_path: Path) -> None:
    """Assert that a file without frames, or with numbers too large to draw, gives none."""
    with Trajectory.create(tmp_path / "a.h5"):
        pass
    with Trajectory.create(tmp_path / "b.h5") as writer:
        writer(0, 0.0, ParticleCloud(torch.full((2, 2), 1e200, dtype=torch.float64), torch.tensor([0.5, 0.5])))
    for name in ("a", "b"):
        with Trajectory.open(tmp_path / f"{name}.h5") as trajectory:
            assert film_of(trajectory, "title") is None


def test_particles_are_chosen_by_mass() -> None:
    """Assert that a heavy one is always chosen and is last, equal ones are taken evenly, and few are all taken."""
    equal = shared_out(np.full(1000, 1e-3), 10)
    assert len(equal) == 10 and max(abs(number - 100 * place - 50) for place, number in enumerate(equal)) <= 1
    masses = np.full(1000, 0.5 / 999)
    masses[700] = 0.5
    assert shared_out(masses, 10)[-1] == 700 and len(set(shared_out(masses, 10))) == 10
    assert sorted(shared_out(masses, 2000)) == list(range(1000))


def test_a_particle_that_grows_heavy_is_shown(tmp_path: Path) -> None:
    """Assert that particles are chosen by their masses at both ends, where masses move."""
    count = PARTICLES + 100
    equal = torch.full((count,), 1.0 / count, dtype=torch.float64)
    grown = torch.full((count,), 0.5 / (count - 1), dtype=torch.float64)
    grown[7] = 0.5
    positions = torch.arange(2.0 * count, dtype=torch.float64).reshape(count, 2)
    with Trajectory.create(tmp_path / "a.h5", moving_masses=True) as writer:
        for number, masses in enumerate((equal, grown)):
            writer(number, float(number), ParticleCloud(positions, masses))
    with Trajectory.open(tmp_path / "a.h5") as trajectory:
        found = film_of(trajectory, "title")
    assert found is not None and found.numbers["particles"][-1] == 7
