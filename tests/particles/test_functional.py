"""A neuron that a user writes is the same neuron: closed and mapped forms agree, and what is no neuron is refused."""

import pytest
import torch

from particles import (
    Identity,
    MappedNeuron,
    MeanField,
    Perceptron,
    Risk,
    ShapeError,
    Squared,
    Tanh,
    as_neuron,
    jacobian_product,
    tangent_gram,
)
from tests.particles.draws import normals
from tests.particles.members import WrittenBump, WrittenPerceptron
from tests.particles.plain import cloud, dataset
from tests.tolerances import assert_identical

CLOSED = Perceptron(Tanh(), Identity(3), 2, "both")
WRITTEN = WrittenPerceptron(3, 2, torch.tanh)


@pytest.fixture
def pair() -> tuple[Risk, Risk]:
    """One risk with the closed neuron, one with the same neuron written by a user."""
    data = dataset(Squared(), 2)
    return Risk(CLOSED, MeanField(), Squared(), data), Risk(WRITTEN, MeanField(), Squared(), data)


def test_written_neuron_moves_like_the_closed_one(pair: tuple[Risk, Risk]) -> None:
    """Assert that risk, potential and velocity agree to rounding."""
    closed, written = pair
    start = cloud(closed.data.inputs, 2)
    assert_identical(written(start), closed(start))
    assert_identical(written.potential(start), closed.potential(start))
    assert_identical(written.velocity(start), closed.velocity(start))


def test_written_neuron_has_the_same_tangent(pair: tuple[Risk, Risk]) -> None:
    """Assert that Gram matrix and Jacobian product agree to rounding, rows in the same order."""
    closed, written = pair
    start = cloud(closed.data.inputs, 2)
    there = normals(3, 3, seed=41)
    moving = normals(start.count, start.dim, seed=42)
    assert_identical(tangent_gram(written, start, None, there), tangent_gram(closed, start, None, there))
    assert_identical(jacobian_product(written, start, moving), jacobian_product(closed, start, moving))


def test_velocity_of_a_written_neuron_holds_no_graph(pair: tuple[Risk, Risk]) -> None:
    """Assert that nothing of torch.func's machinery leaks out: no gradient is required of what comes back."""
    _, written = pair
    start = cloud(written.data.inputs, 2)
    assert not written.velocity(start).requires_grad
    assert not written.predictions(start).requires_grad


def test_closed_neuron_is_left_as_it_is() -> None:
    """Assert that as_neuron wraps only what a user wrote, and wraps it once."""
    wrapped = as_neuron(WRITTEN)
    assert as_neuron(CLOSED) is CLOSED
    assert isinstance(wrapped, MappedNeuron)
    assert as_neuron(wrapped) is wrapped


def test_outputs_default_to_one() -> None:
    """Assert that a neuron without `outputs` that returns a plain number has one output."""
    bump = as_neuron(WrittenBump())
    assert bump.outputs == 1
    features = bump.tangent(torch.tensor([[0.0, 0.0, 0.0, 2.0]]), torch.zeros(1, 3)).features()
    assert_identical(features, torch.tensor([[[2.0]]]))


@pytest.mark.parametrize("thing", [3.0, torch.tanh, "Perceptron"], ids=["number", "function", "word"])
@pytest.mark.usefixtures("without_shape_checks")
def test_what_is_no_neuron_is_refused(thing: object) -> None:
    """Assert that anything else is refused with what a neuron needs."""
    with pytest.raises(
        TypeError, match=r"as neuron, but a Neuron or a UserNeuron is needed; (give|write) Perceptron\("
    ):
        as_neuron(thing)


def test_particles_of_another_length_are_refused() -> None:
    """Assert that positions with the wrong number of coordinates are refused."""
    with pytest.raises(ShapeError, match="have 3 coordinates, but this neuron needs 4"):
        as_neuron(WrittenBump()).tangent(torch.zeros(1, 3), torch.zeros(1, 3))
