"""Numbers for tests, from seeds, and a watch over the global generators that nobody may touch."""

import pickle
import random
from collections.abc import Iterator
from contextlib import contextmanager

import jaxtyping
import numpy as np
import torch
from torch import Tensor


def normals(*shape: int, seed: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """Independent N(0, 1) numbers of this shape."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def uniforms(*shape: int, seed: int) -> Tensor:
    """Independent uniform numbers of this shape in [0, 1)."""
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def unequal(count: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """Masses that differ by up to a factor of nine, in no order."""
    values = 1.0 + 8.0 * uniforms(count, seed=90)
    return (values / values.sum()).to(dtype)


@contextmanager
def untouched_generators() -> Iterator[None]:
    """Fails where the global generators of Python, numpy or torch are in another state after than before.

    The shape checker is off meanwhile: beartype draws the entry of a list that it looks at from Python's generator.
    """
    checked = jaxtyping.config.jaxtyping_disable
    jaxtyping.config.update("jaxtyping_disable", True)
    before = _states()
    try:
        yield
    finally:
        jaxtyping.config.update("jaxtyping_disable", checked)
    assert _states() == before, "A global generator was touched."


def _states() -> list[bytes]:
    states = (random.getstate(), np.random.get_state(), torch.get_rng_state().numpy())
    return [pickle.dumps(state) for state in states]
