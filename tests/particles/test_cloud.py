"""A cloud is a checked, frozen measure: it refuses what is none, keeps its dtype, and hands out new clouds."""

from dataclasses import FrozenInstanceError, fields, is_dataclass

import pytest
import torch
from torch import Tensor

import particles
from particles import MassError, ParticleCloud, ShapeError, masses
from particles.cloud import Stacked, members_of
from tests.draws import normals, unequal
from tests.tolerances import assert_identical

POSITIONS = normals(4, 3, seed=81)
NAN, INFINITE = float("nan"), float("inf")


def lam(*values: float) -> Tensor:
    """Masses as given."""
    return torch.tensor(values, dtype=torch.float64)


def test_masses_left_out_are_equal() -> None:
    """Assert that a cloud of positions alone has masses 1/m in the dtype of the positions."""
    for dtype in (torch.float64, torch.float32):
        cloud = ParticleCloud(POSITIONS.to(dtype))
        assert_identical(cloud.masses, torch.full((4,), 0.25, dtype=dtype))
        assert (cloud.count, cloud.dim, cloud.dtype, cloud.device) == (4, 3, dtype, POSITIONS.device)


def test_masses_follow_the_dtype_of_the_positions() -> None:
    """Assert that float64 masses become float32 beside float32 positions."""
    assert ParticleCloud(POSITIONS.float(), unequal(4)).masses.dtype == torch.float32


@pytest.mark.parametrize("count", [3, 7, 1000])
def test_widened_masses_sum_to_one_again(count: int) -> None:
    """Assert that a float32 cloud taken to float64 is a cloud there: 3 x float32(1/3) is 1 + 3e-8, a refused total."""
    narrow = ParticleCloud(normals(count, 2, seed=82, dtype=torch.float32))
    wide = narrow.to(dtype=torch.float64)
    assert wide.dtype == wide.masses.dtype == torch.float64
    assert_identical(wide.masses.sum(), torch.ones((), dtype=torch.float64))
    assert_identical(wide.reweighted(wide.masses).to(dtype=torch.float32).masses, narrow.masses, operations=2)


def test_moved_keeps_the_masses() -> None:
    """Assert that moved particles carry the masses they had, and that the cloud left behind is unchanged."""
    cloud = ParticleCloud(POSITIONS, unequal(4))
    moved = cloud.moved(POSITIONS + 1.0)
    assert moved.masses is cloud.masses
    assert torch.equal(moved.positions, POSITIONS + 1.0)
    assert cloud.positions is POSITIONS


def test_reweighted_keeps_the_positions() -> None:
    """Assert that other masses leave particles where they are, and are checked like any masses."""
    cloud = ParticleCloud(POSITIONS)
    assert cloud.reweighted(unequal(4)).positions is POSITIONS
    with pytest.raises(MassError, match="Masses sum to 2 instead of 1"):
        cloud.reweighted(2.0 * unequal(4))


def test_clouds_are_frozen() -> None:
    """Assert that nothing can be assigned to a cloud, and that comparing two does not compare tensors."""
    cloud = ParticleCloud(POSITIONS)
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'positions'"):
        cloud.positions = POSITIONS
    assert cloud != ParticleCloud(POSITIONS)


def test_every_public_value_is_frozen() -> None:
    """Assert that each dataclass that the package offers refuses assignment, and none with tensors compares them."""
    kinds = [kind for kind in (getattr(particles, name) for name in particles.__all__) if is_dataclass(kind)]
    assert len(kinds) > 30
    assert [kind.__name__ for kind in kinds if not kind.__dataclass_params__.frozen] == []
    holds_tensors = {kind for kind in kinds if any("Tensor" in str(field.type) for field in fields(kind))}
    assert ParticleCloud in holds_tensors
    assert [kind.__name__ for kind in holds_tensors if kind.__dataclass_params__.eq] == []


def test_massless_particles_are_allowed() -> None:
    """Assert that mass zero is a mass: the particle is kept."""
    assert ParticleCloud(POSITIONS, lam(0.0, 0.5, 0.5, 0.0)).count == 4


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        (
            lam(0.5, 0.6, -0.1, 0.0),
            r"1 of 4 masses are negative, the smallest -0.1; masses are non-negative, signs belon",
        ),
        (lam(0.5, NAN, 0.5, NAN), "2 of 4 masses are not finite; give finite masses"),
        (lam(0.5, INFINITE, 0.5, 0.0), "1 of 4 masses are not finite"),
        (lam(0.5, 0.5, 0.5, 0.0), r"Masses sum to 1.5 instead of 1; normalise them with masses.from_values"),
        (lam(0.25, 0.25, 0.25, 0.25 + 1e-8), "Masses sum to 1.00000001 instead of 1"),
        (unequal(4).float() * 1.001, "Masses sum to 1.001"),
    ],
    ids=["negative", "nan", "infinite", "three-halves", "one-and-a-bit", "float32"],
)
def test_impossible_masses_are_refused(weights: Tensor, sentence: str) -> None:
    """Assert that masses that are no probabilities are refused with the number that shows it."""
    with pytest.raises(MassError, match=sentence):
        ParticleCloud(POSITIONS, weights)


def test_rounding_of_many_masses_is_forgiven() -> None:
    """Assert that two million float32 masses, and as many float64 ones, pass for a total of one."""
    for dtype in (torch.float32, torch.float64):
        lam = masses.zipf(2_000_000, 0.7).to(dtype)
        assert ParticleCloud(torch.zeros(len(lam), 1, dtype=dtype), lam).count == len(lam)


