"""Named streams: addressed by seed and name, independent of each other, pinned for good."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from particles import generator
from tests.draws import untouched_generators
from tests.tolerances import Z, z_score

MANY = 20_000


def test_seed_and_name_address_the_numbers() -> None:
    """Assert that the same address gives the same numbers, and another seed or name shares none of them."""
    first, again = generator(1, "init").random(100), generator(1, "init").random(100)
    others = [generator(2, "init").random(100), generator(1, "masses").random(100), generator(1, "data").random(100)]
    assert np.array_equal(first, again)
    assert all(not np.isin(other, first).any() for other in others)


def test_numbers_of_a_seed_are_pinned() -> None:
    """Assert that runs of earlier versions can be repeated: these numbers never change."""
    assert generator(0, "init").random(2).tolist() == [0.6719028721452284, 0.24804213004406872]


@pytest.mark.parametrize(("seeds", "names"), [((0, 0), ("init", "masses")), ((0, 1), ("init", "init"))])
def test_streams_are_uncorrelated(seeds: tuple[int, int], names: tuple[str, str]) -> None:
    """Assert that two streams of one seed, and one stream of neighbouring seeds, are uncorrelated."""
    one, two = (generator(seed, name).standard_normal(MANY) for seed, name in zip(seeds, names, strict=True))
    assert abs(z_score(torch.from_numpy(one * two), 0.0)) < Z


def test_global_generators_are_left_alone() -> None:
    """Assert that making and using a generator leaves those of Python, numpy and torch as they were."""
    with untouched_generators():
        generator(3, "init").standard_normal(10)


@pytest.mark.parametrize("touch", [lambda: torch.manual_seed(0), lambda: np.random.rand()], ids=["torch", "numpy"])
def test_watch_over_global_generators_sees_a_touch(touch: Callable[[], object]) -> None:
    """Assert that the watch used above fails where a global generator is seeded or drawn from."""
    states = torch.get_rng_state(), np.random.get_state()
    with pytest.raises(AssertionError, match="A global generator was touched"), untouched_generators():
        touch()
    torch.set_rng_state(states[0])
    np.random.set_state(states[1])


@pytest.mark.parametrize("seed", [-1, 1.5, True, None, "0"])
@pytest.mark.usefixtures("without_shape_checks")
def test_seed_that_is_no_number_of_a_run_is_refused(seed: int) -> None:
    """Assert that anything but a non-negative integer is refused."""
    with pytest.raises(ValueError, match=f"The seed is {seed!r}, but a non-negative integer is needed"):
        generator(seed, "init")


@pytest.mark.usefixtures("without_shape_checks")
def test_numpy_integers_are_seeds() -> None:
    """Assert that a seed from a numpy array is the same seed."""
    assert generator(np.int64(5), "init").random() == generator(5, "init").random()
