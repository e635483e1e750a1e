"""Thin clouds: which particles are drawn how often, that sums stay unbiased, and equation (24) for their variance."""

from functools import cache

import pytest
import torch
from torch import Tensor

from particles import (
    Dataset,
    Identity,
    MassError,
    MeanField,
    ParticleCloud,
    Perceptron,
    Ranks,
    Risk,
    ShapeError,
    SharedCloud,
    Squared,
    Tanh,
    Thinned,
    importance,
    masses,
    thin,
)
from particles.initial.resampling.importance import contributions
from particles.initial.resampling.thinning import inclusion
from tests.draws import normals, unequal, untouched_generators
from tests.tolerances import PLANTED_Z, Z, assert_identical, z_score

COUNT, FEW, DRAWS = 12, 5, 900
NEURON = Perceptron(Tanh(), Identity(3), 2)
RISK = Risk(
    NEURON, MeanField(), Squared(), Dataset(normals(6, 3, seed=1) + 0.5, normals(6, 2, seed=2), weights=unequal(6))
)
CLOUD = ParticleCloud(normals(COUNT, NEURON.dim, seed=3), unequal(COUNT))
EQUAL = ParticleCloud(CLOUD.positions)
#: g_j(x_i) [particles, data, outputs], the same in both clouds.
FEATURES = NEURON.tangent(CLOUD.positions, NEURON.embed(RISK.data.inputs)).features()
#: By the masses, by probabilities that have nothing to do with them, and by importance.
LAWS: dict[str, Tensor | None] = {
    "masses": None,
    "others": unequal(COUNT).flip(0),
    "importance": importance(CLOUD, RISK),
}
ODD = unequal(COUNT).flip(0)


@cache
def drawn(law: str, replacement: bool, cloud: ParticleCloud = CLOUD) -> list[Thinned]:
    """Thin clouds of many seeds."""
    given = {"probabilities": LAWS[law], "replacement": replacement}
    return [thin(cloud, FEW, **given, seed=seed) for seed in range(DRAWS)]


def outputs(found: list[Thinned]) -> Tensor:
    """total f(thin cloud) [draws, data, outputs]."""
    return torch.stack([torch.tensordot(one.total * one.cloud.masses, FEATURES[one.chosen], 1) for one in found])


def errors(found: list[Thinned], f: Tensor) -> Tensor:
    """The mean square error over data of each [draws]."""
    return ((outputs(found) - f).square().sum(dim=2) * RISK.data.weights).sum(dim=1)


def variance_of_one(cloud: ParticleCloud, p: Tensor) -> float:
    """sum_j c_j^2 / P_j - E |f|^2."""
    f = RISK.predictions(cloud)
    return float(
        (contributions(cloud, RISK, centred=False).square() / p).sum() - f.square().sum(dim=1) @ RISK.data.weights
    )


@pytest.mark.parametrize("replacement", [True, False])
@pytest.mark.parametrize("law", LAWS)
def test_outputs_are_unbiased(law: str, replacement: bool) -> None:
    """Assert that the outputs of thin clouds times their totals have the mean f, and another f is told apart."""
    found = outputs(drawn(law, replacement))
    error = found.std(dim=0) / DRAWS**0.5
    scores = (found.mean(dim=0) - RISK.predictions(CLOUD)) / error
    assert float(scores.abs().max()) < Z
    assert float(((found.mean(dim=0) - RISK.predictions(EQUAL)) / error).abs().max()) > PLANTED_Z
    assert_identical(RISK.predictions(drawn(law, replacement)[0].cloud) * drawn(law, replacement)[0].total, found[0])


@pytest.mark.parametrize("law", LAWS)
def test_variance_of_independent_draws_is_that_of_equation_24(law: str) -> None:
    """Assert that the mean square error over data is (1/count)(sum_j c_j^2 / P_j - E |f|^2), and not half as large."""
    p = LAWS[law]
    exact = variance_of_one(CLOUD, CLOUD.masses if p is None else p) / FEW
    error = errors(drawn(law, True), RISK.predictions(CLOUD))
    assert abs(z_score(error, exact)) < Z
    assert abs(z_score(error, exact / 2.0)) > PLANTED_Z


def test_drawing_equal_masses_once_has_the_variance_of_finite_populations() -> None:
    """Assert that without replacement it is (m - count)/(m - 1) times that of independent draws, for equal masses."""
    found = drawn("masses", False, EQUAL)
    assert all(one.total == pytest.approx(1.0) and len(set(one.chosen.tolist())) == FEW for one in found)
    independent = variance_of_one(EQUAL, EQUAL.masses) / FEW
    error = errors(found, RISK.predictions(EQUAL))
    assert abs(z_score(error, independent * (COUNT - FEW) / (COUNT - 1))) < Z
    assert abs(z_score(error, independent)) > PLANTED_Z


