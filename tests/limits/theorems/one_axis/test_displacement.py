"""Movement against the risk that is lost, for runs of gradient flow and for others."""

import math

import pytest
import torch

from flows import Every, GradientFlow, Heun, evolve
from limits.theorems import Verdict, displacement
from particles import (
    L2,
    CrossEntropy,
    Dataset,
    GaussianLaw,
    GaussianOutputs,
    Lazy,
    MassWeightedMovement,
    ParticleCloud,
    Perceptron,
    Plain,
    Risk,
    SymmetricPairs,
    Tanh,
    masses,
)
from tests.draws import normals, unequal

Frames = list[tuple[float, ParticleCloud]]


def flowed(scaling: Lazy, regulariser: L2 | None = None) -> tuple[Risk, Frames]:
    """Cross-entropy of two outputs on seven weighted data, trained in all weights from zero, masses unequal."""
    neuron = Perceptron(Tanh(), Plain(4), 2, "both")
    data = Dataset(normals(7, 4, seed=1), torch.eye(2).double()[torch.arange(7) % 2], unequal(7))
    risk, frames = Risk(neuron, scaling, CrossEntropy(), data, regulariser), []
    law = SymmetricPairs(GaussianLaw(neuron, GaussianOutputs()))
    cloud = law.sample(masses=masses.paired(unequal(15)), seed=0)
    kept = Every(steps=20, observer=lambda index, time, cloud: frames.append((time, cloud)))
    evolve(GradientFlow(risk), cloud, Heun(step=0.02), until=4.0, observers=[kept])
    return risk, frames


@pytest.mark.parametrize("scale", [1.0, 10.0])
@pytest.mark.parametrize("regulariser", [None, L2(0.1)])
def test_flows_move_by_one_over_alpha(scale: float, regulariser: L2 | None) -> None:
    """Assert that the bound holds along a flow, with and without L2, and that the mean movement is below its root."""
    risk, frames = flowed(Lazy(scale), regulariser)
    result = displacement(risk, frames)
    assert result.verdict is Verdict.HOLDS and 0.0 < result.margin < 0.5 and result.proven
    (first, start), (last, end) = frames[0], frames[-1]
    least = math.sqrt((last - first) * float(risk(start) - risk(end))) / scale
    assert 0.2 * least < float(MassWeightedMovement(start)(end)) <= least


def test_rates_of_groups_weigh_their_coordinates() -> None:
    """Assert that the bound holds with rates, one of them zero, and not for the same run without them."""
    risk, frames = flowed(Lazy(3.0, rates={"hidden": 4.0, "output": 0.0}))
    assert displacement(risk, frames).verdict is Verdict.HOLDS
    plain = Risk(risk.neuron, Lazy(3.0), risk.loss, risk.data)
    assert displacement(plain, frames).verdict is Verdict.VIOLATED


def test_other_speeds_are_violations() -> None:
    """Assert that time run twice as fast, another alpha, and a cloud pushed off its way, are found out."""
    risk, frames = flowed(Lazy(3.0))
    assert displacement(risk, frames).verdict is Verdict.HOLDS
    slow = [(time / 2.0, cloud) for time, cloud in frames]
    assert displacement(risk, slow).verdict is Verdict.VIOLATED
    larger = Risk(risk.neuron, Lazy(6.0), risk.loss, risk.data)
    assert displacement(larger, [frames[0], *frames[5:]]).verdict is Verdict.VIOLATED
    time, cloud = frames[-1]
    pushed = cloud.moved(cloud.positions + 3.0)
    assert displacement(risk, [*frames[:-1], (time, pushed)]).verdict is Verdict.VIOLATED


def test_one_frame_is_refused() -> None:
    """Assert that a run of one frame cannot be checked."""
    risk, frames = flowed(Lazy(3.0))
    with pytest.raises(ValueError, match="A run of 1 frames cannot be checked"):
        displacement(risk, frames[:1])
