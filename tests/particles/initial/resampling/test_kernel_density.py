"""Kernel densities keep the contract of laws, and their draws have the moments and the law that formulas say."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from particles import Ensemble, KernelDensityLaw, Law, ParticleCloud, Ranks, ShapeError, SharedCloud, masses
from particles.initial.resampling.kernel_density import merged
from tests.draws import normals, unequal
from tests.particles.risk.contracts import law as contract
from tests.particles.risk.contracts.members import name_of
from tests.tolerances import KS, Z

CLOUD = ParticleCloud(normals(12, 4, seed=0) @ normals(4, 4, seed=1) + 2.0, unequal(12))
MANY = 20_000


def covariance(positions: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """C of weighted positions."""
    centred = positions - weights @ positions
    return centred.T @ (weights[:, None] * centred)


@pytest.mark.parametrize("law", contract.LAWS, ids=name_of)
@pytest.mark.parametrize("sampler", [KernelDensityLaw(CLOUD), KernelDensityLaw(CLOUD, 2.0, shrunk=True)], ids=name_of)
def test_law_keeps_the_contract(sampler: Law, law: contract.Law) -> None:
    """Assert that the sampler keeps this law of its family."""
    law(sampler)


@pytest.mark.parametrize(("bandwidth", "shrunk", "spread"), [(0.7, False, 1.49), (0.7, True, 1.0), (0.0, False, 1.0)])
def test_moments_are_the_declared_ones(bandwidth: float, shrunk: bool, spread: float) -> None:
    """Assert that draws have the cloud's mean, and its covariance times 1 + h^2, or once where they are shrunk."""
    draws = contract.sample(KernelDensityLaw(CLOUD, bandwidth, shrunk=shrunk), MANY).positions
    mean, exact = CLOUD.masses @ CLOUD.positions, spread * covariance(CLOUD.positions, CLOUD.masses)
    assert float(((draws.mean(dim=0) - mean) / (draws.std(dim=0) / MANY**0.5)).abs().max()) < Z
    products = (draws - mean)[:, :, None] * (draws - mean)[:, None, :]
    assert float(((products.mean(dim=0) - exact) / (products.std(dim=0) / MANY**0.5)).abs().max()) < Z


def test_draws_have_the_density_of_scipy() -> None:
    """Assert that projections of draws follow the mixture of Gaussians that scipy's kernel density is."""
    law = KernelDensityLaw(CLOUD, "silverman")
    # scipy divides the covariance by 1 - sum_j lambda_j^2, which the law does not.
    scale = law.width * math.sqrt(1.0 - float(CLOUD.masses.square().sum()))
    peer = stats.gaussian_kde(CLOUD.positions.T.numpy(), bw_method=scale, weights=CLOUD.masses.numpy())
    draws = contract.sample(law, 4000).positions.numpy()
    for direction in np.eye(4):
        centres = direction @ peer.dataset
        width = math.sqrt(direction @ peer.covariance @ direction)

        def distribution(x: np.ndarray, centres=centres, width=width) -> np.ndarray:
            return stats.norm.cdf((x[:, None] - centres) / width) @ peer.weights

        assert stats.kstest(draws @ direction, distribution).pvalue > KS
        assert stats.kstest(draws @ direction, lambda x, one=distribution, by=0.3 * width: one(x - by)).pvalue < KS


def test_rules_for_the_bandwidth_are_those_of_scipy() -> None:
    """Assert that both rules give scipy's factors, with the effective number of particles."""
    for rule in ("scott", "silverman"):
        peer = stats.gaussian_kde(CLOUD.positions.T.numpy(), bw_method=rule, weights=CLOUD.masses.numpy())
        assert KernelDensityLaw(CLOUD, rule).width == pytest.approx(peer.factor, rel=1e-12)


def test_noise_stays_in_the_span_of_the_cloud() -> None:
    """Assert that a cloud without an inverse covariance is no obstacle: draws stay where its particles are."""
    flat = ParticleCloud(torch.cat([CLOUD.positions[:3], torch.ones(3, 4, dtype=torch.float64)], dim=1))
    draws = contract.sample(KernelDensityLaw(flat, 1.0), 50).positions
    assert torch.equal(draws[:, 4:], torch.ones(50, 4, dtype=torch.float64))
    assert torch.linalg.matrix_rank(draws - draws.mean(dim=0), tol=1e-9) == 2
    drawn = contract.sample(KernelDensityLaw(flat, 0.0), 50).positions
    assert bool((drawn[:, None] == flat.positions).all(dim=2).any(dim=1).all())


def test_clouds_count_alike() -> None:
    """Assert that a small and a large cloud have half the mass each, and an ensemble its members."""
    small, large = ParticleCloud(CLOUD.positions[:2]), CLOUD
    both = merged([small, large])
    assert both.masses.tolist() == pytest.approx([0.25, 0.25, *(large.masses / 2.0).tolist()])
    assert torch.equal(both.positions, torch.cat([small.positions, large.positions]))
    assert merged(large) is large
    members = Ensemble.of([CLOUD, CLOUD.moved(CLOUD.positions + 1.0)])
    assert torch.equal(KernelDensityLaw.of(members, 0.1).cloud.positions, members.positions.reshape(-1, 4))


def test_what_is_no_kernel_density_is_refused() -> None:
    """Assert that wrong bandwidths, no clouds, other clouds and shared ones are turned down."""
    with pytest.raises(ValueError, match="The bandwidth is 'wide', but a number or one of 'scott', 'silverman' is"):
        KernelDensityLaw(CLOUD, "wide")
    with pytest.raises(ValueError, match=r"The bandwidth is -1\.0, but a finite non-negative number"):
        KernelDensityLaw(CLOUD, -1.0)
    with pytest.raises(ValueError, match="A law cannot be fitted to no clouds"):
        KernelDensityLaw.of([])
    with pytest.raises(ShapeError, match=r"The clouds have particles of \[3, 4\] coordinates"):
        KernelDensityLaw.of([CLOUD, ParticleCloud(CLOUD.positions[:, :3])])
    with pytest.raises(TypeError, match="fit a law to the whole cloud"):
        KernelDensityLaw(SharedCloud.of(ParticleCloud(normals(256, 5, seed=0)), Ranks()))
    assert contract.sample(KernelDensityLaw(CLOUD), 2).masses.tolist() == masses.uniform(2).tolist()
