"""Groups of coordinates: their names, numbers that are given group by group, and what is refused."""

import math
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from particles import Identity, Neuron, Perceptron, Tangent, Tanh, as_neuron
from particles.arguments.reals import non_negative
from particles.neurons.groups import (
    PerGroup,
    check_cover,
    check_names,
    chosen_groups,
    columns_of,
    expanded,
    groups_of,
    number_of_each,
    one_or_per_group,
    sliced,
)
from tests.particles.risk.contracts.members import NEURONS, name_of

GROUPS = {"first": slice(0, 2), "middle": slice(2, 3), "last": slice(3, 7)}


@dataclass(frozen=True)
class Old:
    """A neuron from before there were groups."""

    hidden: int
    dim: int = 5
    outputs: int = 2

    @property
    def trained_columns(self) -> slice:
        """All."""
        return slice(0, 5)

    def embed(self, inputs: Tensor) -> Tensor:
        """The inputs."""
        return inputs

    def tangent(self, positions: Tensor, phi: Tensor) -> Tangent:
        """None is needed here."""
        raise TypeError("This neuron is only looked at.")


@pytest.mark.parametrize("neuron", NEURONS, ids=name_of)
def test_groups_of_every_neuron_cover_its_coordinates(neuron: Neuron) -> None:
    """Assert that groups lie next to each other and that together they are all coordinates."""
    closed = as_neuron(neuron)
    check_cover(groups_of(closed), closed.dim, "a neuron")


def test_neurons_that_name_no_groups_have_hidden_and_output_weights() -> None:
    """Assert that the two follow from `hidden` and `dim`, and that none is empty."""

    assert groups_of(Old(3)) == {"hidden": slice(0, 3), "output": slice(3, 5)}
    assert groups_of(Old(5)) == {"hidden": slice(0, 5)}


def test_numbers_of_groups_are_a_frozen_dictionary() -> None:
    """Assert that it reads, compares and prints like one, and has a hash that order does not change."""
    numbers = PerGroup.of({"last": 0.5, "first": 2}, "The rate", non_negative)
    assert dict(numbers) == {"last": 0.5, "first": 2.0} == numbers and len(numbers) == 2
    assert repr(numbers) == "{'last': 0.5, 'first': 2.0}"
    assert hash(numbers) == hash(PerGroup({"first": 2.0, "last": 0.5})) and numbers != PerGroup({"first": 2.0})
    with pytest.raises(TypeError, match="does not support item assignment"):
        numbers["first"] = 1.0  # type: ignore[index]


@pytest.mark.parametrize("number", [-1.0, math.nan, math.inf, True])
def test_a_number_that_does_not_do_is_named_with_its_group(number: float) -> None:
    """Assert that the refusal says which group the number was for."""
    with pytest.raises(ValueError, match="The rate of 'last' is .*, but a finite non-negative number is needed"):
        one_or_per_group({"first": 1.0, "last": number}, "The rate", non_negative)


def test_numbers_are_expanded_to_coordinates() -> None:
    """Assert that each coordinate has its group's number, one that is not named the rest, in the dtype asked for."""
    each = number_of_each({"last": 0.5, "first": 2.0}, GROUPS, 1.0)
    assert each == (2.0, 1.0, 0.5) and number_of_each(3.0, GROUPS) == (3.0, 3.0, 3.0)
    for dtype in (torch.float32, torch.float64):
        vector = expanded(each, GROUPS, torch.zeros(1, dtype=dtype))
        assert torch.equal(vector, torch.tensor([2.0, 2.0, 1.0, 0.5, 0.5, 0.5, 0.5], dtype=dtype))


def test_unknown_names_are_answered_with_the_groups_there_are() -> None:
    """Assert that the sentence says what came and what there is."""
    check_names({"first": 1.0}, GROUPS, "The rates")
    expected = "The rates name 'frist', but the neuron's groups are 'first', 'middle', 'last'; name some of these"
    with pytest.raises(ValueError, match=expected):
        check_names(["frist", "last"], GROUPS, "The rates")


def test_trained_groups_are_chosen_by_name() -> None:
    """Assert that one name, several in any order and the word for all are understood."""
    assert chosen_groups("middle", GROUPS) == ("middle",)
    assert chosen_groups(("last", "first", "last"), GROUPS) == ("first", "last")
    assert chosen_groups("all", GROUPS) == ("first", "middle", "last") == chosen_groups("each", GROUPS, "each")


@pytest.mark.parametrize("trained", ["midle", (), ("first", "midle")])
def test_trained_groups_that_do_not_exist_are_refused(trained: str | tuple[str, ...]) -> None:
    """Assert that a misspelt name, and none at all, are answered with the names."""
    with pytest.raises(ValueError, match="trained is .*, but one of 'first', 'middle', 'last', 'all' is needed, or a"):
        chosen_groups(trained, GROUPS)


def test_columns_are_a_slice_where_they_lie_together() -> None:
    """Assert that they are the numbers of the coordinates otherwise, in order."""
    assert columns_of(("middle", "first"), GROUPS) == slice(0, 3)
    columns = columns_of(("last", "first"), GROUPS)
    assert isinstance(columns, torch.Tensor) and columns.tolist() == [0, 1, 3, 4, 5, 6]


def test_groups_are_given_by_sizes_or_slices() -> None:
    """Assert that sizes follow one another, and that gaps, overlaps and wrong ends are refused."""
    assert sliced({"first": 2, "middle": slice(2, 3), "last": 4}) == GROUPS
    for wrong in ({"a": 2, "b": slice(3, 7)}, {"a": slice(0, 4), "b": slice(3, 7)}, {"a": 6}, {"a": slice(1, 7)}):
        with pytest.raises(ValueError, match="groups of Bump are .*, but they must cover its 7 coordinates one after"):
            check_cover(sliced(wrong), 7, "Bump")


def test_perceptron_takes_names_for_what_is_trained() -> None:
    """Assert that tuples of names are the words of old, so that equal neurons are equal."""
    for trained, word in ((("hidden",), "hidden"), (["output"], "output"), (("output", "hidden"), "both")):
        made = Perceptron(Tanh(), Identity(3), 2, trained)
        assert made == Perceptron(Tanh(), Identity(3), 2, word) and made.trained == word
    assert made.groups == {"hidden": slice(0, 3), "output": slice(3, 5)}
    with pytest.raises(ValueError, match=r"trained is \('hiden',\), but one of 'hidden', 'output', 'both' is needed"):
        Perceptron(Tanh(), Identity(3), trained=("hiden",))
