"""The curvature of single neurons against second derivatives by autograd."""

import torch
from torch.func import jacrev

from flows.integrators.function_space.gauss_newton import GaussNewton
from flows.integrators.function_space.single_neurons.neuron_curvature import neuron_curvature
from particles import NTK, Squared
from particles.shapes import AnyFloat
from tests.flows.problems.curved_risks import RATES, risk_of, spread
from tests.problems import network_cloud
from tests.tolerances import relative_error

#: One-sided differences are right to the square root of eps times the third derivative.
DIFFERENCES = 1e-6


def test_curvature_with_rates_is_that_of_scaled_coordinates() -> None:
    """Assert that rates (3, 1/5) of the groups multiply E_j by their roots from both sides before its positive part."""
    cloud, root = network_cloud(outputs=3), spread(RATES, 1.0).sqrt()
    plain = neuron_curvature(GaussNewton.of(risk_of(Squared(), NTK(), "both", 0.3), cloud).at)
    rated = neuron_curvature(GaussNewton.of(risk_of(Squared(), NTK(rates=RATES), "both", 0.3), cloud).at)
    at = GaussNewton.of(risk_of(Squared(), NTK(), "both", 0.3), cloud).at
    x, q = at.risk.data.inputs / 3.0**0.5, at.cotangents

    def feature(theta: AnyFloat) -> AnyFloat:
        return (q * torch.tanh(x @ theta[:3])[:, None] * theta[3:]).sum()

    gains = at.mobility * at.factors
    pairs = zip(gains, cloud.positions, strict=True)
    whole = torch.stack([gain * jacrev(jacrev(feature))(theta) for gain, theta in pairs])
    values, vectors = torch.linalg.eigh(root[:, None] * whole * root)
    expected = vectors @ torch.diag_embed(values.clamp_min(0.0)) @ vectors.mT
    assert float((rated - expected).norm()) <= DIFFERENCES * float(whole.norm()) * 3.0
    assert relative_error(rated, plain) > 0.1


def test_curvature_is_the_positive_part_of_the_hessian() -> None:
    """Assert that E_j = eta_j s_j sum_i q_i . grad^2 g_j(x_i) without negative eigenvalues, in trained coordinates."""
    for trained, columns in (("hidden", slice(0, 3)), ("output", slice(3, 6)), ("both", slice(0, 6))):
        risk, cloud = risk_of(Squared(), NTK(), trained, 0.3), network_cloud(outputs=3)
        at = GaussNewton.of(risk, cloud).at
        x, q = risk.data.inputs / 3.0**0.5, at.cotangents

        def feature(theta: AnyFloat, x: AnyFloat = x, q: AnyFloat = q) -> AnyFloat:
            return (q * torch.tanh(x @ theta[:3])[:, None] * theta[3:]).sum()

        gains = at.mobility * at.factors
        whole = torch.stack(
            [gain * jacrev(jacrev(feature))(theta) for gain, theta in zip(gains, cloud.positions, strict=True)]
        )
        values, vectors = torch.linalg.eigh(whole[:, columns, columns])
        expected = vectors @ torch.diag_embed(values.clamp_min(0.0)) @ vectors.mT
        found = neuron_curvature(at)
        assert float((found - expected).norm()) <= DIFFERENCES * float(whole.norm()), trained
    assert relative_error(found, whole) > 0.1  # the negative part is not small
