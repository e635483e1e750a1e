"""Gradients and losses of gradient flows, and flows that are none."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest
import torch

from flows import NTKFlow
from limits.theorems import Verdict
from limits.theorems.one_axis import dissipation, potential_gradient
from particles import L2, NTK, Lazy, Logistic, MeanField, ParticleCloud, Risk
from particles.risk.scaling import Scaling
from tests.limits.theorems.one_axis.networks import STRENGTHS, risk_of, run, start


class Bell:
    """A neuron of a user: u exp(-(x_1 - c)^2)."""

    dim = 2

    def feature(self, theta: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """g(theta, x)."""
        return theta[1] * torch.exp(-((x[0] - theta[0]) ** 2))


@dataclass(frozen=True)
class Slowed(MeanField):
    """Mean field with a mobility that is right for equal masses alone: the planted error."""

    def mobility(self, masses: torch.Tensor) -> torch.Tensor:
        """m."""
        return torch.full_like(masses, float(masses.shape[0]))


@pytest.mark.parametrize("scaling", [MeanField(), Lazy(3.0), Lazy(2.0, rates={"output": 3.0})], ids=repr)
@pytest.mark.parametrize("strength", [None, 0.1, STRENGTHS], ids=["plain", "L2", "L2 of each"])
def test_both_hold_for_any_masses_and_rates(scaling: Scaling, strength: float | Mapping[str, float] | None) -> None:
    """Assert that both identities hold for unequal masses, amplitudes, rates of groups and strengths of L2."""
    risk = risk_of(scaling, strength)
    slope, rate = potential_gradient(risk, start(risk)), dissipation(risk, run(risk))
    assert slope.verdict is rate.verdict is Verdict.HOLDS
    assert slope.measured < 1e-10 and rate.measured < 1e-5


def test_both_hold_for_other_losses_and_neurons() -> None:
    """Assert that they hold for the logistic loss, and for a neuron that a user wrote."""
    risk = risk_of(loss=Logistic())
    assert potential_gradient(risk, start(risk)).verdict is Verdict.HOLDS
    assert dissipation(risk, run(risk)).verdict is Verdict.HOLDS
    own = replace(risk_of(strength=0.1), neuron=Bell())
    cloud = ParticleCloud(start(risk).positions[:, :2], start(risk).masses)
    assert potential_gradient(own, cloud).verdict is Verdict.HOLDS


def test_equal_masses_of_any_scaling_are_a_measure_and_others_are_not() -> None:
    """Assert that NTK scaling has the identities for equal masses, and that unequal ones are not asked."""
    risk = risk_of(NTK())
    assert dissipation(risk, run(risk, equal=True)).verdict is Verdict.HOLDS
    assert dissipation(risk, run(risk)).failing == ("output factors proportional to masses",)
    assert potential_gradient(risk, start(risk)).verdict is Verdict.ASSUMPTION_FAILS


def test_another_regulariser_is_a_violation() -> None:
    """Assert that a run without the L2 of the risk, one of another mobility, and one backwards are found out."""
    risk = risk_of()
    plain = risk_of(strength=None)
    assert dissipation(risk, run(plain)).verdict is Verdict.VIOLATED
    assert dissipation(risk, run(risk, NTKFlow(risk))).verdict is Verdict.VIOLATED
    turned = [(time, cloud) for time, (_, cloud) in zip((0.02 * k for k in range(11)), run(risk)[::-1], strict=True)]
    assert dissipation(risk, turned).verdict is Verdict.VIOLATED


def test_a_mobility_that_forgets_masses_is_a_violation() -> None:
    """Assert that a run of mobility m, right for equal masses, loses another amount where masses differ."""
    forgetful, risk = risk_of(Slowed()), risk_of()
    assert dissipation(risk, run(forgetful)).verdict is Verdict.VIOLATED
    assert dissipation(risk, run(forgetful, equal=True)).verdict is Verdict.HOLDS


def test_a_wrong_gradient_is_a_violation() -> None:
    """Assert that a velocity that is not that of the risk at hand is told from the potential's gradient."""

    class Steep(Risk):
        """A risk whose velocity forgets its L2: the planted error."""

        def velocity(self, cloud: ParticleCloud) -> torch.Tensor:
            """Without L2."""
            return Risk(self.neuron, self.scaling, self.loss, self.data).velocity(cloud)

    risk = risk_of(strength=0.1)
    wrong = Steep(risk.neuron, risk.scaling, risk.loss, risk.data, L2(0.1))
    assert potential_gradient(wrong, start(risk)).verdict is Verdict.VIOLATED


def test_frames_too_far_apart_decide_nothing() -> None:
    """Assert that coarse frames are undecided rather than violated, and that uneven or few ones are refused."""
    risk = risk_of(Lazy(3.0))
    frames = run(risk, step=0.02, steps=160)
    assert dissipation(risk, frames[::20]).verdict is Verdict.UNDECIDED
    with pytest.raises(ValueError, match="five frames or more at equally spaced times"):
        dissipation(risk, frames[:4])
    with pytest.raises(ValueError, match="record every step of equal ones"):
        dissipation(risk, [*frames[:5], frames[9]])
