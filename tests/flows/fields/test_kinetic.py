"""The cloud with velocities: it keeps them, is at rest without them, and is a particle cloud to everyone else."""

import pytest
import torch

from flows import KineticCloud
from flows.fields.kinetic import kinetic
from particles import ShapeError
from tests.problems import network_cloud, network_risk, numbers, small_cloud


def moving() -> KineticCloud:
    """Five particles with velocities."""
    cloud = small_cloud()
    return KineticCloud(cloud.positions, cloud.masses, numbers(4, 5, 2))


def test_cloud_without_velocities_is_at_rest() -> None:
    """Assert that velocities left out are zero, in the constructor and where a plain cloud is read as a moving one."""
    cloud = small_cloud()
    for resting in (KineticCloud(cloud.positions, cloud.masses), kinetic(cloud)):
        assert torch.equal(resting.velocities, torch.zeros_like(cloud.positions))
        assert torch.equal(resting.masses, cloud.masses)


def test_moving_cloud_is_read_as_it_is() -> None:
    """Assert that a cloud with velocities is not put to rest."""
    cloud = moving()
    assert kinetic(cloud) is cloud


def test_methods_keep_the_velocities() -> None:
    """Assert that moving, weighing and converting a cloud keeps its velocities."""
    cloud = moving()
    assert torch.equal(cloud.moved(2.0 * cloud.positions).velocities, cloud.velocities)
    assert torch.equal(cloud.reweighted(torch.full((5,), 0.2, dtype=torch.float64)).velocities, cloud.velocities)
    narrow = cloud.to(dtype=torch.float32)
    assert torch.equal(narrow.velocities, cloud.velocities.float())
    assert narrow.positions.dtype == torch.float32


def test_moved_takes_new_velocities_and_writes_nothing() -> None:
    """Assert that positions and velocities can be replaced together, in a new value."""
    cloud, before = moving(), moving()
    other = cloud.moved(cloud.positions + 1.0, -cloud.velocities)
    assert torch.equal(other.velocities, -before.velocities)
    assert torch.equal(other.positions, before.positions + 1.0)
    assert torch.equal(cloud.velocities, before.velocities) and torch.equal(cloud.positions, before.positions)


def test_detached_cloud_has_velocities_without_history() -> None:
    """Assert that velocities lose their history with the rest, and that a cloud without one is left as it is."""
    cloud = moving()
    assert cloud.detached() is cloud
    followed = KineticCloud(cloud.positions, cloud.masses, cloud.velocities.clone().requires_grad_())
    assert followed.velocities.requires_grad and not followed.detached().velocities.requires_grad
    assert torch.equal(followed.detached().velocities, cloud.velocities)


def test_everyone_else_sees_a_particle_cloud() -> None:
    """Assert that a risk of a moving cloud is that of the same cloud at rest."""
    cloud, risk = network_cloud(), network_risk()
    fast = KineticCloud(cloud.positions, cloud.masses, numbers(4, 6, 4))
    assert torch.equal(risk(fast), risk(cloud))
    assert torch.equal(risk.velocity(fast), risk.velocity(cloud))


def test_velocities_of_another_shape_are_refused(without_shape_checks: None) -> None:
    """Assert that velocities that are not one row per particle are refused, at the door and in a step."""
    told = r"Velocities of shape \(4, 2\) were given to positions of shape \(5, 2\); give one row per particle"
    with pytest.raises(ShapeError, match=told):
        KineticCloud(small_cloud().positions, None, torch.zeros(4, 2, dtype=torch.float64))
    with pytest.raises(ShapeError, match=told):
        moving().moved(small_cloud().positions, torch.zeros(4, 2, dtype=torch.float64))
