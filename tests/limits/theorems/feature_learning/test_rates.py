"""The constants of all bounds."""

import pytest
import torch

from limits.theorems import Problem
from limits.theorems.feature_learning.rates import Rates
from particles import (
    NTK,
    Dataset,
    GaussianLaw,
    Identity,
    Lazy,
    MeanField,
    Perceptron,
    Power,
    Risk,
    Squared,
    Tanh,
    masses,
)
from tests.draws import normals
from tests.limits.theorems.feature_learning.wide import deeper, moving
from tests.limits.theorems.networks import DATA, PARTICLES, problem


def test_shares_and_spread_are_those_of_the_scaling() -> None:
    """Assert that C and S are 1 and 1 in the mean field, 1 and 1/m under NTK, 1 and 1/c^2 under Lazy."""
    for scaling, spread in ((MeanField(), 1.0), (NTK(), 1.0 / PARTICLES), (Lazy(3.0), 1.0 / 9.0)):
        rates = Rates.of(problem(Tanh(), scaling=scaling))
        assert (rates.share, rates.spread) == pytest.approx((1.0, spread)) and rates.even
    rates = Rates.of(problem(Tanh(), 0.2, 0.5, scaling=Power(0.8)))
    assert rates.even and rates.share == pytest.approx(1.0)


def test_scalings_without_common_shares_fail_an_assumption() -> None:
    """Assert that a scaling whose mobility is one while output factors are masses is turned down."""

    class Plain(NTK):
        def factor(self, masses: torch.Tensor) -> torch.Tensor:
            return masses**0.75

    of = problem(Tanh(), 0.2, 0.5)
    rates = Rates.of(Problem(Risk(of.neuron, Plain(), Squared(), of.risk.data), of.law, of.masses))
    assert not rates.even
    failing = [each.text for each in rates.assumptions(of, 1.0) if not each.holds]
    assert failing == ["eta_j s_j^2 is the same multiple of lambda_j for all particles"]


def test_eigenvalues_are_those_of_the_weighted_gram() -> None:
    """Assert that they are eig(phi phi^T) / n with equal weights, and zero for more data than inputs."""
    of = moving(Tanh())
    values = torch.linalg.eigvalsh(of.phi @ of.phi.T) / DATA
    rates = Rates.of(of)
    assert (rates.least, rates.largest, rates.rarest) == pytest.approx((float(values[0]), float(values[-1]), 1 / DATA))
    assert rates.drift(0.5, 0.25) == pytest.approx(
        3.0 / 2.0**0.5 * (float(values[-1] / values[0]) * DATA) ** 0.5 / (0.5 * 0.25)
    )
    neuron = Perceptron(Tanh(), Identity(3))
    data = Dataset(normals(DATA, 3, seed=4), normals(DATA, seed=5))
    flat = Problem(Risk(neuron, MeanField(), Squared(), data), GaussianLaw(neuron), masses.uniform(10))
    assert Rates.of(flat).least == 0.0 < Rates.of(deeper()).least
