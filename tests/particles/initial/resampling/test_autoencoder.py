"""Autoencoders keep the contract of laws, are trained to the same bits, and learn laws that they can learn."""

import pytest
import torch

from particles import AutoencoderLaw, Law, ParticleCloud, ShapeError
from tests.draws import normals, uniforms, untouched_generators
from tests.particles.risk.contracts import law as contract
from tests.particles.risk.contracts.members import name_of

SIZES = {"hidden": 8, "latent": 2, "steps": 5, "batch": 16, "seed": 0}
CLOUD = ParticleCloud(normals(12, 4, seed=0) @ normals(4, 4, seed=1) + 2.0)


SAMPLERS: list[Law] = [AutoencoderLaw.fitted(CLOUD, **SIZES, smooth=smooth) for smooth in (False, True)]


@pytest.mark.parametrize("law", contract.LAWS, ids=name_of)
@pytest.mark.parametrize("sampler", SAMPLERS, ids=["noisy", "smooth"])
def test_law_keeps_the_contract(sampler: Law, law: contract.Law) -> None:
    """Assert that the sampler keeps this law of its family."""
    law(sampler)


def test_training_is_addressed_by_the_seed() -> None:
    """Assert that the same seed gives the same bits, another seed others, and no global generator is touched."""
    with untouched_generators():
        first, again = (AutoencoderLaw.fitted(CLOUD, **SIZES) for _ in range(2))
    other = AutoencoderLaw.fitted(CLOUD, **{**SIZES, "seed": 1})
    for (one, two), (three, four), (five, _) in zip(first.decoder, again.decoder, other.decoder, strict=True):
        assert torch.equal(one, three)
        assert torch.equal(two, four)
        assert not torch.equal(one, five)
    assert first.noise == again.noise != other.noise


def test_draws_have_the_moments_of_what_was_learned() -> None:
    """Assert that mean and covariance of a Gaussian on a plane, and the noise off it, are found within a tenth."""
    plane = torch.nn.functional.normalize(normals(2, 6, seed=1), dim=0)
    cloud = ParticleCloud(normals(1000, 2, seed=0) @ plane + 0.3 * normals(1000, 6, seed=2) + 1.0)
    law = AutoencoderLaw.fitted(cloud, hidden=32, latent=2, steps=1200, batch=64, rate=3e-3, seed=0)
    draws = law.sample(masses=torch.full((4000,), 1 / 4000, dtype=torch.float64), seed=0).positions
    mean, deviation = cloud.positions.mean(dim=0), cloud.positions.std(dim=0)
    assert float(((draws.mean(dim=0) - mean) / deviation).abs().max()) < 0.1
    learned, exact = (torch.corrcoef(positions.T) for positions in (draws, cloud.positions))
    assert float((learned - exact).abs().max()) < 0.1
    assert float((draws.std(dim=0) / deviation - 1.0).abs().max()) < 0.1


def test_masses_say_what_is_learned() -> None:
    """Assert that of two groups of particles the one with the mass is learned, whatever their numbers."""
    groups = torch.cat([uniforms(90, 2, seed=0) - 5.0, uniforms(10, 2, seed=1) + 5.0])
    heavy = torch.cat([torch.full((90,), 1e-9), torch.full((10,), 0.1)]).double()
    law = AutoencoderLaw.fitted(ParticleCloud(groups, heavy / heavy.sum()), **SIZES)
    draws = law.sample(masses=torch.full((50,), 0.02, dtype=torch.float64), seed=0).positions
    assert bool((draws > 3.0).all())


def test_a_coordinate_that_does_not_vary_stays() -> None:
    """Assert that constant coordinates are drawn as they are, and smooth draws have no noise."""
    cloud = ParticleCloud(torch.cat([CLOUD.positions, torch.full((12, 1), 3.0, dtype=torch.float64)], dim=1))
    law = AutoencoderLaw.fitted(cloud, **SIZES)
    assert torch.equal(contract.sample(law).positions[:, 4], torch.full((16,), 3.0, dtype=torch.float64))
    smooth = AutoencoderLaw.fitted(cloud, **SIZES, smooth=True)
    left = contract.sample(law, 4000).positions - contract.sample(smooth, 4000).positions
    measured = (left[:, :4] / law.deviation[:4]).std()
    assert float(measured) == pytest.approx(law.noise, rel=0.05)


def test_sizes_that_are_none_are_refused() -> None:
    """Assert that numbers of units, steps and rates are checked."""
    for name in ("hidden", "latent", "steps", "batch", "rate"):
        with pytest.raises(ValueError, match="is 0, but a positive"):
            AutoencoderLaw.fitted(CLOUD, **{**SIZES, name: 0})
    law = AutoencoderLaw.fitted(CLOUD, **SIZES)
    with pytest.raises(ShapeError, match="The coordinates of a particle are mean 3, deviation 4, decoder 4"):
        AutoencoderLaw(law.mean[:3], law.deviation, law.decoder, law.noise)
