"""What a risk may not tell apart: split particles, massless ones, rotated inputs, shifted scales, mixed outputs."""

import pytest
import torch
from torch import Tensor

from particles import GELU, NTK, Activation, Dataset, Identity, ParticleCloud, Perceptron, Scaling, Squared
from tests.draws import normals
from tests.particles.risk.contracts import risk as contract
from tests.particles.risk.contracts.members import ACTIVATIONS, SCALINGS, Map, name_of
from tests.particles.risk.contracts.plain import cloud, dataset, example
from tests.tolerances import SLOPE, assert_identical, relative_error

SCALING_MEMBERS = [member for member, _, _ in SCALINGS]


@pytest.mark.parametrize("strength", [None, 0.3])
def test_splitting_changes_nothing_in_the_mean_field(strength: float | None) -> None:
    """Assert that predictions and velocity under MeanField are functions of the measure, regulariser included."""
    contract.splitting_a_particle_changes_nothing(*example(strength=strength))


def test_splitting_is_seen_in_ntk_scaling() -> None:
    """Assert that the law above can fail: square roots of masses are no measure."""
    with pytest.raises(AssertionError, match="Splitting a particle changes the predictions"):
        contract.splitting_a_particle_changes_nothing(*example(scaling=NTK()))


def test_massless_particle_is_absent() -> None:
    """Assert that a particle of mass zero stands still and that the others do not notice it, under every scaling."""
    for scaling in SCALING_MEMBERS:
        risk, at = example(scaling=scaling)
        more = ParticleCloud(
            torch.cat([at.positions, at.positions[:1]]), torch.cat([at.masses, at.masses.new_zeros(1)])
        )
        assert_identical(risk(more), risk(at))
        assert_identical(risk.velocity(more), torch.cat([risk.velocity(at), torch.zeros(1, at.dim).to(at.positions)]))


@pytest.mark.parametrize("scaling", SCALING_MEMBERS, ids=name_of)
def test_rotated_inputs_turn_the_hidden_weights(scaling: Scaling) -> None:
    """Assert that rotating inputs and hidden weights together changes no prediction and turns the velocity."""
    risk, at = example(scaling=scaling)
    turn, _ = torch.linalg.qr(normals(3, 3, seed=97))
    turned_data = Dataset(risk.data.inputs @ turn.T, risk.data.targets, risk.data.weights)

    def turned(positions: Tensor) -> Tensor:
        return torch.cat([positions[:, :3] @ turn.T, positions[:, 3:]], dim=1)

    there = at.moved(turned(at.positions))
    assert_identical(risk.on(turned_data).predictions(there), risk.predictions(at))
    assert_identical(risk.on(turned_data).velocity(there), turned(risk.velocity(at)))


@pytest.mark.parametrize(("activation", "sigma"), [pair for pair in ACTIVATIONS if pair[0].homogeneous], ids=name_of)
def test_homogeneous_neurons_can_shift_scale_between_weights(activation: Activation, sigma: Map) -> None:
    """Assert that (c w, a / c) says what (w, a) says for c > 0, and that c tells apart neurons that are not."""
    inputs = dataset(Squared(), 2).inputs
    at = cloud(inputs, 2)
    scaled = at.moved(at.positions * torch.tensor([3.0] * 3 + [1.0 / 3.0] * 2, dtype=torch.float64))
    for member, same in [(activation, True), (GELU(), False)]:
        risk, _ = example(neuron=Perceptron(member, Identity(3), 2))
        assert bool(relative_error(risk.predictions(scaled), risk.predictions(at)) < SLOPE) == same


def test_outputs_can_be_mixed_under_the_squared_loss() -> None:
    """Assert that an orthogonal mixing of outputs, of targets and output weights, turns predictions and velocity."""
    risk, at = example()
    turn, _ = torch.linalg.qr(normals(2, 2, seed=98))
    turned = at.moved(torch.cat([at.positions[:, :3], at.positions[:, 3:] @ turn.T], dim=1))
    data = Dataset(risk.data.inputs, risk.data.targets @ turn.T, risk.data.weights)
    velocity = risk.velocity(at)
    expected = torch.cat([velocity[:, :3], velocity[:, 3:] @ turn.T], dim=1)
    assert_identical(risk.on(data)(turned), risk(at))
    assert_identical(risk.on(data).velocity(turned), expected)


def test_doubled_datum_is_a_datum_of_twice_the_weight() -> None:
    """Assert that data weights count data: repeating one datum with half its weight changes nothing."""
    risk, at = example()
    data = risk.data
    rows = [0, *range(data.count)]
    weights = torch.cat([0.5 * data.weights[:1], 0.5 * data.weights[:1], data.weights[1:]])
    doubled = risk.on(Dataset(data.inputs[rows], data.targets[rows], weights))
    assert_identical(doubled(at), risk(at))
    assert_identical(doubled.velocity(at), risk.velocity(at))
