"""Pre-activations of chosen particles are those of these particles, in their order."""

import math

import pytest
import torch

from flows import Euler, GradientFlow, Trace, evolve
from particles import Preactivations
from tests.draws import normals
from tests.particles.risk.contracts.plain import example
from tests.tolerances import assert_identical


def test_preactivations_are_those_of_chosen_particles() -> None:
    """Assert that w . x / sqrt(d) of particles 5, 0 and 5 again is told in this order, at inputs of one's own."""
    risk, cloud = example()
    inputs = normals(2, 3, seed=3)
    expected = cloud.positions[[5, 0, 5], :3] @ inputs.T / math.sqrt(3.0)
    found = Preactivations(risk, inputs, (5, 0, 5))(cloud)
    assert_identical(found, expected[..., None])
    assert_identical(Preactivations(risk, inputs)(cloud)[[5, 0, 5]], found)
    assert Preactivations(risk, inputs, [1])(cloud.to(dtype=torch.float32)).dtype == torch.float32


def test_a_run_keeps_them_as_an_array() -> None:
    """Assert that a trace holds them time by time: the points of a scatter plot."""
    risk, cloud = example()
    trace = Trace(h=Preactivations(risk, risk.data.inputs[:2], (0, 1)))
    end = evolve(GradientFlow(risk), cloud, Euler(0.1), until=0.3, observers=[trace])
    assert trace["h"].shape == (4, 2, 2, 1)
    expected = end.positions[:2, :3] @ risk.data.inputs[:2].T / math.sqrt(3.0)
    assert_identical(torch.from_numpy(trace["h"][-1, ..., 0]), expected)


@pytest.mark.parametrize(
    ("particles", "said"),
    [
        ((), "was given no particles; name one or more"),
        ((-1,), "The number of a particle is -1, but a non-negative integer is needed"),
        ((7,), "asks for particle 7, but the cloud has 7, numbered from 0"),
    ],
)
def test_particles_that_are_not_there_are_refused(particles: tuple[int, ...], said: str) -> None:
    """Assert that none, a negative one and one too many are told."""
    risk, cloud = example()
    with pytest.raises(ValueError, match=said):
        Preactivations(risk, risk.data.inputs, particles)(cloud)
