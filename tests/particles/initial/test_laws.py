"""Every law keeps the contract, its moments are the declared ones, and symmetric pairs start at zero."""

import math

import pytest
import torch
from torch import Tensor

import particles.initial.laws
from particles import (
    GaussianLaw,
    GaussianOutputs,
    Identity,
    Law,
    MassError,
    Network,
    Perceptron,
    RademacherOutputs,
    Random,
    Scaling,
    Sobol,
    SymmetricPairs,
    Tanh,
    masses,
)
from tests.draws import normals, unequal
from tests.particles.risk.contracts import law as contract
from tests.particles.risk.contracts.members import LAWS, SAMPLERS, SCALINGS, SMALL, WrittenBump, name_of
from tests.particles.risk.contracts.planted.laws import PLANTED_LAWS
from tests.tolerances import Z, z_score

MANY = 20_000
HIDDEN = SMALL.hidden


@pytest.mark.parametrize("law", contract.LAWS, ids=name_of)
@pytest.mark.parametrize("sampler", SAMPLERS, ids=name_of)
def test_law_keeps_the_contract(sampler: Law, law: contract.Law) -> None:
    """Assert that the sampler keeps this law of its family."""
    law(sampler)


@pytest.mark.parametrize(("sampler", "law", "claim"), PLANTED_LAWS, ids=name_of)
def test_contract_rejects_the_planted_law(sampler: Law, law: contract.Law, claim: str) -> None:
    """Assert that the contract that a planted law breaks says so."""
    with pytest.raises(AssertionError, match=claim):
        law(sampler)


def test_every_law_is_a_member() -> None:
    """Assert that no law of the module is left out of the contract."""
    defined = {kind for kind in vars(particles.initial.laws).values() if hasattr(kind, "sample")}
    assert {type(sampler) for sampler in SAMPLERS} == {*defined} - {Law}


@pytest.mark.parametrize(("law", "hidden", "output"), LAWS, ids=name_of)
def test_moments_are_the_declared_ones(law: GaussianLaw, hidden: float, output: float) -> None:
    """Assert that means, variances and the fourth moment of a Gaussian agree within five standard errors."""
    positions = contract.sample(law, MANY).positions
    w, a = positions[:, :HIDDEN], positions[:, HIDDEN:]
    scores = [z_score(w.flatten(), 0.0), z_score(a.flatten(), 0.0), z_score(w.square().flatten(), hidden)]
    scores.append(z_score(w.pow(4).flatten(), 3.0 * hidden**2))
    assert max(map(abs, scores)) < Z, scores
    assert law.outputs.variance == output
    if isinstance(law.outputs, RademacherOutputs):
        assert bool((a.abs() == 1.0).all())
    else:
        assert abs(z_score(a.square().flatten(), output)) < Z


@pytest.mark.parametrize(("law", "hidden", "output"), LAWS, ids=name_of)
def test_coordinates_are_uncorrelated(law: GaussianLaw, hidden: float, output: float) -> None:
    """Assert that no two coordinates of a particle, nor neighbouring particles, are correlated."""
    positions = contract.sample(law, MANY).positions
    scale = torch.tensor([math.sqrt(hidden)] * HIDDEN + [math.sqrt(output)] * SMALL.outputs, dtype=torch.float64)
    unit = positions / scale
    within = [z_score(unit[:, i] * unit[:, j], 0.0) for i in range(SMALL.dim) for j in range(i)]
    between = [z_score(unit[1:, i] * unit[:-1, i], 0.0) for i in range(SMALL.dim)]
    assert max(map(abs, [*within, *between])) < Z, (within, between)


@pytest.mark.parametrize("planted", [1.05, 0.95])
def test_five_percent_of_variance_is_seen(planted: float) -> None:
    """Assert that the count is large enough: a law whose variance is five per cent off gives |z| > 5."""
    law = GaussianLaw(SMALL, variance=planted)
    assert abs(z_score(contract.sample(law, MANY).positions[:, :HIDDEN].square().flatten(), 1.0)) > Z


