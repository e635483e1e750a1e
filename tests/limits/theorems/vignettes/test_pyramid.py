"""The weak Polyak-Lojasiewicz inequality of pyramids, where it is an equality, and gradients that break it."""

import pytest
import torch

from limits.theorems import Verdict, pyramid_gradient
from limits.theorems.vignettes import pyramid as pyramid_module
from limits.theorems.vignettes.pyramid import Pyramid
from particles import (
    L2,
    NTK,
    Activation,
    Dataset,
    Deep,
    Dense,
    Identity,
    LeakyReLU,
    Linear,
    Logistic,
    ParticleCloud,
    Perceptron,
    Risk,
    Squared,
    Standard,
    Tanh,
)
from tests.draws import normals
from tests.limits.theorems.vignettes.pyramids import INPUTS, LEAKY, known, pyramid

WIDTHS = [((12,), 1, 1), ((12, 6, 4), 2, 1), ((3, 12, 6, 4), 2, 2), ((12, 12, 3), 3, 1), ((9, 2, 8, 1), 1, 3)]


@pytest.mark.parametrize(("widths", "outputs", "wide"), WIDTHS)
@pytest.mark.parametrize("activation", [LEAKY, LeakyReLU(-0.3), Linear()], ids=repr)
def test_gradient_is_as_large_as_the_residual(
    widths: tuple[int, ...], outputs: int, wide: int, activation: Activation
) -> None:
    """Assert that it holds for every depth, place of the wide layer and activation that is steep everywhere."""
    risk, cloud = pyramid(widths, outputs, activation, bias=activation is LEAKY)
    result = pyramid_gradient(risk, cloud, wide)
    assert result.verdict is Verdict.HOLDS and 0.0 < result.bound < result.measured


@pytest.mark.parametrize("parameterisation", ["ntk", "standard", "mean-field"])
def test_parameterisations_scalings_and_weights_are_in_the_constant(parameterisation: str) -> None:
    """Assert that it holds, and by the same factor, whatever multipliers are; of each network of a cloud."""
    margins = []
    for scaling in (Standard(), NTK()):
        risk, cloud = pyramid(scaling=scaling, networks=2, weighted=True, parameterisation=parameterisation)
        result = pyramid_gradient(risk, cloud)
        assert result.verdict is Verdict.HOLDS
        margins.append(result.measured / result.bound)
    assert margins[0] != margins[1]  # the two have other outputs and residuals


def worst(widths: tuple[int, ...], outputs: int) -> tuple[Risk, ParticleCloud]:
    """A linear pyramid on four data with the residual along the least singular directions, where nothing is lost."""
    risk, cloud = pyramid(widths, outputs, Linear())
    inputs = normals(4, INPUTS, seed=1)
    risk = risk.on(Dataset(inputs, torch.zeros(4, outputs, dtype=torch.float64)))
    at = Pyramid(risk).at(cloud)
    datum = torch.linalg.svd(at.features(1)[0])[0][:, 3:]
    output = torch.linalg.svd(at.weights(3)[0])[0][:, -1] if len(widths) > 1 else torch.eye(outputs)[0]
    return risk.on(Dataset(inputs, risk.predictions(cloud) - datum * output)), cloud


@pytest.mark.parametrize(("widths", "outputs"), [((5, 4), 1), ((5, 4), 3), ((5,), 2)])
def test_inequality_is_an_equality_for_the_worst_residual(widths: tuple[int, ...], outputs: int) -> None:
    """Assert that linear networks attain the bound, so that its constant is the best one."""
    result = pyramid_gradient(*worst(widths, outputs))
    assert result.verdict is Verdict.HOLDS and result.measured == pytest.approx(result.bound, rel=1e-9)


def test_planted_constant_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that singular values that are said to be larger by a hundredth violate the inequality there."""
    own = pyramid_module._least
    monkeypatch.setattr(pyramid_module, "_least", lambda matrices: 1.01 * own(matrices))
    assert pyramid_gradient(*worst((5, 4), 1)).verdict is Verdict.VIOLATED


@pytest.mark.parametrize(
    ("change", "failing"),
    [
        ("loss", "squared loss"),
        ("penalty", "no regulariser"),
        ("narrow", "as many units in layer 1 as data (7 and 8)"),
        ("growing", "widths that do not grow above it ([4, 5, 1])"),
        ("flat", "|sigma'| >= gamma > 0 above the wide layer"),
        ("frozen", "layer2 is trained"),
    ],
)
def test_what_is_no_pyramid_is_told(change: str, failing: str) -> None:
    """Assert that every assumption is looked at."""
    widths = {"narrow": (7, 4), "growing": (12, 4, 5)}.get(change, (12, 4))
    risk, cloud = pyramid(widths, activation=Tanh() if change == "flat" else LEAKY)
    if change == "loss":
        risk = Risk(risk.neuron, Standard(), Logistic(), Dataset(risk.data.inputs, risk.data.targets.sign()))
    if change == "penalty":
        risk = Risk(risk.neuron, Standard(), Squared(), risk.data, L2(0.1))
    if change == "frozen":
        neuron = Deep(INPUTS, [Dense(12), Dense(4), Dense(1)], LEAKY, trained=["layer1", "layer3"])
        risk = Risk(neuron, Standard(), Squared(), risk.data)
    result = pyramid_gradient(risk, cloud)
    assert result.verdict is Verdict.ASSUMPTION_FAILS and result.failing == (failing,)


def test_other_neurons_and_layers_are_refused() -> None:
    """Assert that a perceptron and the readout as the wide layer are named."""
    risk, cloud = known("one")[0], known("one")[1][0][1]
    with pytest.raises(ValueError, match="wide layer has number 3, but hidden layers have 1 to 2"):
        pyramid_gradient(risk, cloud, 3)
    shallow = Risk(Perceptron(Tanh(), Identity(INPUTS)), NTK(), Squared(), risk.data)
    with pytest.raises(TypeError, match="the neuron is a Perceptron; give a Deep"):
        pyramid_gradient(shallow, cloud)
