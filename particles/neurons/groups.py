"""Groups of coordinates: what parts of a particle's position are called, and numbers that are given group by group."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TypeVar

import torch
from torch import Tensor

from particles.arguments.display import line
from particles.neurons.protocols import Neuron
from particles.shapes import AnyFloat

Number = TypeVar("Number")
#: The number, or an error that says `what` it is: a check of `particles/arguments/reals.py`.
Check = Callable[[object, str], Number]
#: Which coordinates each group has, in order: they lie next to each other and cover all of them.
Groups = Mapping[str, slice]


class PerGroup(Mapping[str, Number]):
    """A number, or a function that gives it, for each of some groups by name; a frozen dictionary."""

    def __init__(self, numbers: Mapping[str, Number]) -> None:
        self._numbers = dict(numbers)

    @classmethod
    def of(cls, numbers: Mapping[str, Number], what: str, check: Check[Number]) -> "PerGroup[Number]":
        """These numbers, each checked; `what` names one in the error, "The rate" becomes "The rate of 'output'"."""
        return cls({name: check(number, f"{what} of {name!r}") for name, number in numbers.items()})

    def __getitem__(self, name: str) -> Number:
        return self._numbers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def __hash__(self) -> int:
        return hash(frozenset(self._numbers.items()))

    def __repr__(self) -> str:
        return repr(self._numbers)


def one_or_per_group(
    numbers: Number | Mapping[str, Number], what: str, check: Check[Number]
) -> Number | PerGroup[Number]:
    """One checked number for all groups, or a checked number for each of those named."""
    return PerGroup.of(numbers, what, check) if isinstance(numbers, Mapping) else check(numbers, what)


def groups_of(neuron: Neuron) -> dict[str, slice]:
    """The neuron's groups of coordinates; of one that names none its hidden and, where it has some, output weights."""
    named = getattr(neuron, "groups", None)
    if named is not None:
        return dict(named)
    groups = {"hidden": slice(0, neuron.hidden), "output": slice(neuron.hidden, neuron.dim)}
    return {name: part for name, part in groups.items() if part.start < part.stop}


def sliced(sizes: Mapping[str, int | slice]) -> dict[str, slice]:
    """Groups given by their numbers of coordinates, one after the other, or by slices."""
    groups: dict[str, slice] = {}
    first = 0
    for name, size in sizes.items():
        groups[name] = size if isinstance(size, slice) else slice(first, first + size)
        first = groups[name].stop
    return groups


def check_cover(groups: Groups, dim: int, name: str) -> None:
    """Raise ValueError for groups of the neuron of this name that leave coordinates out, or name one twice."""
    ends = [0, *(part.stop for part in groups.values())]
    starts = [*(part.start for part in groups.values()), dim]
    if ends != starts:
        raise ValueError(
            f"The groups of {name} are {line(dict(groups))}, but they must cover its {dim} coordinates one after the "
            "other; give the number of coordinates of each."
        )


def check_names(names: Iterable[str], groups: Groups, what: str) -> None:
    """Raise ValueError for a name that is none of the groups'; `what` says where it stood, as "The rates"."""
    unknown = [name for name in names if name not in groups]
    if unknown:
        raise ValueError(
            f"{what} name {', '.join(map(repr, unknown))}, but the neuron's groups are "
            f"{', '.join(map(repr, groups))}; name some of these."
        )


def number_of_each(numbers: float | Mapping[str, float], groups: Groups, rest: float = 0.0) -> tuple[float, ...]:
    """The number of every group in order; groups that are not named have the number `rest`."""
    if isinstance(numbers, Mapping):
        return tuple(numbers.get(name, rest) for name in groups)
    return (numbers,) * len(groups)


def expanded(each: Sequence[float], groups: Groups, like: AnyFloat) -> AnyFloat:
    """The number of every coordinate [dim] from that of every group, in the dtype and on the device of `like`."""
    result = like.new_empty(max((part.stop for part in groups.values()), default=0))
    for part, number in zip(groups.values(), each, strict=True):
        result[part].fill_(number)
    return result


def chosen_groups(trained: str | Sequence[str], groups: Groups, every: str = "all") -> tuple[str, ...]:
    """The names that `trained` stands for, in the order of the groups; the word `every` stands for all of them.

    Raises ValueError for a name that is none of the groups', and for none at all.
    """
    names = (trained,) if isinstance(trained, str) else tuple(trained)
    if names == (every,):
        return tuple(groups)
    if not names or any(name not in groups for name in names):
        words = ", ".join(map(repr, (*groups, every)))
        raise ValueError(f"trained is {line(trained)}, but one of {words} is needed, or a tuple of names of groups.")
    return tuple(name for name in groups if name in names)


def columns_of(names: Sequence[str], groups: Groups) -> slice | Tensor:
    """The coordinates of these groups: a slice where they lie next to each other, else their numbers [coordinates]."""
    parts = [groups[name] for name in groups if name in names]
    joined = all(one.stop == other.start for one, other in pairwise(parts))
    if joined and parts:
        return slice(parts[0].start, parts[-1].stop)
    return torch.cat([torch.arange(part.start, part.stop) for part in parts])
