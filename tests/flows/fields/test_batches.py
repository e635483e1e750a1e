"""Mini-batches: fair, addressed by seed and number, and refused where they would not be."""

import math

import pytest
import torch
from torch import Tensor

from flows import Batches, Draws, Epochs, Minibatches, Online
from particles import Dataset
from tests.problems import network_cloud, network_risk, numbers
from tests.tolerances import Z

STRATEGIES: list[Batches] = [Epochs(4, seed=2), Draws(4, seed=2)]


def numbered(count: int, weights: Tensor | None = None) -> Dataset:
    """Data that say their own number."""
    names = torch.arange(count, dtype=torch.float64)[:, None]
    return Dataset(torch.cat([names, names], dim=1), 10.0 * names, weights)


def names(batches: Batches, data: Dataset, number: int) -> list[int]:
    """Which data a batch holds."""
    return [int(name) for name in batches.batch(data, number).inputs[:, 0]]


def test_every_epoch_visits_every_datum_once_in_another_order() -> None:
    """Assert that 3 batches of 4, 4 and 2 make up ten data in every epoch, shuffled anew."""
    data, batches = numbered(10), Epochs(4, seed=2)
    orders = []
    for epoch in range(5):
        parts = [names(batches, data, 3 * epoch + within) for within in range(3)]
        assert [len(part) for part in parts] == [4, 4, 2]
        orders.append([name for part in parts for name in part])
        assert sorted(orders[-1]) == list(range(10))
    assert len({tuple(order) for order in orders}) == 5


def test_first_place_of_an_epoch_is_uniform() -> None:
    """Assert that over a thousand epochs each of five data comes first equally often, within five standard errors."""
    data, batches = numbered(5), Epochs(1, seed=7)
    counts = torch.zeros(5)
    for epoch in range(1000):
        counts[names(batches, data, 5 * epoch)] += 1.0
    assert float((counts - 200.0).abs().max()) < Z * math.sqrt(1000 * 0.2 * 0.8)


def test_draws_follow_the_weights() -> None:
    """Assert that twenty thousand draws hold each datum in proportion to its weight, and one without weight never."""
    weights = torch.tensor([0.4, 0.0, 0.1, 0.2, 0.3], dtype=torch.float64)
    drawn = torch.tensor(names(Draws(20_000, seed=3), numbered(5, weights), 0))
    shares = torch.bincount(drawn, minlength=5).double() / 20_000
    errors = (weights * (1.0 - weights) / 20_000).sqrt()
    assert bool(((shares - weights).abs() <= Z * errors).all())
    assert float(shares[1]) == 0.0


def test_draws_of_different_numbers_are_independent() -> None:
    """Assert that consecutive batches agree in as many places as chance has it."""
    data, batches = numbered(4), Draws(10_000, seed=3)
    first, second = (torch.tensor(names(batches, data, number)) for number in (0, 1))
    assert abs(float((first == second).double().mean()) - 0.25) < Z * math.sqrt(0.25 * 0.75 / 10_000)


@pytest.mark.parametrize("batches", STRATEGIES, ids=str)
def test_batch_is_a_function_of_seed_and_number(batches: Batches) -> None:
    """Assert that asking again, in any order, gives the same batch, and that seeds and numbers matter."""
    data = numbered(50)
    later, early = names(batches, data, 9), names(batches, data, 1)
    assert names(batches, data, 9) == later and names(type(batches)(4, seed=2), data, 1) == early  # type: ignore[call-arg]
    assert early != later
    assert names(type(batches)(4, seed=3), data, 1) != early  # type: ignore[call-arg]


@pytest.mark.parametrize("batches", STRATEGIES, ids=str)
def test_data_of_a_batch_stay_together_and_count_equally(batches: Batches) -> None:
    """Assert that inputs keep their targets, dtype included, and weigh one over the size of the batch."""
    data = numbered(10).to(dtype=torch.float32)
    batch = batches.batch(data, 5)
    assert torch.equal(batch.targets, 10.0 * batch.inputs[:, :1])
    assert batch.inputs.dtype == torch.float32
    assert torch.equal(batch.weights, torch.full((batch.count,), 1.0 / batch.count))


def test_online_batches_come_from_the_sampler() -> None:
    """Assert that the sampler is asked for (seed, number), and the risk's own data are not touched."""
    asked = []

    def sample(seed: int, number: int) -> Dataset:
        asked.append((seed, number))
        return Dataset(numbers(seed + number, 2, 3), numbers(1, 2))

    batch = Online(sample, seed=5).batch(numbered(4), 8)
    assert asked == [(5, 8)]
    assert torch.equal(batch.inputs, numbers(13, 2, 3))


def test_weighted_epochs_are_refused() -> None:
    """Assert that epochs of weighted data are refused with what to take."""
    weights = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
    with pytest.raises(ValueError, match="these data are weighted; take Draws"):
        Epochs(2).batch(numbered(3, weights), 0)


@pytest.mark.parametrize("size", [0, -1, 2.0, True])
def test_impossible_size_is_refused(size: int, without_shape_checks: None) -> None:
    """Assert that a size that is not a positive integer is refused."""
    for kind in (Epochs, Draws):
        with pytest.raises(ValueError, match=f"The size of a batch is {size!r}, but a positive integer is needed"):
            kind(size)


def test_impossible_seed_is_refused() -> None:
    """Assert that a negative seed is refused by every strategy."""
    for make in (lambda: Epochs(2, seed=-1), lambda: Draws(2, seed=-1), lambda: Online(lambda s, n: numbered(3), -1)):
        with pytest.raises(ValueError, match="The seed is -1, but a non-negative integer is needed"):
            make()


def test_each_batch_is_in_force_for_its_time() -> None:
    """Assert that batch k is in force from k s to (k + 1) s, rounding of k s included, and gives the risk on it."""
    pace, risk = Minibatches(Draws(2, seed=1), 0.1), network_risk()
    assert [pace.number(count * 0.1) for count in range(1000)] == list(range(1000))
    assert [pace.number(time) for time in (0.0, 0.05, 0.0999, 0.15, 0.7)] == [0, 0, 0, 1, 7]
    expected = risk.on(pace.batches.batch(risk.data, 7))
    assert torch.equal(pace.risk_at(risk, 0.71)(network_cloud()), expected(network_cloud()))
    with pytest.raises(ValueError, match="The step is 0.0, but a positive finite number is needed"):
        Minibatches(Draws(2), 0.0)
