"""The balance of layers is what gradient flow conserves, so integrators change it by their error alone."""

import math
from dataclasses import replace

import pytest
import torch

from flows import RK4, DormandPrince, Euler, GradientFlow, Trace, evolve
from particles import (
    L2,
    NTK,
    Activation,
    BalanceChange,
    Dataset,
    Deep,
    DeepLaw,
    Dense,
    GaussianLaw,
    GaussianOutputs,
    Identity,
    Lazy,
    LeakyReLU,
    Linear,
    MeanField,
    ParticleCloud,
    Perceptron,
    ReLU,
    Risk,
    Scaling,
    ShapeError,
    Squared,
    Tanh,
    masses,
)
from tests.draws import normals
from tests.tolerances import ORDER, assert_identical

DATA = Dataset(normals(6, 3, seed=1), normals(6, seed=2))


def perceptrons(activation: Activation, scaling: Scaling) -> tuple[Risk, ParticleCloud]:
    """Perceptrons all of whose weights move, with unequal masses."""
    neuron = Perceptron(activation, Identity(3), trained="both")
    cloud = GaussianLaw(neuron, GaussianOutputs()).sample(masses=masses.zipf(5, 0.6), seed=0)
    return Risk(neuron, scaling, Squared(), DATA), cloud


def deep(parameterisation: str, activation: Activation = LeakyReLU(0.3), **more: float) -> tuple[Risk, ParticleCloud]:
    """A network of two hidden layers, biased where its parameterisation has biases."""
    layers = [Dense(5, bias=bool(more)), Dense(4, bias=bool(more)), Dense(1)]
    neuron = Deep(3, layers, activation, parameterisation=parameterisation, **more)
    return Risk(neuron, NTK(), Squared(), DATA), DeepLaw(neuron).sample(seed=3)


def changed(risk: Risk, start: ParticleCloud, integrator: object, until: float = 1.0) -> float:
    """The change along a gradient flow."""
    return float(BalanceChange(risk, start)(evolve(GradientFlow(risk), start, integrator, until=until)))  # type: ignore[arg-type]


SMOOTH = {
    "mean field": perceptrons(Linear(), MeanField()),
    "lazy": perceptrons(Linear(), Lazy(3.0)),
    "rates": perceptrons(Linear(), NTK(rates={"output": 0.25, "hidden": 2.0})),
    "ntk": deep("ntk", Linear()),
    "mean-field layers": deep("mean-field", Linear()),
    "bias": deep("standard", Linear(), bias_variance=0.5),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_gradient_flow_conserves_it_to_the_order_of_the_step(name: str) -> None:
    """Assert that Euler's change halves with its step, and one of fourth order is down by 2^4, to the claimed order."""
    risk, start = SMOOTH[name]
    risk_at_end = evolve(GradientFlow(risk), start, RK4(1 / 64), until=1.0)
    assert float(risk(risk_at_end)) < 0.9 * float(risk(start))
    for kind, steps, order in ((Euler, (1 / 512, 1 / 1024), 1), (RK4, (1 / 32, 1 / 64), 4)):
        coarse, fine = (changed(risk, start, kind(step)) for step in steps)
        assert coarse > 1e-13 and math.log2(coarse / fine) > order - ORDER, (kind, coarse, fine)


@pytest.mark.parametrize(
    ("risk", "start"),
    [perceptrons(ReLU(), MeanField()), deep("ntk"), deep("maximal-update", bias_variance=0.7)],
    ids=["perceptrons", "ntk", "maximal-update"],
)
def test_an_integrator_with_a_tolerance_conserves_it(risk: Risk, start: ParticleCloud) -> None:
    """Assert that the change is of the size of the tolerance, across kinks as well."""
    assert changed(risk, start, DormandPrince(rtol=1e-7), until=0.25) < 1e-6
    assert changed(risk, start, Euler(1 / 64), until=0.25) > 1e-4


def test_what_breaks_the_balance_is_seen() -> None:
    """Assert that a regulariser, another rate than the network's and a single moved weight show."""
    risk, start = perceptrons(Linear(), NTK())
    kept = changed(risk, start, RK4(1 / 64))
    assert kept < 1e-8
    decaying = replace(risk, regulariser=L2(0.3))
    end = evolve(GradientFlow(decaying), start, RK4(1 / 64), until=1.0)
    assert float(BalanceChange(decaying, start)(end)) > 1e-2
    uneven = replace(risk, scaling=NTK(rates={"output": 0.5}))
    end = evolve(GradientFlow(uneven), start, RK4(1 / 64), until=1.0)
    assert float(BalanceChange(uneven, start)(end)) < 1e-8
    assert float(BalanceChange(risk, start)(end)) > 1e-2


def test_balance_is_the_formula() -> None:
    """Assert that the largest change of |w|^2 / 2 - |a|^2 / 4 over particles is told, in the cloud's dtype."""
    risk, start = perceptrons(ReLU(), NTK(rates={"hidden": 2.0, "output": 4.0}))
    cloud = start.moved(start.positions + normals(5, 4, seed=9))

    def balance(one: ParticleCloud) -> torch.Tensor:
        squares = one.positions.square()
        return squares[:, :3].sum(dim=1) / 2.0 - squares[:, 3] / 4.0

    expected = (balance(cloud) - balance(start)).abs().max()
    assert_identical(BalanceChange(risk, start)(cloud), expected)
    assert BalanceChange(risk, start)(cloud.to(dtype=torch.float32)).dtype == torch.float32
    trace = Trace(change=BalanceChange(risk, start))
    trace(0, 0.0, start)
    assert trace["change"].tolist() == [0.0]


def test_bias_belongs_to_its_layer() -> None:
    """Assert that |W_1|^2 + |b_1|^2 - |W_2|^2 counts a bias with its layer, and not that of the readout."""
    neuron = Deep(3, [Dense(2, bias=True), Dense(1, bias=True)], ReLU(), parameterisation="standard")
    risk = Risk(neuron, NTK(), Squared(), DATA)
    start = DeepLaw(neuron).sample(seed=1)
    added = torch.zeros(1, neuron.dim, dtype=torch.float64)
    for name, change in (("layer1.bias", 9.0), ("layer2.bias", 0.0)):
        moved = added.clone()
        moved[:, neuron.groups[name].start] = 3.0
        flat = start.moved(torch.zeros_like(start.positions))
        assert float(BalanceChange(risk, flat)(flat.moved(moved))) == change


def test_networks_without_the_balance_are_refused() -> None:
    """Assert that other activations, frozen groups, one layer, other neurons and other clouds are told."""
    with pytest.raises(ValueError, match="homogeneous activations, and Tanh is none; take ReLU, LeakyReLU or Linear"):
        BalanceChange(*perceptrons(Tanh(), NTK()))
    frozen, cloud = perceptrons(ReLU(), NTK())
    with pytest.raises(ValueError, match="needs all weights trained, but these do not move: output"):
        BalanceChange(replace(frozen, neuron=replace(frozen.neuron, trained="hidden")), cloud)  # type: ignore[type-var]
    with pytest.raises(ValueError, match="needs all weights trained, but these do not move: output"):
        BalanceChange(replace(frozen, scaling=NTK(rates={"output": 0.0})), cloud)
    single = Deep(3, [Dense(1)])
    with pytest.raises(ValueError, match="but the network has one"):
        BalanceChange(Risk(single, NTK(), Squared(), DATA), DeepLaw(single).sample(seed=0))
    with pytest.raises(ShapeError, match=r"The start has shape \(5, 4\) but the cloud \(2, 4\)"):
        BalanceChange(frozen, cloud)(ParticleCloud(cloud.positions[:2]))
