"""The law of deep networks: each layer's own deviation, one network by default, and a start at zero in pairs."""

import pytest
import torch

from particles import NTK, Deep, DeepLaw, Dense, GaussianLaw, Network, Sobol, SymmetricPairs, Tanh, masses
from tests.draws import normals
from tests.particles.neurons.deep.networks import NETWORKS
from tests.tolerances import Z, assert_identical, z_score

MANY = 400


@pytest.mark.parametrize("name", ["dense", "biased", "mixed", "overridden", "planes"])
def test_groups_have_their_deviations(name: str) -> None:
    """Assert that the second moment of each group is its deviation squared within five standard errors."""
    net = NETWORKS[name]
    positions = DeepLaw(net).sample(masses=masses.uniform(MANY), seed=1).positions
    for group in net.chain.groups:
        drawn, variance = positions[:, group.columns].flatten(), group.scales.deviation**2
        if variance == 0.0:
            assert bool((drawn == 0.0).all())
        else:
            assert abs(z_score(drawn.square(), variance)) < Z, group.name
            assert abs(z_score(drawn.square(), 1.5 * variance)) > Z or drawn.numel() < 1000, group.name


def test_one_network_is_drawn_where_no_masses_are_given() -> None:
    """Assert that the default is one particle of mass one, the first of a larger cloud of the same seed."""
    law = DeepLaw(NETWORKS["dense"])
    one, more = law.sample(seed=4), law.sample(masses=masses.uniform(3), seed=4)
    assert one.masses.tolist() == [1.0] and torch.equal(one.positions, more.positions[:1])
    assert not torch.equal(one.positions, DeepLaw(NETWORKS["dense"], Sobol()).sample(seed=4).positions)


@pytest.mark.parametrize("name", ["dense", "mixed", "circular", "planes"])
def test_symmetric_pairs_start_at_zero(name: str) -> None:
    """Assert that a pair of networks gives exactly zero, with the tangent kernel of its first one alone."""
    law = DeepLaw(NETWORKS[name])
    net, inputs = law.neuron, normals(7, int(torch.tensor(law.neuron.inputs).prod()), seed=1)
    pair, single = SymmetricPairs(law).sample(masses=masses.uniform(2), seed=0), law.sample(seed=0)
    assert bool((Network(net, NTK())(pair, inputs) == 0.0).all())
    assert torch.equal(pair.positions[:1], single.positions)
    both, alone = net.tangent(pair.positions, net.embed(inputs)), net.tangent(single.positions, net.embed(inputs))
    assert_identical(both.gram(torch.full((2,), 0.5).double(), both), alone.gram(torch.ones(1).double(), alone))


def test_gaussian_law_is_no_law_of_deep_networks() -> None:
    """Assert that one variance for all hidden weights is refused with the law to take."""
    with pytest.raises(TypeError, match=r"a deep network one for each layer; take DeepLaw\(neuron\)"):
        GaussianLaw(Deep(2, [Dense(3), Dense(1)], Tanh()))
