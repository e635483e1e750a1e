"""A run that implicit steps have left on a saddle is refused, and one that ends at rest, or under way, is not."""

import pytest
import torch

from flows import BDF, GradientFlow, evolve
from flows.integrators.function_space.gauss_newton import GaussNewton
from flows.integrators.function_space.saddle import check_rest
from particles import NTK, Dataset, Identity, Linear, ParticleCloud, Perceptron, Risk, Squared, ToleranceNotReached
from tests.problems import network_cloud, network_risk


def one_neuron() -> Risk:
    """f = a w x for one datum (1, 1): a saddle at a = w = 0, which is left at the rate one along a = w."""
    one = torch.ones(1, 1, dtype=torch.float64)
    return Risk(Perceptron(Linear(), Identity(1), trained="both"), NTK(), Squared(), Dataset(one, one))


def near_the_saddle() -> GaussNewton:
    """Where the velocity is 10^-6 along the direction that grows."""
    return GaussNewton.of(one_neuron(), ParticleCloud(torch.full((1, 2), 1e-6, dtype=torch.float64)))


def test_saddle_is_refused_with_its_rate() -> None:
    """Assert that a step of a hundred e-folds is refused with the rate, one, and the max_step that follows from it."""
    with pytest.raises(
        ToleranceNotReached, match=r"rests on a saddle that the flow leaves at a rate of 1 \(set max_step=0\.5\)"
    ):
        check_rest(near_the_saddle(), 100.0, step=3, time=2.0)


def test_short_steps_follow_the_growth_and_are_let_pass() -> None:
    """Assert that a step of half an e-fold is no rest."""
    check_rest(near_the_saddle(), 0.5, step=3, time=2.0)


def test_minimum_is_let_rest() -> None:
    """Assert that where training has ended no step is too long."""
    risk = network_risk(strength=0.3)
    end = evolve(GradientFlow(risk), network_cloud(), BDF(1e-6), until=1e4)
    check_rest(GaussNewton.of(risk, end), 1e6, step=3, time=2.0)


def test_nothing_to_move_is_let_rest() -> None:
    """Assert that a velocity of zero is no sign of anything."""
    check_rest(GaussNewton.of(one_neuron(), ParticleCloud(torch.zeros(1, 2).double())), 1e6, step=3, time=2.0)
