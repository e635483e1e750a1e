"""The variance of particles drawn by any probabilities, that importance makes it least, and the least of a measure."""

import pytest
import torch

from limits.theorems import Verdict, drawn_variance, least_variance, variance_bound
from limits.theorems.one_axis import sampling
from limits.theorems.one_axis.sampling import variances
from particles import NTK, Lazy, MeanField, ParticleCloud, Thinned, importance, masses, thin
from particles.initial.resampling.importance import contributions
from particles.risk.scaling import Scaling
from tests.limits.theorems.one_axis.networks import risk_of, start
from tests.tolerances import Z, assert_identical


@pytest.mark.parametrize("scaling", [MeanField(), Lazy(5.0)], ids=repr)
def test_the_variance_is_that_of_one_draw_over_their_number(scaling: Scaling) -> None:
    """Assert that it holds for unequal masses and two outputs, drawn by masses, evenly and by importance."""
    risk = risk_of(scaling, outputs=2)
    cloud = start(risk)
    for p in (None, masses.uniform(cloud.count), importance(cloud, risk)):
        result = drawn_variance(risk, cloud, 6, p, range(400))
        assert result.verdict is Verdict.HOLDS and abs(result.score) < 3.0
    failing = drawn_variance(risk_of(NTK()), start(risk_of()), 6).failing
    assert failing == ("output factors proportional to masses",)


def test_the_exact_side_is_the_variance_of_one_particle() -> None:
    """Assert that by the masses it is int |alpha g - f|^2 d rho, summed up here by itself."""
    risk = risk_of(Lazy(5.0), outputs=2)
    cloud = start(risk)
    tangent = risk.network.neuron.tangent(cloud.positions, risk.network.neuron.embed(risk.data.inputs))
    features = 5.0 * tangent.features()
    away = features - torch.einsum("j,jic->ic", cloud.masses, features)
    one = cloud.masses @ torch.einsum("jic,i->j", away.square(), risk.data.weights)
    assert abs(drawn_variance(risk, cloud, 15, seeds=range(2)).bound / (float(one) / 15.0) - 1.0) < 1e-12


def test_masses_that_forget_the_probabilities_are_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that particles drawn by importance that count equally do not have this variance."""
    risk = risk_of()
    cloud = start(risk)

    def planted(cloud, count, *, probabilities, seed):
        found = thin(cloud, count, probabilities=probabilities, seed=seed)
        return Thinned(ParticleCloud(found.cloud.positions), found.chosen, 1.0)

    monkeypatch.setattr(sampling, "thin", planted)
    result = drawn_variance(risk, cloud, 200, importance(cloud, risk), range(100))
    assert result.verdict is Verdict.VIOLATED and abs(result.score) > 2.0 * Z


@pytest.mark.parametrize("centred", [False, True])
@pytest.mark.parametrize("scaling", [MeanField(), NTK()], ids=repr)
def test_importance_has_the_least_variance(scaling: Scaling, centred: bool) -> None:
    """Assert that no other law has less, itself has as much, and those nearby have a little more."""
    risk = risk_of(scaling, outputs=2)
    cloud = start(risk)
    best = importance(cloud, risk, centred=centred)
    nearby = [best * (1.0 + 1e-3 * torch.sin(torch.arange(cloud.count) + phase)) for phase in (0.0, 1.0, 2.0)]
    others = [cloud.masses, masses.uniform(cloud.count), *nearby]
    result = least_variance(risk, cloud, others, centred=centred)
    assert result.verdict is Verdict.HOLDS and 0.0 < result.margin < 1e-3
    assert least_variance(risk, cloud, [best], centred=centred).margin == pytest.approx(0.0, abs=1e-12)


def test_other_probabilities_are_no_optimum() -> None:
    """Assert that |u_j| alone, importance squared, and the deviation in place of the mean square are violations."""
    risk = risk_of()
    cloud = start(risk)
    best = importance(cloud, risk, centred=False)
    for wrong in (cloud.positions[:, 3].abs(), best.square(), importance(cloud, risk)):
        assert least_variance(risk, cloud, [best], wrong).verdict is Verdict.VIOLATED


def test_the_least_variance_is_that_of_equal_sizes() -> None:
    """Assert that a cloud has more than the least, and one with |u| |h| constant, the same signed measure, has it."""
    risk = risk_of()
    cloud = start(risk)
    result = variance_bound(risk, cloud)
    assert result.verdict is Verdict.HOLDS and result.margin > 0.1
    weighed = contributions(cloud, risk, centred=False)
    sizes = weighed / cloud.masses
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
