"""Deep networks of several clouds: every member is what its own tangent is, bit for bit."""

import torch

from particles import Tangent
from tests.draws import normals
from tests.particles.neurons.deep.networks import NETWORKS, Plain

MEMBERS, PARTICLES, DATA = 3, 2, 4


def test_members_are_their_own_tangents() -> None:
    """Assert that every answer of the members together is that of each member alone."""
    net = NETWORKS["biased"]
    plain = Plain(net)
    positions, phi = normals(MEMBERS, PARTICLES, net.dim, seed=1), plain.others(DATA, seed=2)
    factors, velocities = normals(MEMBERS, PARTICLES, seed=3), normals(MEMBERS, PARTICLES, net.dim, seed=4)
    cotangents, rates = normals(MEMBERS, DATA, net.outputs, seed=5), tuple(1.0 + n for n, _ in enumerate(net.groups))
    together = net.member_tangent(positions, phi)
    there = net.member_tangent(positions, phi[:2])
    assert isinstance(together, Tangent)
    for e in range(MEMBERS):
        alone = net.tangent(positions[e], phi)
        pairs = [
            (together.features(), alone.features()),
            (together.predict(factors), alone.predict(factors[e])),
            (together.pair(cotangents), alone.pair(cotangents[e])),
            (together.pull(factors, cotangents), alone.pull(factors[e], cotangents[e])),
            (together.push(factors, velocities), alone.push(factors[e], velocities[e])),
            (together.gram(factors, there, rates), alone.gram(factors[e], net.tangent(positions[e], phi[:2]), rates)),
            (together.to(torch.float32).features(), alone.to(torch.float32).features()),
        ]
        for all_members, own in pairs:
            assert torch.equal(all_members[e], own)
