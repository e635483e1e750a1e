"""The speed of the Gram matrix at the start, against differences and independent draws."""

import sys
from dataclasses import replace

import pytest
import torch

from limits.theorems import Verdict
from limits.theorems.asymmetric_scaling import first_kernel_change
from limits.theorems.asymmetric_scaling.first_kernel_change import kernel_speed, mean_kernel_speed
from particles import Activation, Erf, MeanField, ParticleCloud, ReLU, SiLU, Softplus, Tanh, tangent_gram
from tests.limits.theorems.asymmetric_scaling.test_first_step import DRAWS, MANY, MASSES, drawn, small, worst
from tests.tolerances import DERIVATIVE, PLANTED_Z, Z, assert_identical, relative_error


def speeds(activation: Activation, draws: int) -> torch.Tensor:
    """dK/dt [draws, data, data] of independent starts of the acceptance problem, in plain torch."""
    of = small(activation)
    velocities, w = drawn(of, draws)
    x = of.risk.data.inputs / 3.0**0.5
    z = w @ x.T
    slope = activation.derivative(z)
    leaf = z.clone().requires_grad_()
    (second,) = torch.autograd.grad(activation.derivative(leaf).sum(), leaf)
    half = torch.einsum("j,njx,njy->nxy", MASSES, second * (velocities @ x.T), slope)
    return (x @ x.T) * (half + half.transpose(1, 2))


@pytest.mark.parametrize("scaling", [None, MeanField()], ids=["ntk", "mean-field"])
def test_speed_is_the_slope_of_the_gram_matrix(scaling: MeanField | None) -> None:
    """Assert that dK/dt in closed form agrees with differences of `tangent_gram` along the flow."""
    of = small(Tanh()) if scaling is None else small(Tanh(), scaling)
    cloud = of.sample(4)
    ahead, behind = (
        tangent_gram(of.risk, cloud.moved(cloud.positions + step * of.risk.velocity(cloud))) for step in (1e-4, -1e-4)
    )
    assert relative_error(kernel_speed(of, cloud), (ahead - behind) / 2e-4) < DERIVATIVE


@pytest.mark.parametrize("activation", [Tanh(), Softplus(), Erf(), SiLU()], ids=lambda a: type(a).__name__)
def test_mean_speed_is_that_of_independent_draws(activation: Activation) -> None:
    """Assert that all entries agree with 1e5 draws, |z| < 5, and a sign or a factor would stand out."""
    found, exact = speeds(activation, DRAWS), mean_kernel_speed(small(activation))
    assert worst(found, exact) < Z
    for planted in (-exact, 4.0 * exact, exact / MASSES.square().sum()):
        assert worst(found, planted) > PLANTED_Z


@pytest.mark.validation
def test_mean_speed_is_that_of_a_million_draws() -> None:
    """Assert that 1e6 draws of softplus agree within four standard errors in every entry."""
    assert worst(speeds(Softplus(), MANY), mean_kernel_speed(small(Softplus()))) < 4.0


def test_rule_has_converged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a quarter of the step less changes the mean speed of tanh by less than 1e-5 of it."""
    coarse = mean_kernel_speed(small(Tanh()))
    monkeypatch.setattr(sys.modules[mean_kernel_speed.__module__], "STEP", 0.22)
    assert relative_error(coarse, mean_kernel_speed(small(Tanh()))) < 1e-5


def test_mean_speed_does_not_depend_on_the_scaling() -> None:
    """Assert that mean-field scaling has the mean speed of NTK scaling, since eta s^2 = lambda in both."""
    assert_identical(mean_kernel_speed(small(Tanh(), MeanField())), mean_kernel_speed(small(Tanh())))


def test_mean_speed_goes_with_the_sum_of_squared_masses() -> None:
    """Assert that equal masses are slower by sum_j lambda_j^2, 1/3 to 0.46."""
    of = small(Tanh())
    even = replace(of, masses=torch.full((3,), 1.0 / 3.0, dtype=torch.float64))
    assert relative_error(mean_kernel_speed(even) / (1.0 / 3.0), mean_kernel_speed(of) / 0.46) < 1e-12


@pytest.mark.parametrize("activation", [Tanh(), Softplus()], ids=["tanh", "softplus"])
def test_starts_of_the_library_agree(activation: Activation) -> None:
    """Assert that 300 starts hold the statement."""
    assert first_kernel_change(small(activation), range(300)).verdict is Verdict.HOLDS


def test_velocity_of_another_flow_is_a_violation() -> None:
    """Assert that starts whose output weights are all one are found out: then the targets pull the kernel too."""
    of = small(Softplus())

    class OneSign(type(of.law)):  # type: ignore[misc]
        """All output weights are 1."""

        def sample(self, *, masses: torch.Tensor, seed: int) -> ParticleCloud:
            cloud = super().sample(masses=masses, seed=seed)
            return cloud.moved(torch.cat([cloud.positions[:, :3], torch.ones(3, 1, dtype=torch.float64)], dim=1))

    planted = replace(of, law=OneSign(of.neuron))
    assert first_kernel_change(planted, range(300)).verdict is Verdict.VIOLATED


def test_kinks_are_not_claimed() -> None:
    """Assert that ReLU, whose sigma'' is not a function, fails an assumption."""
    assert first_kernel_change(small(ReLU()), range(2)).failing == ("a smooth activation",)
