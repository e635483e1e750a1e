"""Bounds of the smallest eigenvalue of deep networks, its order in the widths, and kernels that break them."""

import pytest
import torch

from limits import Slope
from limits.theorems import Verdict, WidthOrder, eigenvalue_bounds, proportional_eigenvalue
from limits.theorems.vignettes import smallest_eigenvalue
from particles import (
    NTK,
    Dataset,
    Deep,
    DeepLaw,
    Dense,
    Identity,
    Linear,
    ParticleCloud,
    Perceptron,
    ReLU,
    Risk,
    Squared,
    Standard,
    Tanh,
    tangent_gram,
)
from tests.draws import normals
from tests.limits.theorems.vignettes.pyramids import LEAKY, pyramid


@pytest.mark.parametrize("widths", [(40, 5), (5, 40), (6, 5, 30), (40, 40), (4, 4)])
@pytest.mark.parametrize("parameterisation", ["standard", "mean-field"])
def test_bounds_hold_wherever_the_wide_layer_is(widths: tuple[int, ...], parameterisation: str) -> None:
    """Assert that both bounds hold for clouds with biases, the lower one being above zero with a wide layer."""
    for bias, networks in ((False, 1), (True, 2)):
        risk, cloud = pyramid(widths, activation=LEAKY, bias=bias, networks=networks, parameterisation=parameterisation)
        below, above = eigenvalue_bounds(risk, cloud)
        assert above.verdict is Verdict.HOLDS and below.measured == above.measured
        assert below.verdict is (Verdict.HOLDS if max(widths) >= 8 else Verdict.VACUOUS)


def orthogonal(scale: float = 1.0) -> tuple[Risk, ParticleCloud]:
    """A linear layer below a readout, with orthogonal inputs and weights: K is a multiple of the identity."""
    neuron = Deep(3, [Dense(3), Dense(1)], Linear(), parameterisation="standard")
    x = torch.eye(3, dtype=torch.float64)
    positions = torch.cat([scale * torch.eye(3, dtype=torch.float64).flatten(), torch.ones(3).double()])
    cloud = ParticleCloud(positions[None], torch.ones(1).double())
    return Risk(neuron, Standard(), Squared(), Dataset(x, x[:, :1])), cloud


def test_lower_bound_is_attained() -> None:
    """Assert that for orthogonal features lmin(K) is scale^2 of the readout plus 3 of the first layer, as bounded."""
    below, above = eigenvalue_bounds(*orthogonal(2.0))
    assert below.bound == pytest.approx(7.0) and below.measured == pytest.approx(7.0)
    assert above.bound == pytest.approx(7.0) and below.verdict is above.verdict is Verdict.HOLDS


def test_other_kernels_violate_the_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a kernel of other weights, a hundredth smaller or larger at a datum, is found out."""
    risk, cloud = orthogonal()
    own = tangent_gram(risk, cloud)
    assert eigenvalue_bounds(risk, cloud, 0.99 * own)[0].verdict is Verdict.VIOLATED
    other = own.clone()
    other[0, 0] *= 0.9
    assert eigenvalue_bounds(risk, cloud, other)[0].verdict is Verdict.VIOLATED
    part = smallest_eigenvalue._squared
    monkeypatch.setattr(smallest_eigenvalue, "_squared", lambda features: 1.01 * part(features))
    assert eigenvalue_bounds(risk, cloud)[0].verdict is Verdict.VIOLATED


def test_upper_bound_is_the_diagonal() -> None:
    """Assert that a matrix that is no kernel, with an eigenvalue above an entry of its diagonal, cannot be given."""
    risk, cloud = pyramid((12, 4))
    result = eigenvalue_bounds(risk, cloud)[1]
    assert result.bound == pytest.approx(float(tangent_gram(risk, cloud).diagonal().min()), rel=1e-9)


def test_several_outputs_and_other_neurons_are_told() -> None:
    """Assert that the bounds are those of one output and of dense layers."""
    assert [each.failing for each in eigenvalue_bounds(*pyramid((12, 4), 2))] == [("one output",)] * 2
    risk, cloud = pyramid((12, 4))
    shallow = Risk(Perceptron(Tanh(), Identity(5)), NTK(), Squared(), risk.data)
    with pytest.raises(TypeError, match="the neuron is a Perceptron; give a Deep"):
        eigenvalue_bounds(shallow, cloud)


def test_order_is_that_of_the_widest_layer() -> None:
    """Assert that for He's initialisation parts are 2^(L-1) n_(k-1), and that narrow layers promise nothing."""
    neuron = Deep(10, [Dense(300), Dense(20), Dense(1)], ReLU(), parameterisation="standard", weight_variance=2.0)
    order = WidthOrder.of(neuron, 100)
    assert order.parts == pytest.approx((40.0, 1200.0, 80.0))
    assert order.below == pytest.approx(1200.0) and order.above == pytest.approx(1320.0)
    assert WidthOrder.of(neuron, 400).below == 0.0


@pytest.mark.parametrize("parameterisation", ["standard", "maximal-update"])
def test_order_is_the_mean_of_the_diagonal(parameterisation: str) -> None:
    """Assert that 2^(1-L) times the upper sum is the mean of K(x, x) for ReLU and |x|^2 = d, by 100 draws."""
    layers = [Dense(30, rate=2.0), Dense(20), Dense(1)]
    neuron = Deep(4, layers, ReLU(), parameterisation=parameterisation, weight_variance=1.5)
    x = normals(1, 4, seed=3)
    risk = Risk(neuron, Standard(), Squared(), Dataset(2.0 * x / x.norm(), x[:, :1]))
    drawn = torch.stack([tangent_gram(risk, DeepLaw(neuron).sample(seed=seed))[0, 0] for seed in range(100)])
    z = (float(drawn.mean()) - WidthOrder.of(neuron, 10).above / 4.0) / (float(drawn.std()) / 10.0)
    assert abs(z) < 5.0


def test_a_slope_that_is_not_one_is_told() -> None:
    """Assert that slopes near 1 hold, others are violated, and wide intervals are undecided."""
    slopes = Slope(1.02, 0.95, 1.1), Slope(0.6, 0.55, 0.65), Slope(0.85, 0.7, 1.0)
    found = [proportional_eigenvalue(slope, "in n_1").verdict for slope in slopes]
    assert found == [Verdict.HOLDS, Verdict.VIOLATED, Verdict.UNDECIDED]
