"""What every risk keeps: its velocity is minus mobility times its slope, and it is a function of the cloud alone."""

from collections.abc import Callable

import torch
from torch import Tensor

from particles import ParticleCloud, Risk, as_neuron
from tests.draws import normals
from tests.particles.risk.contracts.romberg import derivative
from tests.tolerances import SLOPE, assert_identical


def slope_error(risk: Risk, cloud: ParticleCloud, *, seed: int = 91) -> float:
    """|dR(theta + t u)/dt + sum_jq v_jq u_jq / eta_jq| over |grad R|, for a random direction u of length one.

    The direction moves trained coordinates of particles that have a mass; if any other coordinate has a velocity, the
    error is one.
    """
    moves = torch.zeros_like(cloud.positions)
    moves[:, as_neuron(risk.neuron).trained_columns] = 1.0
    moves[cloud.masses == 0] = 0.0
    velocity = risk.velocity(cloud)
    if bool((velocity[moves == 0.0] != 0.0).any()):
        return 1.0
    u = moves * normals(cloud.count, cloud.dim, seed=seed).to(cloud.positions)
    u = u / u.norm()
    slope = derivative(lambda step: risk(cloud.moved(cloud.positions + step * u)))
    mobilities = risk.network.scaled(cloud.masses).mobilities
    gradient = -velocity / torch.where(mobilities > 0, mobilities, 1.0)
    return float((slope - (gradient * u).sum()).abs() / gradient.norm())


def velocity_is_minus_mobility_times_slope(risk: Risk, cloud: ParticleCloud) -> None:
    """v_j = -eta_j grad_{theta_j} R against extrapolated differences of R; frozen and massless ones stand still."""
    for seed in (91, 92, 93):
        error = slope_error(risk, cloud, seed=seed)
        assert error < SLOPE, f"The velocity is not minus mobility times the slope of the risk: {error:.2g}."


def splitting_a_particle_changes_nothing(risk: Risk, cloud: ParticleCloud) -> None:
    """Two particles of half the mass at one place are one particle, in what they say and in how they move."""
    split = ParticleCloud(
        torch.cat([cloud.positions, cloud.positions[:1]]),
        torch.cat([0.5 * cloud.masses[:1], cloud.masses[1:], 0.5 * cloud.masses[:1]]),
    )
    claim = "Splitting a particle changes"
    assert_identical(risk.predictions(split), risk.predictions(cloud), claim=f"{claim} the predictions.")
    whole = risk.velocity(cloud)
    expected = torch.cat([whole, whole[:1]])
    assert_identical(risk.velocity(split), expected, claim=f"{claim} the velocity.")


def particles_have_no_order(risk: Risk, cloud: ParticleCloud) -> None:
    """Permuted particles give the same risk and permuted velocities."""
    order = torch.randperm(cloud.count, generator=torch.Generator().manual_seed(94))
    permuted = ParticleCloud(cloud.positions[order], cloud.masses[order])
    assert_identical(risk(permuted), risk(cloud), claim="The risk depends on the order of particles.")
    expected = risk.velocity(cloud)[order]
    assert_identical(risk.velocity(permuted), expected, claim="The velocity depends on the order of particles.")


def nothing_is_written_or_remembered(risk: Risk, cloud: ParticleCloud) -> None:
    """Cloud and data are what they were, and asking twice, for another cloud in between, gives the same bits."""
    given = [cloud.positions, cloud.masses, risk.data.inputs, risk.data.targets, risk.data.weights]
    before = [tensor.clone() for tensor in given]
    first = _answers(risk, cloud)
    kept = [answer.clone() for answer in first]
    _answers(risk, cloud.moved(cloud.positions + 1.0))
    for answer, copy in zip(first, kept, strict=True):
        assert torch.equal(answer, copy), "An answer is written into later."
    for again, copy in zip(_answers(risk, cloud), kept, strict=True):
        assert torch.equal(again, copy), "The risk remembers what it was asked."
    for tensor, copy in zip(given, before, strict=True):
        assert torch.equal(tensor, copy), "The risk writes into what it was given."


def float32_is_kept(risk: Risk, cloud: ParticleCloud) -> None:
    """A float32 cloud is answered in float32 with its precision, whatever the dtype of the data."""
    narrow = cloud.to(dtype=torch.float32)
    for actual, expected in zip(_answers(risk, narrow), _answers(risk, cloud), strict=True):
        assert_identical(actual, expected.float(), operations=200, claim="float32 is not kept.")


Law = Callable[[Risk, ParticleCloud], None]
LAWS: list[Law] = [
    velocity_is_minus_mobility_times_slope,
    particles_have_no_order,
    nothing_is_written_or_remembered,
    float32_is_kept,
]


def _answers(risk: Risk, cloud: ParticleCloud) -> list[Tensor]:
    return [risk(cloud), risk.predictions(cloud), risk.residual(cloud), risk.potential(cloud), risk.velocity(cloud)]
