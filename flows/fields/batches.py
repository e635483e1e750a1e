"""Mini-batches: which data a step of stochastic gradient descent sees, as a function of seed, number and time alone."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Int
from torch import Tensor

from flows.base import SAME
from flows.noise import StepNoise, checked_seed
from particles import Dataset, Risk
from particles.arguments.integers import whole
from particles.arguments.reals import positive

#: Stream of the noise from which batches are drawn.
BATCHES = 2

Indices = Int[Tensor, " batch"]


@runtime_checkable
class Batches(Protocol):
    """Numbered batches of data. The same number always gives the same batch."""

    def batch(self, data: Dataset, number: int) -> Dataset:
        """Batch `number`, from 0, of this data set."""
        ...


@dataclass(frozen=True)
class Epochs:
    """Batches without replacement: every epoch is a new permutation of the data, cut into batches of `size`.

    The last batch of an epoch is smaller where the size does not divide the number of data. Data count equally.
    """

    size: int
    seed: int = 0

    def __post_init__(self) -> None:
        _check(self)

    def batch(self, data: Dataset, number: int) -> Dataset:
        """Batch `number` of the endless sequence of epochs. Raises ValueError for weighted data."""
        if bool((data.weights != data.weights[0]).any()):
            raise ValueError("Epochs visit every datum equally often, but these data are weighted; take Draws.")
        epoch, within = divmod(number, -(-data.count // self.size))
        order = _permutation(self.seed, epoch, data.count)
        return _some(data, order[within * self.size : (within + 1) * self.size])


@dataclass(frozen=True)
class Draws:
    """Batches with replacement: `size` independent data, drawn with their weights p_i as probabilities."""

    size: int
    seed: int = 0

    def __post_init__(self) -> None:
        _check(self)

    def batch(self, data: Dataset, number: int) -> Dataset:
        """Batch `number`: the expected risk of a batch is the risk of the data."""
        levels = data.weights.cpu().double().cumsum(dim=0)
        places = StepNoise(self.seed, number, BATCHES).uniforms(self.size) * levels[-1]
        return _some(data, torch.searchsorted(levels, places, right=True).clamp(max=data.count - 1))


@dataclass(frozen=True)
class Online:
    """Fresh data for every step: `sample(seed, number)` returns a `Dataset`, the same one for the same arguments.

    With one datum a step this is the online stochastic gradient descent of the mean-field papers.
    """

    sample: Callable[[int, int], Dataset]
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "seed", checked_seed(self.seed))

    def batch(self, data: Dataset, number: int) -> Dataset:
        """What the sampler gives; the data set of the risk plays no part."""
        return self.sample(self.seed, number)


@dataclass(frozen=True)
class Minibatches:
    """Batches with their pace: batch number floor(t / step) is in force at time t, each for a time `step`.

    `LangevinFlow`, `UnderdampedFlow` and `LinearisedFlow` take them as `batches=`; `MinibatchFlow` is the gradient flow
    with them.
    """

    batches: Batches
    step: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "step", positive(self.step, "The step"))

    def number(self, time: float) -> int:
        """Number of the batch in force at this time, from 0."""
        return math.floor(time / self.step + SAME)

    def risk_at(self, risk: Risk, time: float) -> Risk:
        """R_B, the risk on the batch in force at this time."""
        return risk.on(self.batches.batch(risk.data, self.number(time)))


def _check(batches: Epochs | Draws) -> None:
    object.__setattr__(batches, "seed", checked_seed(batches.seed))
    object.__setattr__(batches, "size", whole(batches.size, "The size of a batch"))


@lru_cache(maxsize=4)
def _permutation(seed: int, epoch: int, count: int) -> Indices:
    """The order of the data in this epoch, by sorting numbers addressed by it."""
    return StepNoise(seed, epoch, BATCHES).uniforms(count).argsort(stable=True)


def _some(data: Dataset, indices: Indices) -> Dataset:
    return data.some(indices.to(data.inputs.device))
