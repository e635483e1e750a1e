"""What everything that samples a cloud keeps: addressed by seed alone, nested in the count, blind to the masses."""

from collections.abc import Callable

import torch

from particles import Law as Sampler
from particles import ParticleCloud, masses
from tests.draws import unequal, untouched_generators

SEED, COUNT = 3, 16


def sample(law: Sampler, count: int = COUNT, seed: int = SEED) -> ParticleCloud:
    """A cloud of equal masses."""
    return law.sample(masses=masses.uniform(count), seed=seed)


def seed_says_everything(law: Sampler) -> None:
    """The same seed gives the same positions, another seed shares none of the hidden weights."""
    first, again, other = sample(law).positions, sample(law).positions, sample(law, seed=SEED + 1).positions
    assert torch.equal(first, again), "The same seed gives another cloud."
    assert not bool((first[:, 0] == other[:, 0]).any()), "Another seed gives the same particles."


def larger_draws_hold_the_smaller(law: Sampler) -> None:
    """Every particle of a small cloud is one of a large cloud of the same seed, in the same order."""
    small, large = sample(law, COUNT).positions, sample(law, 4 * COUNT).positions
    found = (large[None, :, :] == small[:, None, :]).all(dim=2)
    assert bool(found.any(dim=1).all()), "A larger draw does not hold the smaller one."
    places = found.int().argmax(dim=1)
    assert bool((places.diff() > 0).all()), "A larger draw holds the smaller one in another order."


def masses_do_not_choose_positions(law: Sampler) -> None:
    """The cloud carries the masses given, and its positions are those for equal masses."""
    lam = masses.paired(unequal(COUNT // 2))
    cloud = law.sample(masses=lam, seed=SEED)
    assert torch.equal(cloud.masses, lam), "The cloud does not carry the masses given."
    assert torch.equal(cloud.positions, sample(law).positions), "Positions depend on the masses."


def float32_is_float64_rounded(law: Sampler) -> None:
    """Masses in float32 give the same cloud in float32."""
    narrow = law.sample(masses=masses.uniform(COUNT).float(), seed=SEED)
    assert narrow.dtype == torch.float32, "float32 is not kept."
    assert torch.equal(narrow.positions, sample(law).positions.float()), "float32 gives another cloud."


def global_generators_are_left_alone(law: Sampler) -> None:
    """Sampling reads and writes no generator but its own."""
    with untouched_generators():
        sample(law)


Law = Callable[[Sampler], None]
LAWS: list[Law] = [
    seed_says_everything,
    larger_draws_hold_the_smaller,
    masses_do_not_choose_positions,
    float32_is_float64_rounded,
    global_generators_are_left_alone,
]
