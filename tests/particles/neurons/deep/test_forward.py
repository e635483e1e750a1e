"""The forward pass keeps what the backward pass needs: slopes from values where they suffice, else from h."""

import math

import pytest
import torch

from particles import GELU, Deep, Dense, ReLU, Tanh
from particles.neurons.deep.forward import ForwardPass, KnownSlope, SlopeAt, SlopeOfValue, activated
from tests.draws import normals
from tests.particles.neurons.deep.networks import NETWORKS, Plain
from tests.tolerances import assert_identical


def test_slopes_follow_from_values_unless_a_unit_is_saturated_everywhere() -> None:
    """Assert that h is kept for GELU, and for tanh only where one unit is saturated at all data."""
    h = normals(1, 5, 4, seed=1)
    for activation in (ReLU(), Tanh()):
        value, slope = activated(activation, h)
        assert isinstance(slope, SlopeOfValue) and torch.equal(value, activation.value(h))
        assert_identical(slope.values, activation.derivative(h))
    assert isinstance(activated(GELU(), h)[1], SlopeAt)
    some, every = h.clone(), h.clone()
    some[:, :4, 2], every[..., 2] = 30.0, 30.0
    assert isinstance(activated(Tanh(), some)[1], SlopeOfValue)
    _, slope = activated(Tanh(), every)
    assert isinstance(slope, SlopeAt)
    assert float(slope.values[0, 0, 2]) == pytest.approx(1.0 / math.cosh(30.0) ** 2, rel=1e-12)


def test_saturation_is_that_of_a_channel() -> None:
    """Assert that positions count like data: a channel is saturated where it is at all positions."""
    h = normals(1, 3, 2, 4, seed=1)
    h[:, :, 0, :3] = 30.0
    assert isinstance(activated(Tanh(), h)[1], SlopeOfValue)
    h[:, :, 0] = -30.0
    assert isinstance(activated(Tanh(), h)[1], SlopeAt)


@pytest.mark.parametrize("name", ["mixed", "planes"])
def test_part_is_the_pass_of_some_data(name: str) -> None:
    """Assert that a part of a pass is what those data give alone, and a rounded one the same rounded."""
    plain = Plain(NETWORKS[name])
    phi, stages = plain.net.embed(plain.inputs), plain.net.stages
    whole = ForwardPass.of(stages, plain.positions, phi)
    part, alone = whole.part(slice(1, 3)), ForwardPass.of(stages, plain.positions, phi[1:3])
    rounded = whole.to(torch.float32)
    assert_identical(part.outputs, alone.outputs)
    assert torch.equal(rounded.outputs, whole.outputs.float())
    for one, other in zip(part.seen, alone.seen, strict=True):
        assert_identical(one, other)
    for slope, its, narrow, all_data in zip(part.slopes, alone.slopes, rounded.slopes, whole.slopes, strict=True):
        assert (slope is None) == (its is None) == (narrow is None)
        if slope and its and narrow and all_data:
            assert_identical(slope.values, its.values)
            assert isinstance(narrow, KnownSlope) and torch.equal(narrow.values, all_data.values.float())
            assert torch.equal(narrow.part(slice(1, 3)).values, all_data.values[:, 1:3].float())


def test_particles_have_the_same_bits_beside_others() -> None:
    """Assert that the outputs of a particle among three are those of its copy at another place, bit for bit."""
    net = Deep(5, [Dense(7, bias=True), Dense(3)], Tanh(), "standard")
    positions, phi = normals(1, net.dim, seed=1), normals(11, 5, seed=2)
    others = normals(2, net.dim, seed=3)
    found = ForwardPass.of(net.stages, torch.cat([positions, others[:1], positions, others[1:]]), phi).outputs
    assert found.shape == (4, 11, 3)
    assert torch.equal(found[0], found[2])
