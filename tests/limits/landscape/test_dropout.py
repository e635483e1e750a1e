"""Dropout against direct sums over every subset, and against its exact mean."""

import math
from dataclasses import replace
from itertools import combinations

import pytest
import torch

from limits import dropout_risk, mean_dropout_risk
from particles import L2, NTK, Lazy, Logistic, MeanField, ParticleCloud, Ranks, Scaling, SharedCloud, Standard
from particles.risk.dataset import Dataset
from tests.draws import unequal
from tests.limits.landscape.clouds import DATA, INPUTS, cloud, risk
from tests.tolerances import Z, assert_identical

EVEN, UNEVEN = cloud(7, 0), cloud(7, 0, unequal(7))
PENALISED = replace(risk(), regulariser=L2(0.3))


def test_kept_particles_are_a_cloud_of_their_own() -> None:
    """Assert that under MeanField the risk is that of the cloud of the kept with masses of sum one, penalty too."""
    kept = [4, 0, 5]
    masses = UNEVEN.masses[kept] / UNEVEN.masses[kept].sum()
    alone = PENALISED(ParticleCloud(UNEVEN.positions[kept], masses))
    assert_identical(dropout_risk(UNEVEN, PENALISED, kept), alone)
    assert_identical(dropout_risk(EVEN, risk(), 3), risk()(ParticleCloud(EVEN.positions[:3])))
    assert_identical(dropout_risk(EVEN, PENALISED, 7), PENALISED(EVEN))


@pytest.mark.parametrize("scaling", [NTK(), Lazy(3.0), Standard()], ids=["ntk", "lazy", "standard"])
def test_factors_are_those_of_the_whole_network(scaling: Scaling) -> None:
    """Assert that f_A = (1/c) sum_A s_j g_j with the factors of all particles, by mass and by number."""
    of, kept = risk(scaling), [1, 2, 6]
    features = of.neuron.tangent(UNEVEN.positions, of.prepared(UNEVEN).phi).features()
    terms = scaling.factor(UNEVEN.masses)[:, None, None] * features
    for rescaled, share in (("mass", UNEVEN.masses[kept].sum()), ("number", torch.tensor(3.0 / 7.0).double())):
        f = terms[kept].sum(dim=0) / (share if rescaled == "mass" else 3.0 / 7.0)
        expected = 0.5 * (f - DATA.targets).square().sum(dim=1).mean()
        assert_identical(dropout_risk(UNEVEN, of, kept, rescaled), expected)


@pytest.mark.parametrize(
    ("at", "rescaled", "scaling"),
    [(EVEN, "mass", MeanField()), (UNEVEN, "number", MeanField()), (EVEN, "mass", NTK()), (UNEVEN, "number", NTK())],
    ids=["equal", "unequal by number", "ntk", "ntk by number"],
)
def test_mean_over_every_subset_is_exact(at: ParticleCloud, rescaled: str, scaling: Scaling) -> None:
    """Assert that the closed form is the mean over all subsets, with a penalty, for every number of them."""
    of = replace(risk(scaling), regulariser=L2(0.3))
    for kept in (1, 3, 6, 7):
        every = [float(dropout_risk(at, of, rows, rescaled)) for rows in combinations(range(7), kept)]
        found = mean_dropout_risk(at, of, kept, rescaled)
        assert found.error == 0.0 and found.value == pytest.approx(math.fsum(every) / len(every), rel=1e-12)


def test_other_means_are_sampled_with_their_error() -> None:
    """Assert that unequal masses and other losses are within their standard error of the mean over all subsets."""
    signs = Dataset(INPUTS, torch.where(DATA.targets > 0.0, 1.0, -1.0))
    for at, of in ((UNEVEN, risk()), (EVEN, replace(risk(), loss=Logistic(), data=signs))):
        every = [float(dropout_risk(at, of, rows)) for rows in combinations(range(7), 3)]
        found = mean_dropout_risk(at, of, 3, subsets=150, seed=1)
        assert 0.0 < found.error < 0.3 * found.value
        assert abs(found.value - math.fsum(every) / len(every)) < Z * found.error
        assert mean_dropout_risk(at, of, 3, subsets=150, seed=1) == found
        assert mean_dropout_risk(at, of, 3, subsets=150, seed=2) != found


def test_many_particles_are_taken_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that pieces of the cloud give the same mean."""
    at = cloud(50, 3)
    whole = mean_dropout_risk(at, risk(), 20)
    monkeypatch.setattr("limits.landscape.dropout.ENTRIES", 700)
    assert mean_dropout_risk(at, risk(), 20).value == pytest.approx(whole.value, rel=1e-13)


def test_wrong_subsets_are_refused() -> None:
    """Assert that too many, repeated, massless and unknown particles, and other rescalings, get a sentence each."""
    with pytest.raises(ValueError, match="8 particles are to be kept of 7; keep fewer"):
        dropout_risk(EVEN, risk(), 8)
    with pytest.raises(ValueError, match=r"particles kept are \[0, 0\], but different numbers below 7"):
        dropout_risk(EVEN, risk(), [0, 0])
    with pytest.raises(ValueError, match="rescaled by 'count', but 'mass' or 'number'"):
        dropout_risk(EVEN, risk(), 3, "count")
    massless = ParticleCloud(EVEN.positions, torch.tensor([0.0] * 3 + [0.25] * 4).double())
    with pytest.raises(ValueError, match="kept have no mass"):
        dropout_risk(massless, risk(), 3)
    with pytest.raises(TypeError, match="not of a SharedCloud"):
        dropout_risk(SharedCloud.of(cloud(256, 0), Ranks()), risk(), 3)
