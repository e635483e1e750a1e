"""A door looks at what comes in, says what is wrong in one sentence, and lets the rest through."""

import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
import torch

import flows
import limits
import particles
from particles import MeanField, ParticleCloud, Scaling, ShapeError, Tanh
from particles.arguments import arguments_checked, check_arguments_of
from particles.shapes import Inputs


@arguments_checked
def scaled(cloud: ParticleCloud, scaling: Scaling, *, inputs: Inputs | None = None, names: Sequence[str] = ()) -> str:
    """Say that all is well."""
    return "well"


@arguments_checked
def traced(**observables: Callable[[ParticleCloud], float]) -> int:
    """Count the observables."""
    return len(observables)


@dataclass(frozen=True)
class Box:
    """Something with a scaling."""

    scaling: Scaling

    def opened(self, cloud: ParticleCloud) -> ParticleCloud:
        """The cloud."""
        return cloud

    @classmethod
    def of(cls, scaling: Scaling) -> "Box":
        """A box."""
        return cls(scaling)

    @staticmethod
    def size(count: float) -> float:
        """A number."""
        return count


def double(number: float) -> float:
    """Twice the number."""
    return 2.0 * number


CLOUD = ParticleCloud(torch.ones(2, 1, dtype=torch.float64))
ROOM = {"__all__": ["Box", "double"], "Box": Box, "double": double}
check_arguments_of(ROOM, {Box: "opened of size"}, {Scaling: "MeanField()"}, {})


def test_right_arguments_pass() -> None:
    """Assert that arguments by position and by name arrive, and those with a default may be left out."""
    assert scaled(CLOUD, MeanField()) == "well"
    assert scaled(cloud=CLOUD, scaling=MeanField(), inputs=torch.ones(1, 2), names=["a"]) == "well"
    assert traced() == 0 and traced(mass=lambda cloud: 1.0) == 1


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: scaled(3, MeanField()), r"scaled was given 3 as cloud, but a ParticleCloud is needed; give"),
        (lambda: scaled(CLOUD, Tanh()), r"scaled was given a Tanh as scaling, but a Scaling is needed; give MeanField"),
        (lambda: scaled(CLOUD, MeanField), r"scaled was given the class MeanField as scaling, .*; write MeanField\(\)"),
        (lambda: scaled(MeanField(), CLOUD), r"was given a MeanField as cloud, .*; exchange cloud and scaling\."),
        (lambda: scaled(CLOUD, MeanField(), names=["a", 3]), r"was given 3 as names\[1\], but text is needed"),
        (lambda: scaled(CLOUD, MeanField(), names="a"), r"'a' as names, but a list of text is needed; write \[names\]"),
        (lambda: traced(mass=3), r"traced was given 3 as mass, but a function of \(a ParticleCloud\) is needed"),
        (lambda: ROOM["Box"](3), r"^Box was given 3 as scaling"),
        (lambda: Box(MeanField()).opened(3), r"^Box\.opened was given 3 as cloud"),
        (lambda: Box.of(3), r"^Box\.of was given 3 as scaling"),
        (lambda: Box.size("a"), r"^size was given 'a' as count, but a number is needed"),
        (lambda: ROOM["double"]("a"), r"^double was given 'a' as number, but a number is needed; give one\."),
    ],
)
def test_wrong_arguments_are_named(call: Callable[[], object], sentence: str) -> None:
    """Assert that the sentence says who was given what, where, what is needed, and what to do."""
    with pytest.raises(TypeError, match=sentence):
        call()


def test_axes_that_do_not_fit_are_a_shape_error() -> None:
    """Assert that a tensor with other axes is refused as one, with how it gets them."""
    with pytest.raises(ShapeError, match=r"a float32 tensor \[3\] as inputs, .* \[data, inputs\] .*inputs\[None\]"):
        scaled(CLOUD, MeanField(), inputs=torch.ones(3))


def test_missing_arguments_are_left_to_python() -> None:
    """Assert that Python says itself what is missing or has no such name."""
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'scaling'"):
        scaled(CLOUD)
    with pytest.raises(TypeError, match="unexpected keyword argument 'time'"):
        scaled(CLOUD, MeanField(), time=3)


def test_class_keeps_what_it_was() -> None:
    """Assert that a class with a door is the same class, and that within its room a function has none."""
    assert ROOM["Box"] is Box and Box(MeanField()) == Box.of(MeanField())
    with pytest.raises(TypeError, match="can't multiply sequence"):
        double("a")


@pytest.mark.parametrize("room", [particles, flows, limits])
def test_every_function_of_a_room_has_a_door(room: object) -> None:
    """Assert that functions that a room offers are told from those that stand in it."""
    for name in room.__all__:
        function = getattr(room, name)
        if type(function).__name__ == "function":
            assert hasattr(function, "checked_arguments"), name


def test_classes_are_pickled_as_before() -> None:
    """Assert that a door does not stand in the way of a copy."""
    assert pickle.loads(pickle.dumps(particles.L2(0.5))) == particles.L2(0.5)