def test_masses_are_those_of_importance_weights() -> None:
    """Assert that masses are lambda_J / (count P_J) over their sum, and positions those of the particles drawn."""
    found = thin(CLOUD, FEW, probabilities=7.0 * ODD, seed=0)
    share = CLOUD.masses[found.chosen] / (FEW * ODD[found.chosen])
    assert_identical(found.cloud.masses * found.total, share)
    assert torch.equal(found.cloud.positions, CLOUD.positions[found.chosen])
    by_mass = thin(CLOUD, FEW, seed=0)
    assert_identical(by_mass.cloud.masses, masses.uniform(FEW))
    assert by_mass.total == pytest.approx(1.0, abs=1e-12)


def test_particles_are_drawn_as_often_as_they_should_be() -> None:
    """Assert that frequencies are those of the probabilities, of inclusion where each is drawn once."""
    included = torch.from_numpy(inclusion(ODD.numpy(), FEW))
    for replacement, each in ((True, FEW * ODD), (False, included)):
        counts = torch.stack([torch.bincount(one.chosen, minlength=COUNT) for one in drawn("others", replacement)])
        error = counts.double().std(dim=0).clamp_min(1e-9) / DRAWS**0.5
        assert float(((counts.double().mean(dim=0) - each) / error).abs().max()) < Z


def test_heavy_particles_are_certain() -> None:
    """Assert that a particle whose share is more than one draw is drawn once, with its own mass, in every draw."""
    heavy = ParticleCloud(CLOUD.positions[:4], torch.tensor([0.7, 0.1, 0.1, 0.1], dtype=torch.float64))
    for seed in range(20):
        found = thin(heavy, 3, replacement=False, seed=seed)
        assert sorted(found.cloud.masses.tolist()) == pytest.approx([0.15, 0.15, 0.7])
        assert int((found.chosen == 0).sum()) == 1
    assert_identical(thin(heavy, 4, replacement=False, seed=0).cloud.masses, heavy.masses)


def test_a_draw_is_addressed_by_its_seed() -> None:
    """Assert that seeds decide, that longer draws begin with shorter ones, and that dtypes are kept."""
    long, short = thin(CLOUD, 40, seed=3).chosen, thin(CLOUD, 8, seed=3).chosen
    assert torch.equal(long[:8], short)
    assert not torch.equal(long, thin(CLOUD, 40, seed=4).chosen)
    with untouched_generators():
        narrow = thin(CLOUD.to(dtype=torch.float32), 8, seed=3)
    assert narrow.cloud.dtype == torch.float32
    assert torch.equal(narrow.chosen, short)


def test_particles_without_probability_are_never_drawn() -> None:
    """Assert that zeros at the ends and in the middle stay out."""
    p = torch.tensor([0.0, 1.0, 0.0, 0.0, 2.0, 0.0], dtype=torch.float64)
    cloud = ParticleCloud(CLOUD.positions[:6])
    assert set(thin(cloud, 200, probabilities=p, seed=0).chosen.tolist()) == {1, 4}
    assert set(thin(cloud, 2, probabilities=p, replacement=False, seed=0).chosen.tolist()) == {1, 4}


def test_what_cannot_be_drawn_is_refused() -> None:
    """Assert that wrong probabilities, too many particles and shared clouds are turned down."""
    with pytest.raises(ShapeError, match=r"Probabilities have shape \(3,\), but the cloud has 12 particles"):
        thin(CLOUD, 3, probabilities=torch.ones(3, dtype=torch.float64), seed=0)
    with pytest.raises(MassError, match="Masses come from finite non-negative values"):
        thin(CLOUD, 3, probabilities=-ODD, seed=0)
    with pytest.raises(ValueError, match="13 of 12 particles cannot be drawn without replacement"):
        thin(CLOUD, 13, replacement=False, seed=0)
    with pytest.raises(ValueError, match="The number of particles to draw is 0"):
        thin(CLOUD, 0, seed=0)
    massless = CLOUD.reweighted(torch.eye(COUNT, dtype=torch.float64)[0])
    with pytest.raises(MassError, match="The particles that were drawn have no mass"):
        thin(massless, 2, probabilities=torch.eye(COUNT, dtype=torch.float64)[1], seed=0)
    whole = ParticleCloud(normals(256, 3, seed=0))
    with pytest.raises(TypeError, match="thin the whole cloud, then share it"):
        thin(SharedCloud.of(whole, Ranks()), 3, seed=0)
