"""Couplings: what is shared, what cancels, and that coarse clouds have the law of clouds of their width."""

import numpy as np
import pytest
import torch

from flows import RK4, GradientFlow, NTKFlow, evolve_all
from limits import Coupling, Halves, InMemory, Nested, Rotated
from limits.infinite_width.estimate import differences
from limits.infinite_width.measuring import Measuring
from particles import (
    NTK,
    Bump,
    Dataset,
    Ensemble,
    GaussianLaw,
    Identity,
    MeanField,
    Network,
    ParticleCloud,
    Perceptron,
    Risk,
    Scaling,
    Squared,
    SymmetricPairs,
    Tanh,
    masses,
)
from tests.limits.infinite_width.toys import mean_of, normal
from tests.long import long_after
from tests.problems import numbers
from tests.tolerances import Z, assert_identical

X, Y = 2.0 * numbers(1, 5, 2), numbers(2, 5, 1)
NEURON = Perceptron(Tanh(), Identity(2), trained="both")
LAW = GaussianLaw(NEURON)
NETWORK = Network(NEURON, NTK())


def equal(width: int, seed: int) -> ParticleCloud:
    """A cloud of equal masses."""
    return LAW.sample(masses=masses.uniform(width), seed=seed)


def unequal(width: int, seed: int) -> ParticleCloud:
    """A cloud of asymmetrical masses."""
    return LAW.sample(masses=masses.asymmetrical(width, 0.5, 0.7), seed=seed)


def test_a_cloud_is_the_mean_of_its_halves() -> None:
    """Assert that whatever is linear in the measure cancels, and that halves have masses one and their own noise."""
    sample = Halves().coupled(normal, 8, 3)
    (fine,), (first, second) = sample.fine, sample.coarse
    assert mean_of(fine.cloud) == pytest.approx((mean_of(first.cloud) + mean_of(second.cloud)) / 2.0, rel=1e-14)
    assert torch.equal(torch.cat([first.cloud.positions, second.cloud.positions]), fine.cloud.positions)
    assert_identical(first.cloud.masses, masses.uniform(4))
    assert [(one.seed, one.first) for one in (fine, first, second)] == [(3, 0), (3, 0), (3, 4)]


def test_halves_of_random_masses_are_normalised() -> None:
    """Assert that a half has the masses that normalised draws of its own number have."""

    def draw(width: int, seed: int) -> ParticleCloud:
        return LAW.sample(masses=masses.generalised_gamma(width, 0.5, 1.0, seed=seed), seed=seed)

    sample = Halves().coupled(draw, 8, 0)
    whole = sample.fine[0].cloud.masses
    assert_identical(sample.coarse[1].cloud.masses, whole[4:] / whole[4:].sum())


def test_pairs_stay_together() -> None:
    """Assert that a half of a cloud of symmetric pairs is one too, so that whole and halves start at zero."""

    def draw(width: int, seed: int) -> ParticleCloud:
        return SymmetricPairs(LAW).sample(masses=masses.uniform(width), seed=seed)

    sample = Halves().coupled(draw, 12, 0)
    for one in (*sample.fine, *sample.coarse):
        assert float(NETWORK(one.cloud, X).abs().max()) < 1e-14
    positions = sample.coarse[1].cloud.positions
    assert torch.equal(positions[:3, :2], positions[3:, :2])
    assert torch.equal(positions[:3, 2:], -positions[3:, 2:])
    whole = torch.cat([one.cloud.positions for one in sample.coarse])
    assert torch.equal(whole, sample.fine[0].cloud.positions)
    assert torch.equal(whole.sort(dim=0).values, draw(12, 0).positions.sort(dim=0).values)


@pytest.mark.parametrize("power", [1, 2, 3, 4])
def test_rotated_clouds_agree_up_to_degree_three(power: int) -> None:
    """Assert that means of f_0^k over fine and coarse clouds are one number for k up to three, and differ for four."""
    sample = Rotated(NEURON).coupled(equal, 8, 0)
    fine, coarse = (
        torch.stack([NETWORK(one.cloud, X)[:, 0] ** power for one in clouds]).mean(dim=0)
        for clouds in (sample.fine, sample.coarse)
    )
    if power < 4:
        assert float((fine - coarse).abs().max()) < 1e-14
    else:
        assert float((fine - coarse).abs().max()) > 1e-3
    assert [one.first for one in sample.coarse] == [0, 0, 4, 4]
    assert len({tuple(one.cloud.positions[:, 2].sign().tolist()) for one in sample.fine}) == 4


