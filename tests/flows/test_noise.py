"""Addressed noise: Gaussian, independent in every direction of the address, and the same however it is asked for."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from flows import EulerMaruyama, StepNoise, evolve
from flows.noise import MemberNoise, checked_seed
from particles.compute.noise.normals import box_muller
from particles.compute.noise.philox import MASK
from tests.problems import ShakenAttraction, small_cloud
from tests.tolerances import KS, Z, z_score


def drawn(noise: StepNoise, count: int = 20_000, dim: int = 5) -> Tensor:
    """The noise of a cloud of this size, in float64."""
    return noise.normals(torch.zeros(count, dim, dtype=torch.float64))


def check_normal(numbers: Tensor) -> None:
    """The first four moments within five standard errors, and the whole law by Kolmogorov and Smirnov."""
    numbers = numbers.reshape(-1)
    for power, moment in ((1, 0.0), (2, 1.0), (3, 0.0), (4, 3.0)):
        score = z_score(numbers**power, moment)
        assert abs(score) < Z, f"moment {power} is {score:.1f} standard errors off"
    significance = float(stats.kstest(numbers.numpy(), "norm").pvalue)
    assert significance > KS, f"not normal at significance {significance:.1e}"


def check_independent(first: Tensor, second: Tensor) -> None:
    """Neither the numbers nor their squares are correlated."""
    for power in (1, 2):
        score = z_score((first**power - first.pow(power).mean()) * (second**power - second.pow(power).mean()), 0.0)
        assert abs(score) < Z, f"powers {power} are correlated, {score:.1f} standard errors"


def test_numbers_are_standard_normal() -> None:
    """Assert that a hundred thousand numbers have the moments and the law of N(0, 1)."""
    check_normal(drawn(StepNoise(seed=0, step=0)))


def test_every_coordinate_is_standard_normal() -> None:
    """Assert that each of the five coordinates by itself is N(0, 1): cosine, sine, and both pairs of a block."""
    numbers = drawn(StepNoise(seed=1, step=9))
    for column in range(5):
        check_normal(numbers[:, column])


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda numbers: 1.02 * numbers, "moment 2"),
        (lambda numbers: numbers + 0.03, "moment 1"),
        (lambda numbers: numbers.sign() * math.sqrt(3.0) * (2.0 * torch.special.ndtr(numbers.abs()) - 1.0), "moment 4"),
        (lambda numbers: torch.where(numbers.abs() < 0.1, numbers.sign() * 0.1, numbers), "not normal"),
    ],
    ids=["too strong", "shifted", "uniform", "hole"],
)
def test_wrong_law_is_rejected(wrong: Callable[[Tensor], Tensor], told: str) -> None:
    """Assert that noise 2 % too strong, shifted, uniform, or with a hole at zero is rejected."""
    with pytest.raises(AssertionError, match=told):
        check_normal(wrong(drawn(StepNoise(seed=0, step=0))))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (StepNoise(0, 0), StepNoise(0, 1)),
        (StepNoise(0, 0), StepNoise(0, 2**32)),
        (StepNoise(0, 5), StepNoise(1, 5)),
        (StepNoise(0, 5), StepNoise(2**32, 5)),
        (StepNoise(2**64 - 1, 5), StepNoise(2**32 - 1, 5)),
        (StepNoise(0, 1), StepNoise(1, 0)),
        (StepNoise(0, 0, stream=0), StepNoise(0, 0, stream=1)),
    ],
    ids=["steps", "far steps", "seeds", "high seeds", "largest seed", "step and seed exchanged", "streams"],
)
def test_no_correlation_between_addresses(first: StepNoise, second: StepNoise) -> None:
    """Assert that other steps, seeds and streams give other and uncorrelated numbers, beyond 32 bits too."""
    check_independent(drawn(first), drawn(second))


def test_no_correlation_across_particles_and_coordinates() -> None:
    """Assert that neighbouring particles and every pair of coordinates are uncorrelated."""
    numbers = drawn(StepNoise(2, 3))
    check_independent(numbers[1:], numbers[:-1])
    for column in range(5):
        for other in range(column):
            check_independent(numbers[:, column], numbers[:, other])


@pytest.mark.parametrize(
    ("first", "second"),
    [(StepNoise(0, 0), StepNoise(0, 0)), (StepNoise(2**32 & MASK, 5), StepNoise(0, 5))],
    ids=["same step", "seed cut to 32 bits"],
)
def test_repeated_noise_is_rejected(first: StepNoise, second: StepNoise) -> None:
    """Assert that the check of independence sees noise used twice."""
    with pytest.raises(AssertionError, match="are correlated"):
        check_independent(drawn(first), drawn(second))


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_tiles_give_the_bits_of_the_whole(size: int) -> None:
    """Assert that tiles of any size, told where they begin, hold the numbers of the whole cloud to the bit."""
    positions, noise = torch.zeros(5000 if size > 1 else 50, 3, dtype=torch.float64), StepNoise(3, 4)
    tiles = [
        noise.normals(positions[first : first + size], first=first) for first in range(0, positions.shape[0], size)
    ]
    assert torch.equal(torch.cat(tiles), noise.normals(positions))


@pytest.mark.parametrize("shards", [1, 2, 3])
def test_shards_give_the_bits_of_the_whole(shards: int) -> None:
    """Assert that a cloud shared by one, two or three processes gets the numbers of the whole cloud to the bit."""
    positions, noise = torch.zeros(1000, 6, dtype=torch.float64), StepNoise(3, 4)
    parts, first = [], 0
    for part in positions.tensor_split(shards):
        parts.append(noise.normals(part, first=first))
        first += part.shape[0]
    assert torch.equal(torch.cat(parts), noise.normals(positions))


def test_shard_that_forgets_where_it_begins_repeats_the_first() -> None:
    """Assert that `first` matters: without it every shard would get the numbers of the first."""
    positions, noise = torch.zeros(10, 3, dtype=torch.float64), StepNoise(3, 4)
    assert torch.equal(noise.normals(positions[5:]), noise.normals(positions[:5]))
    assert not torch.equal(noise.normals(positions[5:], first=5), noise.normals(positions[:5]))


@pytest.mark.parametrize("dim", [1, 2, 3, 4, 9])
def test_more_coordinates_keep_the_first_ones(dim: int) -> None:
    """Assert that a particle's number in a coordinate does not depend on how many coordinates there are."""
    wide = drawn(StepNoise(3, 4), count=100, dim=12)
    assert torch.equal(drawn(StepNoise(3, 4), count=100, dim=dim), wide[:, :dim])


