"""Whole numbers of Python, NumPy and torch count alike wherever a count, width, seed or place is asked for."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from flows import (
    Draws,
    Epochs,
    Euler,
    EulerMaruyama,
    Every,
    GradientFlow,
    LogSpaced,
    Online,
    StepNoise,
    evolve,
    evolve_all,
)
from limits import Interval, RandomKernel, convolutional_kernels, deep_kernels, entropy, tangent_kernel
from limits.transport.problem import posed
from limits.transport.sliced import by_slices
from particles import (
    Ensemble,
    Erf,
    GaussianLaw,
    Identity,
    ParticleCloud,
    Perceptron,
    Plain,
    Quadratic,
    RandomFeatures,
    ReLU,
    Tanh,
    generator,
    masses,
)
from particles.arguments.integers import whole
from tests.problems import ShakenAttraction, network_risk, numbers, small_cloud

KINDS: dict[str, Callable[[int], Any]] = {
    "int64": np.int64,
    "int32": np.int32,
    "uint8": np.uint8,
    "array": np.array,
    "tensor": torch.tensor,
}
NEURON = Perceptron(Tanh(), Identity(3))
CLOUD = ParticleCloud(numbers(1, 200, 2))
INPUTS = numbers(2, 3, 3)


def noisy(**options: Any) -> torch.Tensor:
    """The end of a short noisy run."""
    return evolve(ShakenAttraction(), small_cloud(), EulerMaruyama(0.25), until=1.0, **options).positions


def stepped(**options: Any) -> torch.Tensor:
    """The end of a short run of an ensemble."""
    clouds, flow = Ensemble(numbers(3, 2, 6, 4)), GradientFlow(network_risk())
    return evolve_all(flow, clouds, Euler(0.25), until=0.5, **options).positions


#: What takes a whole number, as a function of it that returns something to compare.
TAKERS: dict[str, Callable[[Any], Any]] = {
    "uniform": masses.uniform,
    "zipf": lambda n: masses.zipf(n, 0.5),
    "asymmetrical": lambda n: masses.asymmetrical(n, 0.5, 0.7),
    "stable": lambda n: masses.stable(n, 0.5, seed=n),
    "gamma": lambda n: masses.generalised_gamma(n, 1.0, 1.0, seed=n),
    "beta": lambda n: masses.beta(n, 1.0, 1.0, seed=n),
    "horseshoe": lambda n: masses.horseshoe(n, seed=n),
    "identity": Identity,
    "plain": Plain,
    "quadratic": Quadratic,
    "features": lambda n: RandomFeatures(Identity(2), Erf(), n, n).weights,
    "outputs": lambda n: Perceptron(Tanh(), Identity(3), n),
    "generator": lambda n: torch.from_numpy(generator(n, "x").standard_normal(2)),
    "law": lambda n: GaussianLaw(NEURON).sample(masses=masses.uniform(2), seed=n).positions,
    "seed": lambda n: noisy(seed=n),
    "split": lambda n: noisy(split=n),
    "index": lambda n: noisy(index=n),
    "together": lambda n: stepped(together=n),
    "seeds": lambda n: stepped(seeds=[n, n]),
    "noise": lambda n: StepNoise(1, 2, split=n).normals(CLOUD.positions),
    "epochs": lambda n: Epochs(n, n),
    "draws": lambda n: Draws(n, n),
    "online": lambda n: Online(print, n),
    "every": lambda n: Every(n, print),
    "log": lambda n: LogSpaced(0.1, 1.0, n, print),
    "cells": lambda n: Interval(0.0, 1.0, n),
    "depth": lambda n: deep_kernels(INPUTS, activation=ReLU(), depth=n).ntk,
    "filter": lambda n: convolutional_kernels(INPUTS, activation=ReLU(), filter_size=n).ntk,
    "heavy": lambda n: (
        RandomKernel(tangent_kernel(NEURON, GaussianLaw(NEURON)), 0.5, 0.7).sample(INPUTS, seed=n, heavy=n).gram
    ),
    "neighbours": lambda n: entropy(CLOUD, n).value,
    "projections": lambda n: by_slices(posed(CLOUD, CLOUD.moved(CLOUD.positions + 1.0), 2.0), n).distance,
}


def same(one: Any, other: Any) -> bool:
    """Whether two results are the same to the bit."""
    return torch.equal(one, other) if isinstance(one, torch.Tensor) else one == other


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", TAKERS)
def test_whole_numbers_of_every_kind_are_taken(name: str, kind: str) -> None:
    """Assert that every place gives for numbers of NumPy and torch what it gives for 3."""
    take = TAKERS[name]
    assert same(take(KINDS[kind](3)), take(3))


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("value", [True, np.True_, torch.tensor(True), 2.0, np.float64(2.0), "2", -1], ids=repr)
@pytest.mark.parametrize("name", TAKERS)
def test_what_is_no_whole_number_is_refused(name: str, value: object) -> None:
    """Assert that truth values, floats, words and negative numbers are refused everywhere in one kind of sentence."""
    with pytest.raises(
        ValueError, match=r" is .*, but (a positive integer|a non-negative integer|an integer of at least)"
    ):
        TAKERS[name](value)


@pytest.mark.parametrize(
    ("value", "least", "kind"),
    [(0, 1, "a positive integer"), (-1, 0, "a non-negative integer"), (1, 2, "an integer of at least 2")],
)
def test_whole_says_what_is_needed(value: int, least: int, kind: str) -> None:
    """Assert that the sentence has the name, the value and the bound; and that the result is a plain int."""
    with pytest.raises(ValueError, match=f"^The size is {value}, but {kind} is needed.$"):
        whole(value, "The size", least)
    assert type(whole(np.int8(least), "The size", least)) is int


@pytest.mark.parametrize("value", [np.array([3]), torch.tensor([3]), None, np.array(3.0), torch.tensor(3.0)], ids=repr)
def test_lists_and_fractions_are_no_whole_numbers(value: object) -> None:
    """Assert that an array of one number is not a number, and a float of NumPy or torch no whole one."""
    with pytest.raises(ValueError, match="The size is .*, but a positive integer is needed"):
        whole(value, "The size")