@pytest.mark.parametrize("scaling", [member for member, _, _ in SCALINGS], ids=name_of)
def test_symmetric_pairs_give_a_network_that_is_zero(scaling: Scaling) -> None:
    """Assert that the output vanishes to the rounding of the terms that cancel, which the first half does not."""
    cloud = SymmetricPairs(LAWS[1][0]).sample(masses=masses.paired(unequal(50)), seed=5)
    network = Network(SMALL, scaling)
    inputs = normals(6, 3, seed=51)
    features = SMALL.tangent(cloud.positions, network.embed(cloud, inputs)).features()
    terms = scaling.factor(cloud.masses)[:, None, None] * features
    size = terms.abs().sum(dim=0)
    assert bool((network(cloud, inputs).abs() <= torch.finfo(torch.float64).eps * size).all())
    assert terms[:50].sum(dim=0).norm() > 1e-2 * size.norm()


def test_symmetric_pairs_repeat_hidden_and_flip_output_weights() -> None:
    """Assert that particle j + m/2 has the hidden weights of particle j and minus its output weights, exactly."""
    positions = contract.sample(SymmetricPairs(LAWS[0][0])).positions
    first, second = positions.chunk(2)
    assert torch.equal(first[:, :HIDDEN], second[:, :HIDDEN])
    assert torch.equal(first[:, HIDDEN:], -second[:, HIDDEN:])


@pytest.mark.parametrize("lam", [masses.uniform(5), unequal(6)], ids=["odd", "unequal-halves"])
def test_symmetric_pairs_refuse_masses_whose_halves_differ(lam: Tensor) -> None:
    """Assert that an odd number, or halves that differ, are refused with how to make them."""
    with pytest.raises(MassError, match=r"even number of masses whose second half repeats the first; .*masses.paired"):
        SymmetricPairs(LAWS[0][0]).sample(masses=lam, seed=0)


def test_symmetric_pairs_refuse_a_neuron_without_output_weights() -> None:
    """Assert that a neuron of hidden weights only is refused."""
    with pytest.raises(ValueError, match="flip output weights, but this neuron has none; use the law itself"):
        SymmetricPairs(GaussianLaw(WrittenBump())).sample(masses=masses.uniform(4), seed=0)


@pytest.mark.parametrize("variance", [-1.0, math.nan, math.inf])
def test_impossible_variances_are_refused(variance: float) -> None:
    """Assert that both places where a variance is given refuse what is none."""
    with pytest.raises(ValueError, match="The variance is .*, but a finite non-negative number is needed"):
        GaussianLaw(SMALL, variance=variance)
    with pytest.raises(ValueError, match="The variance is .*, but a finite non-negative number is needed"):
        GaussianOutputs(variance=variance)


def test_user_neuron_has_hidden_weights_only() -> None:
    """Assert that a user's neuron is sampled with all coordinates Gaussian."""
    positions = contract.sample(GaussianLaw(WrittenBump()), MANY).positions
    assert positions.shape == (MANY, 4)
    assert abs(z_score(positions.pow(4).flatten(), 3.0)) < Z


def errors(points: Random | Sobol, count: int) -> Tensor:
    """Error of the mean over a cloud of a smooth function of a particle whose expectation is known, 20 seeds."""
    law = GaussianLaw(Perceptron(Tanh(), Identity(3)), outputs=GaussianOutputs(), points=points)
    clouds = [contract.sample(law, count, seed).positions for seed in range(20)]
    means = [torch.exp(-0.5 * positions.square().sum(dim=1)).mean() for positions in clouds]
    return torch.stack(means) - 2.0**-2  # E exp(-|theta|^2 / 2) = 2^(-dim / 2), dim = 4


def test_sobol_integrates_far_better_than_random() -> None:
    """Assert that at 1024 particles a scrambled Sobol cloud is ten times nearer to an expectation, without bias."""
    random, sobol = errors(Random(), 1024), errors(Sobol(), 1024)
    assert abs(z_score(random, 0.0)) < Z
    assert abs(z_score(sobol, 0.0)) < Z
    assert sobol.square().mean().sqrt() < 0.1 * random.square().mean().sqrt()


def test_sobol_error_falls_nearly_like_one_over_count() -> None:
    """Assert that sixteen times the particles leave less than a tenth of the error; random ones leave 1/4."""
    coarse, fine = (errors(Sobol(), count).square().mean().sqrt() for count in (256, 4096))
    assert fine < 0.1 * coarse
