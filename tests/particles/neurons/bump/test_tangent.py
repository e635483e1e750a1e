"""Bumps linearised: dense gradients, several clouds at once, and precision where bumps are narrow."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from particles import Bump, CompactProfile, GaussianProfile
from tests.problems import numbers
from tests.tolerances import assert_identical, relative_error

PROFILES = [GaussianProfile(), CompactProfile()]


@pytest.mark.parametrize("profile", PROFILES, ids=repr)
def test_dense_gradients_are_those_of_autograd(profile: GaussianProfile | CompactProfile) -> None:
    """Assert that `gradients` are the derivatives of the features in the centres."""
    bump, phi = Bump(3, 2.0, profile), numbers(2, 5, 3)
    centres = numbers(1, 4, 3)
    tangent = bump.tangent(centres, phi)

    def features(positions: Tensor) -> Tensor:
        return bump.tangent(positions, phi).features().sum(dim=0)[:, 0]

    expected: Tensor = torch.autograd.functional.jacobian(features, centres)  # type: ignore[no-untyped-call]
    assert_identical(tangent.gradients()[:, :, 0], expected.transpose(0, 1))


@pytest.mark.parametrize("data", [5, 131])
@pytest.mark.parametrize("profile", PROFILES, ids=repr)
def test_several_clouds_are_each_cloud_by_itself(profile: GaussianProfile | CompactProfile, data: int) -> None:
    """Assert that all products of several clouds together are those of each."""
    bump = Bump(2, 2.0, profile)
    positions, phi = numbers(1, 3, 7, 2), numbers(2, data, 2)
    factors, cotangents, velocities = numbers(3, 3, 7), numbers(4, 3, data, 1), numbers(5, 3, 7, 2)
    asked: list[tuple[Callable[..., Tensor], tuple[Tensor, ...]]] = [
        (lambda tangent: tangent.features(), ()),
        (lambda tangent, s: tangent.predict(s), (factors,)),
        (lambda tangent, c: tangent.pair(c), (cotangents,)),
        (lambda tangent, s, c: tangent.pull(s, c), (factors, cotangents)),
        (lambda tangent, s, v: tangent.push(s, v), (factors, velocities)),
        (lambda tangent, s: tangent.gram(s, tangent), (factors,)),
        (lambda tangent, s: tangent.gram(s, tangent, (0.3,)), (factors,)),
    ]
    for of, given in asked:
        together = of(bump.member_tangent(positions, phi), *given)
        singles = [of(bump.tangent(part, phi), *(each[e] for each in given)) for e, part in enumerate(positions)]
        assert_identical(together, torch.stack(singles))


def test_narrow_bumps_far_out_keep_their_digits() -> None:
    """Assert that float32 features of a width of a thousandth, at a distance of order one from zero, are right.

    By |x|^2 - 2 x . theta + |theta|^2 the squares would be off by their own size.
    """
    centres = (1.0 + numbers(1, 6, 2).mul(1e-3)).float()
    phi = centres[:, :] + 0.5e-3
    bump = Bump(2, 1e-3)
    narrow, wide = bump.tangent(centres, phi), bump.tangent(centres.double(), phi.double())
    assert relative_error(narrow.features().double(), wide.features()) < 1e-6
