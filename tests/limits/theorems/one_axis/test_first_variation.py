"""The potential of the paper against its formula written out, and its slopes."""

import pytest
import torch

from limits.theorems.one_axis.first_variation import amplitude, first_variation, is_measure, variation_slopes
from particles import NTK, Lazy, MeanField
from particles.risk.scaling import Scaling
from tests.draws import normals
from tests.limits.theorems.one_axis.networks import risk_of, start
from tests.tolerances import assert_identical


@pytest.mark.parametrize(("scaling", "alpha"), [(MeanField(), 1.0), (Lazy(7.0), 7.0)])
def test_it_is_the_formula(scaling: Scaling, alpha: float) -> None:
    """Assert that g = alpha sum_i p_i r_i u tanh(w . x_i) + (lu u^2 + lt |w|^2) / 2 at any places."""
    risk, places = risk_of(scaling), normals(5, 4, seed=3)
    cloud, data = start(risk), risk.data
    features = places[:, 3:] * torch.tanh(places[:, :3] @ (data.inputs / 3**0.5).T)
    expected = alpha * features @ (data.weights * risk.residual(cloud)[:, 0])
    expected = expected + 0.1 * places[:, 3] ** 2 + 0.005 * places[:, :3].square().sum(dim=1)
    assert_identical(first_variation(risk, cloud, places), expected)
    assert amplitude(risk, cloud) == pytest.approx(alpha, rel=1e-12)


def test_it_is_the_derivative_of_the_risk_in_the_measure() -> None:
    """Assert that moving a little mass from the cloud to one place changes the risk by g there less its mean."""
    risk, place, small = risk_of(Lazy(2.0)), normals(1, 4, seed=4), 1e-5
    cloud = start(risk)
    both = torch.cat([cloud.positions, place])

    def value(part: float) -> float:
        masses = torch.cat([(1.0 - part) * cloud.masses, torch.tensor([part], dtype=torch.float64)])
        return float(risk(type(cloud)(both, masses)))

    expected = float(first_variation(risk, cloud, place) - cloud.masses @ first_variation(risk, cloud))
    assert (value(2 * small) - value(0.0)) / (2 * small) == pytest.approx(expected, rel=1e-3)


def test_slopes_are_those_of_autograd() -> None:
    """Assert that differences of the potential are its gradient, zero in coordinates that are frozen."""
    risk = risk_of(trained="hidden", strength=0.1)
    cloud = start(risk)
    slopes = variation_slopes(risk, cloud)
    places = cloud.positions.clone().requires_grad_()
    (exact,) = torch.autograd.grad(first_variation(risk, cloud, places).sum(), places)
    torch.testing.assert_close(slopes[:, :3], exact[:, :3], rtol=1e-9, atol=1e-11)
    assert bool((slopes[:, 3] == 0.0).all())


def test_only_measures_have_one() -> None:
    """Assert that factors sqrt(lambda) of unequal masses are no measure, and those of equal ones are."""
    risk = risk_of(NTK())
    assert not is_measure(risk, start(risk))[0].holds
    assert is_measure(risk, start(risk, equal=True))[0].holds
