"""Pruning and transfer, against numpy and against gradient descent written out."""

import math

import numpy as np
import torch

from particles import (
    NTK,
    Dataset,
    GaussianLaw,
    Identity,
    ParticleCloud,
    Perceptron,
    RademacherOutputs,
    ReLU,
    Risk,
    Squared,
)
from particles.initial.masses import uniform, zipf
from runs.studies.asymmetric_scaling.reuse import REMOVED, Pruned, Transfer, importance

NEURON = Perceptron(ReLU(), Identity(3), trained="hidden")


def data(count: int = 12) -> Dataset:
    """Rows with three inputs."""
    inputs = torch.linspace(-1.0, 2.0, 3 * count, dtype=torch.float64).reshape(count, 3).sin()
    return Dataset(inputs, inputs[:, :1] * inputs[:, 1:2] + 0.5)


def cloud(masses: torch.Tensor) -> ParticleCloud:
    """A Gaussian cloud with these masses."""
    return GaussianLaw(NEURON, outputs=RademacherOutputs()).sample(masses=masses, seed=4)


def transfer(counts: tuple[int, ...] = (2,), steps: int = 30, seed: int = 5) -> Transfer:
    """Transfer to the rows of `data`."""
    return Transfer(NEURON, data(), counts, 64, steps, seed, alive=lambda: None)


def test_importance_is_mass_times_squared_output_weights() -> None:
    """Assert that it is lambda_j sum_k a_jk^2 with two outputs."""
    neuron = Perceptron(ReLU(), Identity(1), outputs=2)
    positions = torch.tensor([[9.0, 1.0, 2.0], [9.0, -3.0, 0.0]], dtype=torch.float64)
    found = importance(ParticleCloud(positions, torch.tensor([0.25, 0.75], dtype=torch.float64)), neuron)
    assert found.tolist() == [1.25, 6.75]


def test_pruning_removes_the_lightest_particles_and_keeps_the_masses_of_the_others() -> None:
    """Assert that risks are numpy's of sums over the heaviest 40, 38, ..., 2 of shuffled particles."""
    shuffled = zipf(40, 0.7)[torch.from_numpy(np.random.default_rng(1).permutation(40))]
    before = cloud(shuffled)
    held = before.positions.clone()
    risks = Pruned(Risk(neuron=NEURON, scaling=NTK(), loss=Squared(), data=data()), NEURON)(before)
    x, y = data().inputs.numpy(), data().targets.numpy()[:, 0]
    parts = np.maximum(x @ held[:, :3].numpy().T / math.sqrt(3), 0.0) * (held[:, 3] * shuffled.sqrt()).numpy()
    order = np.argsort(-shuffled.numpy())
    expected = [0.5 * np.mean((parts[:, order[:kept]].sum(axis=1) - y) ** 2) for kept in range(40, 0, -2)]
    assert len(risks) == len(REMOVED) == 20
    assert np.allclose(risks, expected, rtol=1e-12, atol=0.0)
    assert torch.equal(before.positions, held)


def test_features_are_scaled_activations_of_the_heaviest_particles() -> None:
    """Assert that they are sqrt(lambda_j) relu(w_j . x / sqrt(3)) from the heaviest on, without the sign."""
    masses = zipf(6, 0.5).flip(0)
    found = transfer().features(cloud(masses), data().inputs, 2).numpy()
    weights = cloud(masses).positions[[5, 4], :3].numpy()
    expected = np.maximum(data().inputs.numpy() @ weights.T / math.sqrt(3), 0.0) * masses[[5, 4]].sqrt().numpy()
    assert np.allclose(found, expected, rtol=1e-14, atol=0.0) and found.max() > 0.0


def test_transfer_is_gradient_descent_on_one_half_and_the_risk_on_the_other() -> None:
    """Assert that the risk is that of 64 ReLU after 30 steps at rate 1 on the mean of squares, by autograd."""
    before = cloud(zipf(6, 0.5))
    features = transfer().features(before, data().inputs, 2).float() / math.sqrt(2)
    targets = data().targets.float()
    start = GaussianLaw(Perceptron(ReLU(), Identity(2), trained="both")).sample(masses=uniform(64), seed=5)
    positions = start.positions.float().clone()
    for _ in range(30):
        positions.requires_grad_(True)
        loss = (network(positions, features[:6]) - targets[:6, 0]).square().mean()
        (slope,) = torch.autograd.grad(loss, positions)
        positions = (positions - slope).detach()
    expected = 0.5 * (network(positions, features[6:]) - targets[6:, 0]).square().mean()
    assert transfer().step == 2.0
    learnt = transfer()(before)
    assert np.isclose(learnt.risks[0], float(expected), rtol=1e-4)
    assert np.isnan(learnt.accuracies).all()


def network(positions: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
    """sum_u a_u relu(w_u . features) / 8."""
    return torch.relu(features @ positions[:, :-1].T) @ positions[:, -1] / 8.0


def test_transfer_has_one_risk_per_count_and_gives_signs_of_life() -> None:
    """Assert that counts are taken one by one in their order, and that a long training is not silent."""
    signs: list[int] = []
    several = Transfer(NEURON, data(), (4, 1), 64, 60, 5, alive=lambda: signs.append(1))
    risks = several(cloud(uniform(6))).risks
    assert np.array_equal(risks, [transfer((count,), 60)(cloud(uniform(6))).risks[0] for count in (4, 1)])
    assert len(signs) >= 4


def test_divergent_transfer_is_not_a_number() -> None:
    """Assert that features too large for rate 1 give NaN, not the end of the study."""
    large = cloud(uniform(6))
    assert np.isnan(transfer(steps=60)(large.moved(large.positions * torch.tensor([1e4, 1e4, 1e4, 1.0]))).risks).all()
