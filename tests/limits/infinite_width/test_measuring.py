"""Measuring levels: seeds, batches, costs, and clouds that diverged."""

import importlib
from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from torch import Tensor

from limits import Drawn, Halves, InMemory
from limits.infinite_width.measuring import Measuring, seed_of
from particles import ShapeError
from tests.limits.infinite_width.toys import NAMES, normal, of_means

MODULE = importlib.import_module("limits.infinite_width.measuring")


def of(measured: Callable[[Sequence[Drawn]], Tensor] = of_means, samples: InMemory | None = None) -> Measuring:
    """Halves of normal clouds from four particles on."""
    return Measuring(measured, normal, NAMES, 4, Halves(), float, 0, samples or InMemory())


def test_seeds_are_of_seed_level_and_number() -> None:
    """Assert that seeds are 64-bit integers that are all different, and the same whenever asked for."""
    seeds = {seed_of(seed, level, number) for seed in range(3) for level in range(4) for number in range(50)}
    assert len(seeds) == 600
    assert all(0 <= seed < 2**64 for seed in seeds)
    assert seed_of(1, 2, 3) == seed_of(1, 2, 3) == 12102950992819003183


def test_values_do_not_depend_on_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that samples made together, one by one, and in two calls are the same bits."""
    together = of().values(2, 7)
    monkeypatch.setattr(MODULE, "PARTICLES_AT_ONCE", 1)
    alone = of()
    alone.values(2, 3)
    found = alone.values(2, 7)
    assert np.array_equal(found[0], together[0])
    assert np.array_equal(found[1], together[1])
    assert (found[0].shape, found[1].shape) == ((7, 1, 3), (7, 2, 3))


def test_calls_get_clouds_of_one_width_and_are_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a call holds as many particles as allowed, fine and coarse apart, and that kept samples cost none."""
    calls = []

    def measured(clouds: Sequence[Drawn]) -> Tensor:
        (width,) = {one.cloud.count for one in clouds}
        calls.append((len(clouds), width))
        return of_means(clouds)

    monkeypatch.setattr(MODULE, "PARTICLES_AT_ONCE", 64)
    samples, done = InMemory(), []
    measuring = of(measured, samples)
    measuring.values(2, 3, lambda: done.append(measuring.have[2]))
    assert calls == [(2, 16), (4, 8), (1, 16), (2, 8)]
    assert done == [2, 3]
    of(measured, samples).values(2, 3)
    assert len(calls) == 4


def test_the_price_is_that_of_all_clouds() -> None:
    """Assert that a sample of halves costs its fine cloud and two coarse ones, and nothing else at level zero."""
    assert [of().price(level) for level in range(3)] == [4.0, 16.0, 32.0]


def test_values_that_are_not_finite_are_refused() -> None:
    """Assert that a diverged cloud is named by sample, level, width and quantity, and that nothing of it is kept."""

    def measured(clouds: Sequence[Drawn]) -> Tensor:
        values = of_means(clouds)
        values[3, 1] = torch.nan
        return values

    samples = InMemory()
    with pytest.raises(ValueError, match=r'Samples 3 of level 0 have clouds of width 4 with a value of "exponential"'):
        of(measured, samples).values(0, 5)
    assert samples.kept(0) is None


def test_values_of_another_shape_are_refused() -> None:
    """Assert that one row per cloud and one column per quantity is asked for."""
    with pytest.raises(TypeError, match=r"measured\(clouds\) gave list, but a tensor is needed"):
        of(lambda clouds: [0.0] * len(clouds)).values(0, 5)  # type: ignore[arg-type, return-value]
    with pytest.raises(ShapeError, match=r"gave shape \(5, 2\) for 5 clouds and 3 quantities"):
        of(lambda clouds: of_means(clouds)[:, :2]).values(0, 5)


def test_samples_that_keep_nothing_are_refused() -> None:
    """Assert that a store which forgets is named."""

    class Forgetful(InMemory):
        """Keeps nothing."""

        def keep(self, level: int, fine: np.ndarray, coarse: np.ndarray) -> None:
            """Forget."""

    with pytest.raises(TypeError, match=r"Forgetful gave nothing back of level 0"):
        of(samples=Forgetful()).values(0, 5)
