"""The Gram matrix changes no more than movement allows, and a change that is too large is found out."""

import math

import pytest
import torch

from limits.theorems import Result, Verdict, gram_change_kinked, gram_change_smooth, observed
from limits.theorems.asymmetric_scaling.gram_change import mean_flips
from limits.theorems.curvature import largest_curvature
from limits.theorems.observed import reach
from particles import Activation, LeakyReLU, ReLU, Tanh, tangent_gram
from tests.limits.theorems.networks import (
    ACTIVATIONS,
    DATA,
    INPUTS,
    SETTINGS,
    Frames,
    in_time,
    known_run,
    other_flow,
    problem,
    run,
)
from tests.tolerances import Z, z_score


def checked(activation: Activation, gamma: float, alpha: float | None, frames: Frames) -> Result:
    """The lemma for this activation."""
    lemma = gram_change_smooth if activation.smooth else gram_change_kinked
    return lemma(problem(activation, gamma, alpha), frames)


@pytest.mark.parametrize(("gamma", "alpha"), SETTINGS)
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=["relu", "tanh"])
def test_gradient_flow_keeps_to_its_bounds(activation: Activation, gamma: float, alpha: float | None) -> None:
    """Assert that no run of the four settings violates its lemma; only with heavy particles may it be vacuous."""
    result = checked(activation, gamma, alpha, known_run(activation, gamma, alpha))
    assert result.verdict in (Verdict.HOLDS, Verdict.VACUOUS)
    assert result.margin > 0.0
    assert gamma < 0.5 or result.verdict is Verdict.HOLDS


@pytest.mark.parametrize("activation", [LeakyReLU(0.3), ReLU()])
def test_slopes_on_both_sides_count(activation: Activation) -> None:
    """Assert that LeakyReLU keeps to its bound, which has the square of the jump in it."""
    of = problem(activation)
    frames = run(of, until=200.0)
    assert gram_change_kinked(of, frames).verdict is Verdict.HOLDS


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=["relu", "tanh"])
def test_other_flows_are_violations(activation: Activation) -> None:
    """Assert that a cloud that jumps while its risk allows no movement is a violation, also where time is too short."""
    frames = known_run(activation, 1.0, None)
    jump = ((0.0, frames[0][1]), (1e-6, other_flow(frames)[5][1]))
    assert checked(activation, 1.0, None, jump).verdict is Verdict.VIOLATED
    assert checked(activation, 1.0, None, in_time(frames, 1e-6)).verdict is Verdict.VIOLATED


def test_smooth_bound_is_the_papers() -> None:
    """Assert that on the sphere F^2 = (n M^2 R^2 / d^2) sum lambda^2 with R sqrt(lambda_j) = c_j int sqrt(2 R_s) ds."""
    of, frames = problem(Tanh(), 0.5, 0.7), known_run(Tanh(), 0.5, 0.7)[:2]
    seen = observed(of, frames)
    moved = float(seen.lengths[-1] * reach(of, seen.start)[0] / seen.start.masses[0].sqrt())
    squares = float(seen.start.masses.square().sum())
    square = DATA * largest_curvature(Tanh()) ** 2 * moved**2 / INPUTS**2 * squares
    largest = float(torch.linalg.eigvalsh(tangent_gram(of.risk, seen.start))[-1])
    result = gram_change_smooth(of, frames)
    assert result.bound == pytest.approx(square + 2.0 * math.sqrt(largest * square), rel=1e-9)
    assert largest <= DATA / INPUTS


def test_kinked_bound_counts_the_signs_that_can_flip() -> None:
    """Assert that F^2 is the mass of the (particle, datum) pairs within reach of zero, times |x|^2 / d."""
    of, frames = problem(ReLU(), 0.5, 0.7), known_run(ReLU(), 0.5, 0.7)[:2]
    seen = observed(of, frames)
    start = seen.start
    z = (start.positions[:, :INPUTS] @ of.risk.data.inputs.T).abs() / math.sqrt(INPUTS)
    near = z <= (seen.lengths[-1] * reach(of, start))[:, None] / math.sqrt(INPUTS)
    square = float(start.masses @ near.double().sum(dim=1)) / INPUTS
    largest = float(torch.linalg.eigvalsh(tangent_gram(of.risk, start))[-1])
    assert square > 0.0
    assert gram_change_kinked(of, frames).bound == pytest.approx(square + 2.0 * math.sqrt(largest * square), rel=1e-9)


@pytest.mark.parametrize("variance", [1.0, 2.0])
def test_mean_of_flips_is_bounded_over_starts(variance: float) -> None:
    """Assert that E sum lambda_j |phi_i|^2 1{flip possible} <= (n/d) sqrt(2/(pi v)) sum lambda_j c_j, barely."""
    of = problem(ReLU(), 0.5, 0.7)
    of = type(of)(of.risk, type(of.law)(of.neuron, of.law.outputs, variance), of.masses)
    moved = 0.3 * of.masses.sqrt()
    lengths = of.phi.norm(dim=1)
    draws = []
    for seed in range(400):
        z = of.sample(seed).positions[:, :INPUTS] @ of.phi.T
        draws.append((of.masses[:, None] * (z.abs() <= moved[:, None] * lengths) * lengths.square()).sum())
    bound = mean_flips(of, moved)
    assert bound == pytest.approx(
        DATA / INPUTS * math.sqrt(2.0 / (math.pi * variance)) * float(of.masses @ moved), rel=1e-12
    )
    assert z_score(torch.stack(draws), bound) < Z
    # What the density loses away from zero is below one percent here.
    assert abs(z_score(torch.stack(draws), bound)) < Z


def test_each_lemma_keeps_to_its_activations() -> None:
    """Assert that the lemma for kinks is not applied to tanh, nor the one for smooth activations to ReLU."""
    assert gram_change_kinked(problem(Tanh()), known_run(Tanh(), 1.0, None)).verdict is Verdict.ASSUMPTION_FAILS
    assert gram_change_smooth(problem(ReLU()), known_run(ReLU(), 1.0, None)).failing == ("a smooth activation",)
