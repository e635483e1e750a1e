"""A neuron that a user writes is the same neuron: closed and mapped forms agree, and what is no neuron is refused."""

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

import pytest
import torch
from torch import Tensor

from particles import (
    L2,
    NTK,
    Dataset,
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
from particles.neurons.groups import groups_of
from tests.draws import normals
from tests.particles.risk.contracts.members import WrittenBump, WrittenPerceptron
from tests.particles.risk.contracts.plain import cloud, dataset
from tests.tolerances import assert_identical

X = normals(4, 3, seed=5)
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


class Grouped(WrittenPerceptron):
    """The same with named groups of coordinates."""

    groups: ClassVar[dict[str, int | slice]] = {"hidden": 3, "output": slice(3, 5)}


def test_written_neuron_has_groups_with_rates(pair: tuple[Risk, Risk]) -> None:
    """Assert that velocity and Gram matrix are those of the closed neuron whose groups have these rates."""
    scaling, strength = MeanField(rates={"hidden": 3.0, "output": 0.2}), L2({"output": 0.4})
    closed = replace(pair[0], scaling=scaling, regulariser=strength)
    written = replace(closed, neuron=Grouped(3, 2, torch.tanh))
    start = cloud(closed.data.inputs, 2)
    assert_identical(written(start), closed(start))
    assert_identical(written.velocity(start), closed.velocity(start))
    assert_identical(tangent_gram(written, start), tangent_gram(closed, start))


def test_groups_of_a_written_neuron_must_cover_its_coordinates() -> None:
    """Assert that groups which do not add up are refused by one sentence; without any, all are hidden weights."""
    assert groups_of(as_neuron(WRITTEN)) == {"hidden": slice(0, 5)}

    class Short(WrittenPerceptron):
        groups: ClassVar[dict[str, int]] = {"hidden": 3, "output": 1}

    with pytest.raises(ValueError, match="groups of Short are .*, but they must cover its 5 coordinates one after the"):
        as_neuron(Short(3, 2, torch.tanh))


def test_a_neurons_own_rates_multiply_those_of_the_scaling(pair: tuple[Risk, Risk]) -> None:
    """Assert that rates (3, 1/2) of the neuron and 1/5 of the scaling are 3 and 1/10, and wrong ones are refused."""

    class Rated(Grouped):
        rates = (3.0, 0.5)

    closed = replace(pair[0], scaling=NTK(rates={"hidden": 3.0, "output": 0.1}))
    own = replace(pair[0], scaling=NTK(rates={"output": 0.2}), neuron=Rated(3, 2, torch.tanh))
    start = cloud(closed.data.inputs, 2)
    assert_identical(own.velocity(start), closed.velocity(start))
    few = "has 1 rates of its own for 2 groups; give one for each"
    for wrong, said in (((1.0,), few), ((-1.0, 1.0), "own rate is -1.0, but a finite non-negative number is needed")):
        Rated.rates = wrong
        with pytest.raises(ValueError, match=said):
            _ = Risk(Rated(3, 2, torch.tanh), NTK(), Squared(), closed.data).network.rates


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


class Mine:
    """A neuron whose feature is any function."""

    dim = 3

    def __init__(self, feature: Callable[[Tensor, Tensor], object], outputs: object = 1) -> None:
        """A neuron with this feature."""
        self.feature, self.outputs = feature, outputs


@pytest.mark.parametrize(
    ("neuron", "error", "told"),
    [
        (
            Mine(lambda theta, x: theta @ x[:2]),
            TypeError,
            r"feature\(theta, x\) failed at theta \[3\] and x \[3\],",
        ),
        (Mine(lambda theta, x: {}[theta]), TypeError, r"Mine.feature\(theta, x\) failed at .*; mend it there"),
        (Mine(lambda theta, x: theta), ShapeError, r"gave shape \(3,\) at .*, but its outputs are 1; return a tensor"),
        (Mine(lambda theta, x: 1.0), ShapeError, r"gave float at theta .*, but its outputs are 1"),
        (Mine(lambda theta, x: theta @ x, outputs=2), ShapeError, r"gave shape \(\) at .*, but its outputs are 2"),
        (Mine(lambda theta, x: theta[0] * theta[1].item()), TypeError, "torch.func cannot map and differentiate it"),
        (Mine(lambda theta, x: theta @ x, outputs="two"), ValueError, "The number of outputs of Mine is 'two', but"),
        (Mine(lambda theta: theta.sum()), TypeError, r"a Mine as neuron, .* is needed; give it"),
    ],
    ids=["another-shape", "raises", "too-many", "number", "too-few", "item", "outputs", "arguments"],
)
def test_feature_that_fails_is_named(
    neuron: Mine, error: type[Exception], told: str, without_shape_checks: None
) -> None:
    """Assert that a risk names the neuron whose feature raises, returns something else, or cannot be mapped."""
    with pytest.raises(error, match=told):
        Risk(neuron, MeanField(), Squared(), Dataset(X, X[:, : 2 if neuron.outputs == 2 else 1]))


def test_feature_is_tried_once_for_inputs_of_a_kind() -> None:
    """Assert that a feature known to work is not tried again."""
    calls: list[int] = []

    def feature(theta: Tensor, x: Tensor) -> Tensor:
        calls.append(1)
        return theta @ x

    neuron = as_neuron(Mine(feature))
    neuron.embed(X)
    tried = len(calls)
    neuron.embed(X)
    assert 0 < tried == len(calls)
    neuron.embed(X.float())
    assert len(calls) > tried


def test_particles_of_another_length_are_refused() -> None:
    """Assert that positions with the wrong number of coordinates are refused."""
    with pytest.raises(ShapeError, match="have 3 coordinates, but this neuron needs 4"):
        as_neuron(WrittenBump()).tangent(torch.zeros(1, 3), torch.zeros(1, 3))
