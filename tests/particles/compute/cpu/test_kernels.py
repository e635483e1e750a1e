"""Kernels on disk: found again by another process, and not once any source file of theirs is another."""

from pathlib import Path
from typing import Any

import numba
import pytest
import torch

from particles import Identity, Perceptron, ReLU
from particles.compute.cpu import kernels, launch
from particles.compute.sources import fingerprint


def made(name: str) -> Any:
    """A kernel for ReLU as another process makes it."""
    return getattr(kernels, name).__wrapped__("ReLU")


def used(kernel: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """How often a kernel was found on disk and how often not, after one call."""
    neuron = Perceptron(ReLU(), Identity(2))
    given = torch.ones(3, 3), torch.ones(3), torch.ones(4, 2)
    monkeypatch.setattr(launch, name, lambda kind: kernel)
    if name == "predicting":
        launch.predict(neuron, *given)
    else:
        launch.pull(neuron, *given, torch.ones(4, 1))
    return sum(kernel.stats.cache_hits.values()), sum(kernel.stats.cache_misses.values())


@pytest.mark.parametrize("name", ["predicting", "pulling"])
def test_a_kernel_on_disk_is_that_of_its_sources(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a kernel is compiled once, and again for another fingerprint of the folder, which is the folder's."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    assert used(made(name), name, monkeypatch) == (0, 1)
    assert used(made(name), name, monkeypatch) == (1, 0)
    assert kernels.SOURCES == fingerprint(kernels.__file__)
    monkeypatch.setattr(kernels, "SOURCES", "others")
    assert used(made(name), name, monkeypatch) == (0, 1)


def test_each_activation_has_a_kernel_of_its_own() -> None:
    """Assert that a kernel is made once for an activation, and another one for another."""
    for make in (kernels.predicting, kernels.pulling):
        assert make("Tanh") is make("Tanh") is not make("Erf")
