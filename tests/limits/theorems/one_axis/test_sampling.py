"""The variance of few particles, and the least of it."""

import pytest
import torch

from limits.theorems import Verdict
from limits.theorems.one_axis import sampling, sampling_variance, variance_bound
from limits.theorems.one_axis.sampling import sampled_features, variances
from particles import NTK, Lazy, MeanField, ParticleCloud
from particles.risk.scaling import Scaling
from tests.draws import normals
from tests.limits.theorems.one_axis.networks import risk_of, start
from tests.tolerances import Z, assert_identical


@pytest.mark.parametrize("scaling", [MeanField(), Lazy(5.0)], ids=repr)
def test_the_variance_is_that_of_one_particle_over_their_number(scaling: Scaling) -> None:
    """Assert that it holds for unequal masses, unequal weights of data, two outputs, and at other inputs."""
    risk = risk_of(scaling, outputs=2)
    for inputs in (None, normals(4, 3, seed=8)):
        result = sampling_variance(risk, start(risk), 15, range(400), inputs)
        assert result.verdict is Verdict.HOLDS and abs(result.score) < 3.0
    assert sampling_variance(risk_of(NTK()), start(risk_of()), 15).failing == ("output factors proportional to masses",)


def test_masses_that_are_forgotten_are_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that draws with equal probabilities, or without an amplitude, do not have this variance."""
    risk = risk_of(Lazy(5.0))
    positions, real = start(risk).positions, sampling.generator
    light = 1.0 / (0.01 + positions[:, 3].square())
    cloud = ParticleCloud(positions, light / light.sum())

    class Even:
        def __init__(self, seed: int) -> None:
            self.numbers = real(seed, "even")

        def multinomial(self, count: int, chances: object) -> object:
            return self.numbers.multinomial(count, [1.0 / cloud.count] * cloud.count)

    with monkeypatch.context() as planted:
        planted.setattr(sampling, "generator", lambda seed, stream: Even(seed))
        assert abs(sampling_variance(risk, cloud, 15, range(400)).score) > 2 * Z
    monkeypatch.setattr(sampling, "_squares", lambda features, weights: features.square().sum(dim=(1, 2)))
    assert sampling_variance(risk, cloud, 15, range(400)).verdict is Verdict.VIOLATED


def test_the_least_variance_is_that_of_equal_sizes() -> None:
    """Assert that a cloud has more than the least, and one with |u| |h| constant, the same signed measure, has it."""
    risk = risk_of()
    cloud = start(risk)
    result = variance_bound(risk, cloud)
    assert result.verdict is Verdict.HOLDS and result.margin > 0.1
    sizes = (sampled_features(risk, cloud)[..., 0].square() @ risk.data.weights).sqrt()
    weighed = cloud.masses * sizes
    even = ParticleCloud(
        torch.cat([cloud.positions[:, :3], cloud.positions[:, 3:] * (weighed.sum() / sizes)[:, None]], dim=1),
        weighed / weighed.sum(),
    )
    torch.testing.assert_close(risk.predictions(even), risk.predictions(cloud))
    found, least = variances(risk, even)
    assert_identical(found, least)
    assert_identical(least, variances(risk, cloud)[1])


def test_features_that_overlap_less_than_they_can_are_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a variance with half of the mean square is below its least."""
    risk = risk_of()
    real = sampling.variances
    monkeypatch.setattr(sampling, "variances", lambda *given: (0.5 * real(*given)[0], real(*given)[1]))
    assert variance_bound(risk, start(risk)).verdict is Verdict.VIOLATED