def test_shape_dtype_and_device_are_the_positions(device: torch.device) -> None:
    """Assert that float32 positions get the float64 numbers rounded, where the positions are."""
    positions = torch.zeros(100, 3, dtype=torch.float32, device=device)
    numbers = StepNoise(3, 4).normals(positions)
    assert (numbers.shape, numbers.dtype, numbers.device) == (positions.shape, torch.float32, positions.device)
    wide = drawn(StepNoise(3, 4), count=100, dim=3)
    torch.testing.assert_close(numbers.cpu(), wide.float(), rtol=1e-6, atol=1e-6)


def test_positions_do_not_matter() -> None:
    """Assert that only the shape of the positions matters, and that they are not written to."""
    positions = torch.linspace(-1.0, 1.0, 30, dtype=torch.float64).reshape(10, 3)
    copy = positions.clone()
    assert torch.equal(StepNoise(3, 4).normals(positions), drawn(StepNoise(3, 4), count=10, dim=3))
    assert torch.equal(positions, copy)


def test_tails_are_bounded() -> None:
    """Assert that a million numbers are finite and below 6.8, and that some are above 4."""
    numbers = drawn(StepNoise(8, 0), count=200_000).abs()
    assert bool(torch.isfinite(numbers).all())
    assert 4.0 < float(numbers.max()) < 6.8


@pytest.mark.parametrize("word", [0, 1, MASK])
def test_rarest_words_give_finite_numbers(word: int) -> None:
    """Assert that the words at both ends, met once in four thousand million, give finite numbers below 6.8."""
    radius = torch.stack(box_muller(torch.tensor([word]), torch.tensor([0]))).abs().max()
    assert 0.0 < float(radius) < 6.8


@pytest.mark.parametrize("split", [2, 3])
def test_split_noise_follows_the_path_of_the_finer_run(split: int) -> None:
    """Assert that a step's increment is the sum of the increments of the finer run inside it, and is N(0, 1)."""
    coarse = drawn(StepNoise(3, 4, split=split))
    fine = sum(drawn(StepNoise(3, split * 4 + part)) for part in range(split))
    torch.testing.assert_close(coarse, torch.as_tensor(fine) / math.sqrt(split), rtol=1e-14, atol=1e-14)
    check_normal(coarse)


@pytest.mark.parametrize("split", [0, -1, 1.5, True])
def test_impossible_split_is_refused(split: int, without_shape_checks: None) -> None:
    """Assert that increments split into anything but a positive number of parts are refused."""
    with pytest.raises(ValueError, match=f"increments that noise is split into is {split!r}, but a positive integer"):
        StepNoise(0, 0, split=split)


