"""No particle moves farther than it may, and one that does is found out."""

from dataclasses import replace

import pytest
import torch

from limits.theorems import Verdict, movement_along, observed
from limits.theorems.asymmetric_scaling import particle_movement
from limits.theorems.asymmetric_scaling.particle_movement import reached
from limits.theorems.observed import reach
from particles import Activation, Tanh
from tests.limits.theorems.networks import ACTIVATIONS, DATA, INPUTS, SETTINGS, in_time, known_run, other_flow, problem

BOUNDS = [particle_movement, movement_along]


@pytest.mark.parametrize(("gamma", "alpha"), SETTINGS)
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=["relu", "tanh"])
def test_gradient_flow_keeps_to_its_bounds(activation: Activation, gamma: float, alpha: float | None) -> None:
    """Assert that no particle of the four settings moves too far, and a tenth of the bound would not do."""
    for bound in BOUNDS:
        result = bound(problem(activation, gamma, alpha), known_run(activation, gamma, alpha))
        assert result.verdict is Verdict.HOLDS
        assert 0.0 < result.margin < 0.9


def test_closed_form_is_the_papers_in_its_own_time() -> None:
    """Assert that for t to infinity it is sqrt(lambda_j) sqrt(n/d) (2/k) |y - f_0|, k / 2 the eigenvalue without P."""
    of, frames = problem(Tanh(), 0.5, 0.7), known_run(Tanh(), 0.5, 0.7)
    late = in_time(frames, 1e6)
    seen = observed(of, late)
    half = float(seen.slowest.min()) * DATA
    misfit = float(of.risk.residual(seen.start).norm())
    paper = seen.start.masses.sqrt() * (DATA / INPUTS) ** 0.5 / half * misfit
    result = particle_movement(of, late)
    assert float((result.bound / paper - 1.0).abs().min()) < 1e-9


def test_bound_along_the_run_is_the_tighter_one() -> None:
    """Assert that at the last frame it is below the closed form, for every particle."""
    of = problem(Tanh(), 0.5, 0.7)
    seen = observed(of, known_run(Tanh(), 0.5, 0.7)[::2])
    rate = float(seen.slowest.min())
    closed = (2.0 * seen.risks[0]).sqrt() / rate * -torch.expm1(-rate * seen.times[-1]) * reach(of, seen.start)
    dense = reached(of, observed(of, known_run(Tanh(), 0.5, 0.7)))[-1]
    assert bool((dense < closed).all())


@pytest.mark.parametrize("bound", BOUNDS)
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=["relu", "tanh"])
def test_wrong_unit_of_time_and_other_flows_are_violations(activation: Activation, bound: object) -> None:
    """Assert that times n times too short, the paper's taken for ours, and diffusing particles are violations."""
    of, frames = problem(activation, 0.5, 0.7), known_run(activation, 0.5, 0.7)
    for planted in (in_time(frames, 1.0 / DATA), other_flow(frames)):
        result = bound(of, planted)  # type: ignore[operator]
        assert result.verdict is Verdict.VIOLATED and result.margin < -1.0


def test_one_particle_moved_by_hand_is_a_violation() -> None:
    """Assert that one light particle that is moved by a tenth in a late frame is enough."""
    of, frames = problem(Tanh(), 0.0, 0.4), known_run(Tanh(), 0.0, 0.4)
    time, cloud = frames[3]
    pushed = cloud.positions.clone()
    pushed[-1, 0] += 0.1
    planted = [*frames[:3], (time, cloud.moved(pushed)), *frames[4:]]
    for bound in BOUNDS:
        assert bound(of, planted).verdict is Verdict.VIOLATED


def test_trained_output_weights_are_not_claimed() -> None:
    """Assert that the lemma is not applied where output weights move."""
    of = problem(Tanh())
    both = replace(of, risk=replace(of.risk, neuron=replace(of.neuron, trained="both")))
    for bound in BOUNDS:
        assert bound(both, known_run(Tanh(), 1.0, None)).verdict is Verdict.ASSUMPTION_FAILS
