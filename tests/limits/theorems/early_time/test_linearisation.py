"""The gap of a network to its linear model along runs, and runs and models to which the bound does not belong."""

from collections.abc import Callable
from functools import cache

import pytest
import torch

from flows import Euler, Every, GradientFlow, evolve
from limits import EarlyTimeModel, early_time_model, tangent_kernel
from limits.theorems import Verdict, model_gap
from limits.theorems.early_time.linearisation import path_kernel
from particles import (
    NTK,
    Dataset,
    GaussianLaw,
    Identity,
    Logistic,
    MeanField,
    ParticleCloud,
    Perceptron,
    ReLU,
    Risk,
    Scaling,
    Squared,
    SymmetricPairs,
    Tanh,
    masses,
    tangent_gram,
)
from tests.draws import normals, unequal

DATA, INPUTS, STEP, STEPS = 12, 8, 0.5, 12
Frames = list[tuple[float, ParticleCloud]]


@cache
def run(scaling: Scaling, trained: str, outputs: int = 1, weighted: bool = False) -> tuple[Risk, Frames]:
    """Twelve steps of gradient descent of a network of sixty tanh neurons, every cloud kept."""
    neuron = Perceptron(Tanh(), Identity(INPUTS), outputs, trained)
    targets = torch.sin(normals(DATA, outputs, seed=2))
    data = Dataset(normals(DATA, INPUTS, seed=1), targets, unequal(DATA) if weighted else None)
    risk, frames = Risk(neuron, scaling, Squared(), data), Frames()
    cloud = SymmetricPairs(GaussianLaw(neuron)).sample(masses=masses.uniform(60), seed=0)
    kept = Every(steps=1, observer=lambda index, time, cloud: frames.append((time, cloud)))
    evolve(GradientFlow(risk), cloud, Euler(step=STEP), until=STEPS * STEP, observers=[kept])
    return risk, frames


def surrogate(risk: Risk) -> EarlyTimeModel:
    """The model of early training, as a kernel."""
    assert isinstance(risk.neuron, Perceptron)
    return early_time_model(risk.neuron, GaussianLaw(risk.neuron))


@pytest.mark.parametrize(
    ("scaling", "trained", "outputs", "weighted"),
    [(NTK(), "hidden", 1, False), (NTK(), "both", 2, True), (MeanField(), "output", 1, True)],
    ids=["hidden", "both", "mean field"],
)
def test_runs_stay_within_the_bound(scaling: Scaling, trained: str, outputs: int, weighted: bool) -> None:
    """Assert that gaps to surrogate and limit kernel are below it, for any scaling, weights and outputs."""
    risk, frames = run(scaling, trained, outputs, weighted)
    assert isinstance(risk.neuron, Perceptron)
    for model in (surrogate(risk), tangent_kernel(risk.neuron, GaussianLaw(risk.neuron))):
        result = model_gap(risk, frames, model)
        assert result.verdict is Verdict.HOLDS and 0.0 < result.measured < result.bound


def test_bound_is_no_weaker_than_the_papers() -> None:
    """Assert that with equal weights it is at most sqrt(n) (exp(eta eps t / n) - 1), |y_i| <= 1."""
    risk, frames = run(NTK(), "both")
    model = surrogate(risk)
    gram = model(risk.data.inputs)
    (_, one), (_, other) = frames[:2]
    error = torch.linalg.matrix_norm(path_kernel(risk, one, other) - gram, 2)
    paper = float(torch.expm1(error * STEP / DATA)) * DATA**0.5
    assert 0.3 * paper < model_gap(risk, frames[:2], model).bound * DATA**0.5 <= paper


def test_path_kernel_carries_the_step() -> None:
    """Assert that u_(s+1) - u_s = -eta K_s P r_s, which the kernel at the start of the step gets wrong."""
    risk, ((_, one), (_, other), *_) = run(NTK(), "both", 2, True)
    moved = (risk.predictions(other) - risk.predictions(one)).flatten()
    driving = (risk.data.weights[:, None] * risk.residual(one)).flatten()
    exact, start = path_kernel(risk, one, other), tangent_gram(risk, one)
    assert float((moved + STEP * exact @ driving).norm()) < 1e-11 * float(moved.norm())
    assert float((moved + STEP * start @ driving).norm()) > 1e-5 * float(moved.norm())


def ascent(frames: Frames) -> Frames:
    """Steps the other way."""
    first = frames[0][1]
    return [(time, first.moved(2.0 * first.positions - cloud.positions)) for time, cloud in frames]


def short(frames: Frames) -> Frames:
    """Times of steps a hundredth as long."""
    return [(0.01 * time, cloud) for time, cloud in frames]


def diffusing(frames: Frames) -> Frames:
    """Frames of no training: noise that grows."""
    first = frames[0][1]
    noise = normals(*first.positions.shape, seed=7)
    return [(0.01 * time, first.moved(first.positions + time * noise)) for time, _ in frames]


@pytest.mark.parametrize("wrong", [ascent, short, diffusing])
def test_other_runs_violate_it(wrong: Callable[[Frames], Frames]) -> None:
    """Assert that ascent, steps of another length and noise are found out."""
    risk, frames = run(NTK(), "both")
    assert model_gap(risk, wrong(frames), surrogate(risk)).verdict is Verdict.VIOLATED


def test_a_constant_kernel_leaves_no_gap() -> None:
    """Assert that where output weights alone are trained the network's own kernel is exact, and its double is not."""
    risk, frames = run(NTK(), "output")
    own = tangent_gram(risk, frames[0][1])
    assert model_gap(risk, frames, lambda x1, x2: own).measured < 1e-12
    assert model_gap(risk, frames, lambda x1, x2: 2.0 * own).measured > 1e-3


def test_what_the_theorem_does_not_ask_about_is_told() -> None:
    """Assert that another loss, kinks and long steps fail an assumption, and that a poor model's bound is vacuous."""
    risk, frames = run(NTK(), "both")
    model = surrogate(risk)
    logistic = Risk(risk.neuron, NTK(), Logistic(), Dataset(risk.data.inputs, risk.data.targets.sign()))
    assert model_gap(logistic, frames, model).failing == ("squared loss",)
    kinked = Risk(Perceptron(ReLU(), Identity(INPUTS), 1, "both"), NTK(), Squared(), risk.data)
    assert model_gap(kinked, frames, model).failing == ("a smooth activation",)
    assert model_gap(risk, frames, lambda x1, x2: 100.0 * model(x1)).verdict is Verdict.ASSUMPTION_FAILS
    far = [(100.0 * time, cloud) for time, cloud in frames]
    weak = model_gap(risk, far, lambda x1, x2: torch.zeros(DATA, DATA).double())
    assert weak.verdict is Verdict.VACUOUS
    with pytest.raises(ValueError, match="A run of 1 frames cannot be checked; give two or more"):
        model_gap(risk, frames[:1], model)
