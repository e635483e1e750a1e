"""What an implicit step divides particles by, against matrices written out."""

import pytest
import torch

from flows.integrators.function_space.damping import Damping
from flows.integrators.function_space.gauss_newton import GaussNewton
from flows.integrators.function_space.single_neurons.neuron_curvature import neuron_curvature
from particles import NTK, MeanField, Scaling, Squared
from tests.flows.problems.curved_risks import RATES, STRENGTHS, risk_of, spread
from tests.problems import network_cloud, numbers
from tests.tolerances import assert_identical

SIZE = 0.7


@pytest.mark.parametrize("strength", [0.4, STRENGTHS], ids=["one", "groups"])
@pytest.mark.parametrize("scaling", [MeanField(), NTK(rates=RATES)], ids=repr)
def test_regulariser_divides_every_coordinate(scaling: Scaling, strength: float | dict[str, float]) -> None:
    """Assert that D is 1 + h eta_j lambda_j rate(q) strength(q) in every coordinate that is trained."""
    cloud, vector = network_cloud(outputs=3), numbers(8, 6, 6)
    stiff = GaussNewton.of(risk_of(Squared(), scaling, "both", strength), cloud)
    rates = spread(getattr(scaling, "rates", None) or {}, 1.0)
    decay = (scaling.mobility(cloud.masses) * cloud.masses)[:, None] * rates * spread(strength, 0.0)
    assert_identical(Damping(stiff, SIZE).divided(vector), vector / (1.0 + SIZE * decay))


def test_nothing_divides_where_nothing_decays() -> None:
    """Assert that without regulariser and curvature D is one and the vector stays the same object."""
    vector = numbers(8, 6, 6)
    stiff = GaussNewton.of(risk_of(Squared(), NTK(), "both", 0.0), network_cloud(outputs=3))
    assert Damping(stiff, SIZE).divided(vector) is vector


def test_curvature_of_neurons_stands_in_blocks() -> None:
    """Assert that with a curvature E_j D_j = 1 + h (Delta_j + E_j), in coordinates over the roots of their rates."""
    stiff = GaussNewton.of(risk_of(Squared(), NTK(rates=RATES), "both", 0.4), network_cloud(outputs=3))
    curvature, vector = neuron_curvature(stiff.at), numbers(8, 6, 6)
    roots = spread(RATES, 1.0).sqrt()
    blocks = torch.diag_embed((1.0 + SIZE * stiff.at.decays).expand(6, 6)) + SIZE * curvature
    expected = roots * torch.linalg.solve(blocks, vector / roots)
    assert_identical(Damping(stiff, SIZE, curvature).divided(vector), expected, operations=1e5)