@pytest.mark.usefixtures("without_shape_checks")
def test_one_mass_per_particle_is_needed() -> None:
    """Assert that another number of masses is refused with both numbers."""
    with pytest.raises(ShapeError, match=r"Cloud has 4 positions but masses of shape \(5,\); give one mass per part"):
        ParticleCloud(POSITIONS, unequal(5))


@pytest.mark.parametrize("shape", [(3,), (0, 3), (4, 0), (2, 2, 3)])
@pytest.mark.usefixtures("without_shape_checks")
def test_positions_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    """Assert that positions must be a table with at least one particle and one coordinate."""
    with pytest.raises(ShapeError, match=r"\[particles, dim\] (is needed; |with at least one of each)"):
        ParticleCloud(torch.zeros(shape))


@pytest.mark.parametrize("value", [NAN, INFINITE])
def test_positions_that_are_not_finite_are_refused(value: float) -> None:
    """Assert that the number of broken particles is told, not of broken coordinates."""
    positions = POSITIONS.clone()
    positions[1] = value
    with pytest.raises(ValueError, match="1 of 4 particles have positions that are not finite; remove them"):
        ParticleCloud(positions)


@pytest.mark.parametrize(
    ("positions", "kind"),
    [
        (torch.zeros(4, 3, dtype=torch.int64), r"an int64 tensor \[4, 3\]"),
        (torch.zeros(4, 3).half(), r"a float16 tensor \[4, 3\]"),
        ([[0.0]], r"\[\[0.0\]\]"),
    ],
    ids=["integers", "half", "list"],
)
@pytest.mark.usefixtures("without_shape_checks")
def test_positions_of_another_kind_are_refused(positions: object, kind: str) -> None:
    """Assert that only float64 and float32 tensors are positions."""
    with pytest.raises(TypeError, match=f"was given {kind} as positions, but a float64 or float32 tensor"):
        ParticleCloud(positions)


@pytest.mark.usefixtures("without_shape_checks")
def test_masses_of_another_kind_are_refused() -> None:
    """Assert that only float64 and float32 tensors are masses."""
    for masses_given in (torch.ones(4, dtype=torch.int64), [0.25] * 4):
        with pytest.raises(TypeError, match=r"as masses, but a float64 or float32 tensor \[particles\] is needed"):
            ParticleCloud(POSITIONS, masses_given)


@pytest.mark.parametrize("asked", ["positions", "masses"])
def test_detached_cloud_has_no_history(asked: str) -> None:
    """Assert that it is the same cloud, where there is no history the very same, and that the first keeps its own."""
    cloud = ParticleCloud(POSITIONS, unequal(4))
    assert cloud.detached() is cloud
    parts = {"positions": cloud.positions, "masses": cloud.masses}
    followed = ParticleCloud(**{**parts, asked: parts[asked].clone().requires_grad_()})
    found = followed.detached()
    assert getattr(followed, asked).requires_grad and not getattr(found, asked).requires_grad
    assert torch.equal(found.positions, POSITIONS) and torch.equal(found.masses, cloud.masses)


@pytest.mark.usefixtures("without_shape_checks")
def test_moving_to_another_shape_is_refused() -> None:
    """Assert that particles are neither lost nor gained by moving."""
    with pytest.raises(
        ShapeError, match=r"Positions of shape \(5, 3\) were given to a cloud of shape \(4, 3\); give one"
    ):
        ParticleCloud(POSITIONS).moved(torch.zeros(5, 3, dtype=torch.float64))


def test_cloud_goes_to_every_device(device: torch.device) -> None:
    """Assert that positions and masses arrive together."""
    cloud = ParticleCloud(POSITIONS, unequal(4)).to(device=device)
    assert cloud.device.type == cloud.masses.device.type == device.type
    assert_identical(cloud.masses.cpu(), unequal(4))


def test_members_come_back_as_they_were_stacked() -> None:
    """Assert that stacked clouds come back with positions and masses of their own, and one cloud as itself."""
    clouds = [ParticleCloud(torch.full((3, 2), float(n)), masses.zipf(3, 0.4 + 0.2 * n).float()) for n in range(2)]
    for one, other in zip(clouds, members_of(Stacked(clouds)), strict=True):
        assert torch.equal(one.positions, other.positions) and torch.equal(one.masses, other.masses)
    assert members_of(clouds[0]) == [clouds[0]]


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ([0.25, 0.25, 0.25, 0.25], "0.25 each"),
        ([0.5, 0.5, 0.0, 0.0], "0 to 0.5, effective number 2"),
        ([0.4, 0.3, 0.2, 0.1], "0.1 to 0.4, effective number 3.333"),
    ],
)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_a_cloud_shows_sizes_and_masses(weights: list[float], said: str, dtype: torch.dtype) -> None:
    """Assert that shapes, the masses' range and effective number, dtype and device are said, and no position is."""
    cloud = ParticleCloud(torch.zeros(4, 3, dtype=dtype), torch.tensor(weights, dtype=dtype))
    ends = f"dtype={str(dtype).removeprefix('torch.')}, device=cpu)"
    assert repr(cloud) == f"ParticleCloud(particles=4, dim=3, masses={said}, {ends}"
    stacked = Stacked([cloud, ParticleCloud(cloud.positions)])
    assert repr(stacked).startswith(f"Stacked(members=2, particles=4, dim=3, masses={said.replace('0.25 each', '')}")
    if "each" not in said:
        assert repr(stacked).endswith(f" to 4, {ends}")


def test_a_cloud_with_history_shows_itself() -> None:
    """Assert that masses on an autograd graph are shown like others."""
    masses = torch.full((4,), 0.25, dtype=torch.float64, requires_grad=True)
    assert "masses=0.25 each" in repr(ParticleCloud(torch.zeros(4, 3, dtype=torch.float64), masses * 1.0))
