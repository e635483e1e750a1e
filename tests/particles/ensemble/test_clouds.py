"""An ensemble is a sequence of clouds of one size that keeps what they are and refuses what does not fit."""

from dataclasses import FrozenInstanceError

import pytest
import torch
from torch import Tensor

from flows import KineticCloud
from particles import Ensemble, MassError, ParticleCloud, ShapeError
from particles.cloud import Stacked
from tests.problems import network_cloud, numbers, small_cloud

POSITIONS = numbers(3, 4, 6, 2)


def test_members_are_the_clouds_it_was_made_of() -> None:
    """Assert that positions, masses, dtype and order of the clouds are kept, and numbers count from the end too."""
    clouds = [ParticleCloud(part, torch.softmax(part[:, 0], dim=0)) for part in POSITIONS]
    ensemble = Ensemble.of(clouds)
    assert (len(ensemble), ensemble.count, ensemble.dim, ensemble.dtype) == (4, 6, 2, torch.float64)
    assert ensemble.device == POSITIONS.device
    for cloud, member in zip(clouds, ensemble, strict=True):
        assert torch.equal(cloud.positions, member.positions)
        assert torch.equal(cloud.masses, member.masses)
    assert torch.equal(ensemble[-1].positions, clouds[3].positions)
    with pytest.raises(IndexError, match="out of bounds|out of range"):
        ensemble[4]


def test_masses_left_out_are_equal() -> None:
    """Assert that every member has masses 1/m where none are given."""
    assert torch.equal(Ensemble(POSITIONS).masses, torch.full((4, 6), 1.0 / 6.0, dtype=torch.float64))


def test_ensemble_is_frozen_and_goes_to_another_dtype() -> None:
    """Assert that attributes cannot be set and that float32 keeps total masses."""
    ensemble = Ensemble(POSITIONS)
    with pytest.raises(FrozenInstanceError, match="positions"):
        ensemble.positions = POSITIONS
    narrow = ensemble.to(dtype=torch.float32)
    assert (narrow.dtype, narrow.masses.dtype) == (torch.float32, torch.float32)
    assert torch.equal(narrow.to(dtype=torch.float64)[1].positions, POSITIONS[1].float().double())


def test_stacked_particles_stand_member_after_member() -> None:
    """Assert that row e m + j is particle j of member e, and that moving keeps the masses."""
    stacked = Stacked(list(Ensemble(POSITIONS)))
    assert torch.equal(stacked.positions, POSITIONS.reshape(24, 2))
    assert abs(float(stacked.moved(2.0 * stacked.positions).masses.sum()) - 4.0) < 1e-12


def test_stacked_particles_are_converted_and_reweighted_member_by_member() -> None:
    """Assert that the masses of each member sum to one in another dtype and when others are given, and are checked."""
    clouds = [ParticleCloud(part, torch.softmax(part[:, 0], dim=0)) for part in POSITIONS]
    stacked = Stacked(clouds)
    narrow = stacked.to(dtype=torch.float32)
    wide = narrow.to(dtype=torch.float64)
    for found, dtype in ((narrow, torch.float32), (wide, torch.float64)):
        expected = [cloud.to(dtype=torch.float32).to(dtype=dtype) for cloud in clouds]
        assert type(found) is Stacked and found.dtype == found.masses.dtype == dtype
        assert torch.equal(found.positions, torch.cat([cloud.positions for cloud in expected]))
        assert torch.equal(found.masses, torch.cat([cloud.masses for cloud in expected]))
    assert torch.equal(stacked.reweighted(stacked.masses.flip(0)).masses, stacked.masses.flip(0))
    with pytest.raises(MassError, match="Masses sum to 6 instead of 1"):
        stacked.reweighted(torch.ones(24, dtype=torch.float64))


def test_clouds_of_several_sizes_are_not_stacked() -> None:
    """Assert that five and seven particles are not taken for two clouds of six."""
    clouds = [ParticleCloud(numbers(1, count, 2)) for count in (5, 7)]
    with pytest.raises(ShapeError, match=r"shapes \[\(5, 2\), \(7, 2\)\] were given to be stacked; stack those"):
        Stacked(clouds)


@pytest.mark.parametrize(
    ("clouds", "error", "told"),
    [
        ([], ShapeError, "was given no clouds"),
        (
            [small_cloud(), network_cloud()],
            ShapeError,
            "Member 1 has 6 particles in 4 dimensions, but member 0 has 5 in 2",
        ),
        ([small_cloud(), small_cloud(torch.float32)], TypeError, "Member 1 is torch.float32 on cpu, but member 0 is"),
        ([KineticCloud(POSITIONS[0])], TypeError, "Member 0 is a KineticCloud, but an ensemble keeps positions and"),
    ],
)
def test_clouds_that_do_not_fit_are_refused(clouds: list[ParticleCloud], error: type[Exception], told: str) -> None:
    """Assert that other counts, dims and dtypes are refused with the number of the member."""
    with pytest.raises(error, match=told):
        Ensemble.of(clouds)


@pytest.mark.parametrize(
    ("positions", "masses", "error", "told"),
    [
        (POSITIONS[0], None, ShapeError, r"a float64 tensor \[6, 2\] as positions, but .* \[members, particles"),
        (POSITIONS, torch.ones(3, 6), ShapeError, "has 4 members but not masses for each"),
        (POSITIONS, torch.ones(4, 6).double(), MassError, "Member 0: Masses sum to 6 instead of 1"),
        (POSITIONS / 0.0, None, ValueError, "Member 0: 6 of 6 particles have positions that are not finite"),
        ("positions", None, TypeError, "Ensemble was given 'positions' as positions"),
    ],
)
def test_tensors_that_are_no_ensemble_are_refused(
    positions: Tensor, masses: Tensor | None, error: type[Exception], told: str, without_shape_checks: None
) -> None:
    """Assert that every member is checked like a cloud, and the refusal says which one it is."""
    with pytest.raises(error, match=told):
        Ensemble(positions, masses)


def test_member_that_is_no_cloud_is_refused(without_shape_checks: None) -> None:
    """Assert that something else than a cloud is refused by its type."""
    with pytest.raises(TypeError, match=r"Ensemble.of was given 3 as clouds\[0\], but a ParticleCloud is needed"):
        Ensemble.of([3])


def test_an_ensemble_shows_sizes_and_masses() -> None:
    """Assert that members, shapes and masses are said, with the range of the members' effective numbers."""
    weights = torch.tensor([[0.5, 0.5, 0.0], [0.2, 0.4, 0.4]], dtype=torch.float64)
    said = "masses=0 to 0.5, effective number 2 to 2.778, dtype=float64, device=cpu)"
    assert repr(Ensemble(numbers(3, 2, 3, 2), weights)) == f"Ensemble(members=2, particles=3, dim=2, {said}"
    assert "particles=6, dim=2, masses=0.1667 each" in repr(Ensemble(POSITIONS))