def test_uniform_numbers_are_uniform() -> None:
    """Assert that the uniform numbers of a step are in (0, 1) and uniform, and differ between steps and streams."""
    numbers = StepNoise(3, 4).uniforms(50_000)
    assert 0.0 < float(numbers.min()) and float(numbers.max()) < 1.0
    assert float(stats.kstest(numbers.numpy(), "uniform").pvalue) > KS
    for other in (StepNoise(3, 4).after, StepNoise(3, 4).on(1)):
        check_independent(numbers - 0.5, other.uniforms(50_000) - 0.5)


def test_after_and_on_change_one_part_of_the_address() -> None:
    """Assert that `after` is the next step and `on` another stream of the same."""
    assert StepNoise(3, 4, stream=1).after == StepNoise(3, 5, stream=1)
    assert StepNoise(3, 4, stream=1, split=2).on(5) == StepNoise(3, 4, stream=5, split=2)
    assert StepNoise(3, 4, first=6).after.on(2) == StepNoise(3, 5, stream=2, first=6)


@pytest.mark.parametrize("seed", [0, 7, 2**32, 2**64 - 1, np.int64(5)])
def test_seeds_of_64_bits_are_taken(seed: int, without_shape_checks: None) -> None:
    """Assert that integers from 0 to 2^64 - 1 are taken as they are, numpy's as plain ones."""
    assert checked_seed(seed) == seed
    assert type(checked_seed(seed)) is int


@pytest.mark.parametrize("seed", [-1, 2**64, 1.0, "1", None, True])
def test_seed_without_a_stream_of_its_own_is_refused(seed: int, without_shape_checks: None) -> None:
    """Assert that a seed that is negative, too large or no integer is refused by `evolve`, before anything moves."""
    with pytest.raises(
        ValueError, match=f"The seed is {seed!r}, but (an integer from 0 to 2.64 - 1|a non-negative integer) is needed"
    ):
        evolve(ShakenAttraction(), small_cloud(), EulerMaruyama(0.1), until=1.0, seed=seed)


def test_high_word_of_the_seed_reaches_the_run() -> None:
    """Assert that seeds that agree in their low 32 bits give different runs."""
    ends = [
        evolve(ShakenAttraction(), small_cloud(), EulerMaruyama(0.1), until=0.3, seed=seed) for seed in (1, 2**32 + 1)
    ]
    assert not torch.equal(ends[0].positions, ends[1].positions)


@pytest.mark.parametrize("versions", [(1, 1, 1), (2, 2, 2), (2, 1, 2)], ids=["earliest", "today", "both"])
def test_noise_of_members_is_that_of_their_seeds(versions: tuple[int, int, int]) -> None:
    """Assert that members side by side get, to the bit, what each gets alone, in every stream and split, from any
    number of the first particle, and by the version of each."""
    seeds, positions, firsts = (3, 2**63 + 5, 0), torch.zeros(12, 5, dtype=torch.float64), (0, 7, 2**32 - 4)
    for stream, split in ((0, 1), (2, 3)):
        together = replace(MemberNoise.of(seeds, 7, firsts, versions).on(stream), split=split)
        address = list(zip(seeds, firsts, versions, strict=True))
        alone = [StepNoise(seed, 7, stream, split, 0, v).normals(positions[:4], first) for seed, first, v in address]
        assert torch.equal(together.normals(positions), torch.cat(alone))
        after = [StepNoise(seed, 8, stream, split, first, v).normals(positions[:4]) for seed, first, v in address]
        assert torch.equal(together.after.normals(positions), torch.cat(after))


@pytest.mark.parametrize("version", [0, 3, "today"])
def test_unknown_version_is_refused(version: object, without_shape_checks: None) -> None:
    """Assert that a version of the noise which nobody knows is refused."""
    with pytest.raises(ValueError, match=f"version of the noise is {version!r}, but 1 or 2 is needed"):
        StepNoise(0, 0, version=version)  # type: ignore[arg-type]


@pytest.mark.parametrize(("count", "dim"), [(5, 3), (3000, 7)], ids=["plain torch", "compiled"])
def test_versions_are_one_stream(count: int, dim: int) -> None:
    """Assert that both versions give the same numbers up to rounding, whoever draws them."""
    old, new = (drawn(StepNoise(3, 4, 1, 2, 9, version), count, dim) for version in (1, 2))
    assert 0.0 < float((old - new).abs().max()) < 1e-14