def test_lowest_rotated_clouds_have_either_sign() -> None:
    """Assert that the mean over the clouds of the lowest level has no f_0."""
    sample = Rotated(NEURON).lowest(equal, 8, 0)
    assert not sample.coarse
    outputs = [NETWORK(one.cloud, X) for one in sample.fine]
    assert_identical(outputs[0], -outputs[1])


def test_nested_clouds_share_heavy_particles_and_have_the_masses_of_their_width() -> None:
    """Assert that coarse clouds have the masses of clouds of m particles, and which particles of the fine one."""
    sample = Nested(0.5).coupled(unequal, 32, 0)
    whole = sample.fine[0].cloud.positions
    for one in sample.coarse:
        assert torch.equal(one.cloud.masses, masses.asymmetrical(16, 0.5, 0.7))
    assert torch.equal(sample.coarse[0].cloud.positions, whole[:16])
    assert torch.equal(sample.coarse[1].cloud.positions, torch.cat([whole[:4], whole[20:]]))
    assert len(Nested().coupled(unequal, 32, 0).coarse) == 1


def test_nested_clouds_with_a_neuron_rotate_light_particles() -> None:
    """Assert that heavy particles keep their signs, and that light ones take all."""
    sample = Nested(0.5, NEURON).coupled(unequal, 32, 0)
    assert (len(sample.fine), len(sample.coarse)) == (4, 4)
    signs = torch.stack([one.cloud.positions[:, 2] for one in sample.fine])
    assert bool((signs[:, :4] == signs[:1, :4]).all())
    assert bool((signs[:, 4:].sum(dim=0) == 0.0).all())
    assert len(Nested(1.0, NEURON).coupled(unequal, 32, 0).coarse) == 1
    assert len(Nested(0.5, NEURON).lowest(unequal, 16, 0).fine) == 2


def test_refusals() -> None:
    """Assert that clouds that cannot be coupled in a way are refused."""
    with pytest.raises(ValueError, match=r"begin with different particles, but nested ones are needed"):
        Nested().coupled(lambda width, seed: equal(width, seed + width), 8, 0)
    with pytest.raises(ValueError, match=r"exponent of shared particles is 1.5, but a number in \[0, 1\]"):
        Nested(1.5)
    for coupling in (Rotated, lambda neuron: Nested(0.5, neuron)):
        with pytest.raises(ValueError, match=r"Output weights are flipped here, but this neuron has none"):
            coupling(Bump(2, 1.0))


#: Scaling, coupling, masses with gamma, and the exponents of the variance of outputs and of the risk.
DECAYS = [
    (MeanField(), Halves(), 1.0, (-2.0, -2.0)),
    (NTK(), Rotated(NEURON), 1.0, (-2.0, -1.4)),
    (NTK(), Halves(), 1.0, (0.0, 0.0)),
    (MeanField(), Nested(0.7), 0.5, (-1.3, -1.3)),
    (NTK(), Nested(0.5, NEURON), 0.5, (-0.95, -0.75)),
]


@pytest.mark.parametrize(("scaling", "coupling", "gamma", "expected"), long_after(1, DECAYS))
def test_variances_fall_as_the_coupling_says(
    scaling: Scaling, coupling: Coupling, gamma: float, expected: tuple[float, float]
) -> None:
    """Assert that variances of differences of trained outputs and of the risk fall with the exponents expected."""
    measuring = trained(scaling, coupling, gamma)
    variances = [differences(*measuring.values(level, 100)).var(axis=0, ddof=1) for level in range(1, 6)]
    places = np.log(2.0) * (np.arange(5.0) - 2.0)
    slopes = places @ np.log(np.array(variances)) / (places @ places)
    error = np.sqrt(4.0 / 100.0 / (places @ places))  # Var log s^2 of samples of kurtosis five
    assert np.abs(slopes - expected).max() < Z * error


def trained(scaling: Scaling, coupling: Coupling, gamma: float) -> Measuring:
    """The output at one datum and the risk at time two, from sixteen particles on."""
    risk = Risk(NEURON, scaling, Squared(), Dataset(X, Y))
    flow = GradientFlow(risk) if isinstance(scaling, MeanField) else NTKFlow(risk)

    def draw(width: int, seed: int) -> ParticleCloud:
        return LAW.sample(masses=masses.asymmetrical(width, gamma, 0.7), seed=seed)

    def measured(clouds):  # type: ignore[no-untyped-def]
        ends = evolve_all(flow, Ensemble.of([one.cloud for one in clouds]), RK4(), until=2.0, step=0.2)
        return torch.stack([torch.stack([risk.predictions(end)[0, 0], risk(end)]) for end in ends])

    return Measuring(measured, draw, ("output", "risk"), 16, coupling, float, 0, InMemory())
