"""The exponential method: phi functions, exactness where features stand still, order. Contract: ../adaptive.py."""

import math

import pytest
import torch

from flows import BDF, RK4, Exponential, GradientFlow, StepNoise, evolve
from flows.integrators.function_space.error_scales import Scales
from flows.integrators.function_space.exponential import Propagated
from flows.integrators.function_space.gauss_newton import GaussNewton
from flows.integrators.function_space.linear_part import LinearPart
from particles import NTK, Dataset, FlowRefused, Lazy, Linear, MeanField, Scaling, ToleranceNotReached, tangent_gram
from tests.flows.law.known_ends import columns_apart, one_logistic_datum, one_logistic_end
from tests.problems import network_cloud, network_risk
from tests.tolerances import ORDER, assert_identical, relative_error


@pytest.mark.parametrize("scaling", [MeanField(), NTK(), Lazy(3.0)], ids=repr)
def test_linear_neurons_take_one_step_to_any_time(scaling: Scaling) -> None:
    """Assert that where features stand still one step is exact, at a million as at one.

    The rank of K is three of seven; rounding makes eps of its zero eigenvalues, hence the 1e-15 t.
    """
    risk, start = network_risk(scaling, activation=Linear(), trained="hidden"), network_cloud()
    flow, integrator = GradientFlow(risk), Exponential(rtol=1e-8)
    rates = tangent_gram(risk, start) * risk.data.weights
    for until in (1.0, 1e6):
        taken = integrator.step(flow, start, integrator.init(flow, start), 0.0, until, StepNoise(0, 0))
        exact = torch.linalg.matrix_exp(-until * rates) @ risk.residual(start)
        assert taken.time == until
        allowed = (1e-12 + 1e-15 * until) * float(risk.residual(start).norm())
        assert float((risk.residual(taken.cloud) - exact).norm()) < allowed
        half = 0.5 * until
        assert taken.between is not None
        there = torch.linalg.matrix_exp(-half * rates) @ risk.residual(start)
        assert float((risk.residual(taken.between(half)) - there).norm()) < allowed


@pytest.mark.validation
def test_fixed_steps_show_order_three_and_two() -> None:
    """Assert that the step has order 3 and what its error is measured against order 2."""
    risk, start, until = network_risk(NTK()), network_cloud(), 8.0
    exact = evolve(GradientFlow(risk), start, RK4(step=0.005), until=until).positions

    def error(steps: int, lower: bool) -> float:
        cloud = start
        for _ in range(steps):
            trial = Propagated(LinearPart(GaussNewton.of(risk, cloud)), until / steps)
            moved = trial.at(until / steps).positions
            cloud = cloud.moved(moved - trial.error[0] if lower else moved)
        return relative_error(cloud.positions, exact)

    for lower, order in ((False, 3.0), (True, 2.0)):
        measured = math.log2(error(64, lower) / error(128, lower))
        assert abs(measured - order) < ORDER, f"order {measured:.3f} instead of {order}"


def test_change_of_the_function_belongs_to_the_error() -> None:
    """Assert that the error's second part is the push of its first."""
    stiff = GaussNewton.of(network_risk(NTK()), network_cloud())
    vector, change = Propagated(LinearPart(stiff), 2.0).error
    assert_identical(change, stiff.push(vector), operations=1e6)


def test_cloud_at_rest_stays() -> None:
    """Assert that where nothing moves the whole run is one step of no length."""
    risk, start = network_risk(), network_cloud()
    fitted = GradientFlow(risk.on(Dataset(risk.data.inputs, risk.predictions(start), risk.data.weights)))
    end = evolve(fitted, start, Exponential(), until=1e6)
    assert relative_error(end.positions, start.positions) < 1e-9


@pytest.mark.validation
@pytest.mark.parametrize(("start", "until"), [(-50.0, 1e4), (-5.0, 1e4), (0.0, 1e4)])
def test_step_over_what_happens_in_between_is_seen(start: float, until: float) -> None:
    """Assert that one datum of logistic regression ends right, though all stages of one step lie on the flat tail."""
    risk, cloud = one_logistic_datum(start)
    right = one_logistic_end(start, until)
    end = evolve(GradientFlow(risk), cloud, Exponential(1e-4), until=until)
    assert abs(float(end.positions[0, 1]) - right) < 1e-3 * abs(right - start)


def test_stages_on_the_tail_show_no_error_and_a_defect() -> None:
    """Assert that the embedded error of that step is next to nothing, so that its defect is what refuses it."""
    risk, cloud = one_logistic_datum(-5.0)
    method, stiff = Exponential(1e-4), GaussNewton.of(risk, cloud)
    trial = Propagated(LinearPart(stiff), 1e4)
    assert float(trial.error[0].norm()) < 1e-3 * float((trial.end.positions - cloud.positions).norm()) * 1e-4
    judged = method.judged(trial, Scales.of(stiff))
    assert judged.error > 30.0


def test_stiff_regulariser_is_part_of_what_is_propagated() -> None:
    """Assert that linear neurons with a strong L2 that pulls all alike take one step to any time."""
    risk = network_risk(MeanField(), activation=Linear(), trained="output", strength=50.0)
    flow, start = GradientFlow(risk), network_cloud()
    taken = Exponential(1e-6).step(flow, start, Exponential(1e-6).init(flow, start), 0.0, 1e3, StepNoise(0, 0))
    assert taken.time == 1e3
    tight = evolve(flow, start, BDF(1e-8), until=1e3)
    assert relative_error(taken.cloud.positions - start.positions, tight.positions - start.positions) < 1e-6


def test_stiff_regulariser_of_unequal_rates_is_refused() -> None:
    """Assert that where rates differ by mass, and that is stiff, the sentence says so and what to take."""
    risk = network_risk(NTK(), strength=50.0)
    with pytest.raises(FlowRefused, match=r"at rates that differ by .*take BDF, or MeanField"):
        evolve(GradientFlow(risk), network_cloud(), Exponential(), until=1e3)


def test_units_that_rounding_hides_are_refused() -> None:
    """Assert that where h F has lost the digits that are asked for the sentence says to standardise."""
    risk, cloud, _ = columns_apart(1e8)
    with pytest.raises(ToleranceNotReached, match="standardise the columns of the inputs"):
        evolve(GradientFlow(risk), cloud, Exponential(1e-8), until=1e3)
