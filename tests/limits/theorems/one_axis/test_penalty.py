"""L2 on weights as an L1 norm over features, and the certificate of a trained cloud."""

import pytest
import torch

from flows import Euler, GradientFlow, evolve
from limits.theorems import Verdict
from limits.theorems.one_axis import balanced, balanced_penalty, output_penalty, sparse_optimum
from limits.theorems.one_axis import penalty as of_penalty
from particles import ParticleCloud, ReLU
from tests.draws import normals
from tests.limits.theorems.one_axis.networks import risk_of, start
from tests.tolerances import assert_identical

DIRECTIONS = normals(4000, 3, seed=5)


def test_balanced_weights_have_the_least_penalty() -> None:
    """Assert that no scaling of particles has less, that balanced ones have it, and that outputs stay as they are."""
    risk = risk_of(strength=0.3, activation=ReLU())
    cloud = start(risk)
    even = balanced(risk, cloud)
    assert_identical(risk.predictions(even), risk.predictions(cloud))
    first, least = balanced_penalty(risk, cloud), balanced_penalty(risk, even)
    assert first.verdict is least.verdict is Verdict.HOLDS
    assert first.margin > 0.1 and least.margin == pytest.approx(0.0, abs=1e-12)
    assert first.bound == pytest.approx(least.bound, rel=1e-12)
    for seed in range(5):
        factors = normals(cloud.count, 1, seed=seed).exp()
        scaled = torch.cat([even.positions[:, :3] * factors, even.positions[:, 3:] / factors], dim=1)
        assert float(risk(ParticleCloud(scaled, cloud.masses))) >= float(risk(even))


def test_a_norm_that_is_too_large_is_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that twice the L1 norm is no lower bound, and that other activations are told."""
    risk = risk_of(strength=0.3, activation=ReLU())
    real = of_penalty._l1
    monkeypatch.setattr(of_penalty, "_l1", lambda risk, cloud: 2.0 * real(risk, cloud))
    assert balanced_penalty(risk, balanced(risk, start(risk))).verdict is Verdict.VIOLATED
    assert balanced_penalty(risk_of(), start(risk)).failing == (
        "a homogeneous activation, both layers trained",
        "L2 of one strength on both",
    )


def test_outputs_of_one_size_have_the_least() -> None:
    """Assert that the margin is the squared coefficient of variation of |u|, zero where that is the same for all."""
    cloud = start(risk_of(), equal=True)
    sizes = cloud.positions[:, 3].abs()
    variation = float(sizes.var(correction=0) / sizes.mean() ** 2)
    result = output_penalty(cloud)
    assert result.verdict is Verdict.HOLDS and result.margin == pytest.approx(variation, rel=1e-9)
    signs = torch.cat([cloud.positions[:, :3], cloud.positions[:, 3:].sign()], dim=1)
    assert output_penalty(ParticleCloud(signs)).margin == pytest.approx(0.0, abs=1e-12)


def test_training_ends_at_the_least_l1_norm() -> None:
    """Assert that a trained cloud is certified, and that neither its start nor one trained with less L2 is."""
    risk = risk_of(strength=0.05, activation=ReLU())
    end = evolve(GradientFlow(risk), start(risk, 25), Euler(step=0.4), until=400.0)
    result = sparse_optimum(risk, end, DIRECTIONS)
    assert result.verdict is Verdict.HOLDS and result.measured > -1e-4
    assert sparse_optimum(risk, end, DIRECTIONS[:2000]).measured == pytest.approx(result.measured, abs=1e-3)
    assert sparse_optimum(risk, start(risk, 25), DIRECTIONS).verdict is Verdict.VIOLATED
    more = risk_of(strength=0.1, activation=ReLU())
    assert sparse_optimum(more, end, DIRECTIONS).verdict is Verdict.VIOLATED
