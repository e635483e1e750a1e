"""Adaptive: it chooses by flow and cloud, says what, and steps as the method it chose."""

import logging

import pytest
import torch

from flows import BDF, RK4, Adaptive, Chebyshev, Exponential, GradientFlow, LinearisedFlow, NTKFlow, evolve
from flows.integrators.closed_form import ClosedForm
from flows.integrators.error_controlled.automatic_explicit import Explicit
from flows.integrators.function_space.gauss_newton import LARGEST_GRAM
from flows.integrators.function_space.matrix_free.choice import PRODUCTS
from particles import NTK, Dataset, Linear, ParticleCloud, Tanh
from runs.benchmarks.timed_flows import stiff_flow
from tests.flows.contracts.error_controlled import Kept, driven
from tests.flows.law.known_ends import one_logistic_datum, one_logistic_end
from tests.problems import MeanAttraction, network_cloud, network_risk, numbers, small_cloud
from tests.tolerances import relative_error

RTOL = 1e-3


def test_lazy_flow_is_given_to_the_exponential_method() -> None:
    """Assert that linear neurons, whose features stand still, are done in one exponential step."""
    flow = NTKFlow(network_risk(activation=Linear(), trained="hidden"))
    chosen = Adaptive(RTOL).choose(flow, network_cloud(), 0.0, 1e3)
    assert chosen.method == Exponential(RTOL)


def test_rich_flow_is_given_to_bdf() -> None:
    """Assert that a long stiff run whose features change is given to BDF."""
    problem = stiff_flow(count=100, data=20, dim=8)
    assert Adaptive(RTOL).choose(problem.flow, problem.cloud, 0.0, problem.until).method == BDF(RTOL)


def test_exponential_step_is_not_tried_where_features_clearly_move(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that two Newton corrections say that a run is not lazy; and that they let a lazy one be looked at."""
    problem = stiff_flow(count=100, data=20, dim=8)
    lazy = NTKFlow(network_risk(activation=Linear(), trained="hidden"))
    looked: list[object] = []
    judged = Exponential.judged
    monkeypatch.setattr(Exponential, "judged", lambda *given: looked.append(given) or judged(*given))
    Adaptive(RTOL).choose(problem.flow, problem.cloud, 0.0, problem.until)
    assert not looked
    Adaptive(RTOL).choose(lazy, network_cloud(), 0.0, 1e3)
    assert len(looked) == 1


def test_other_flows_and_large_shared_data_are_given_to_velocities(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a flow without a risk, and data too many for a Gram matrix, get methods of velocities only.

    The data are too many only where there are no products instead, as of a cloud that several processes share.
    """
    data = Dataset(torch.zeros(LARGEST_GRAM + 1, 3).double(), torch.ones(LARGEST_GRAM + 1).double())
    large = GradientFlow(network_risk(NTK()).on(data))
    assert Adaptive(RTOL).choose(MeanAttraction(), small_cloud(), 0.0, 1.0).method == Explicit(RTOL)
    assert Adaptive(RTOL).choose(large, network_cloud(), 0.0, 1.0).method == BDF(RTOL)
    monkeypatch.setattr(ParticleCloud, "shared_by", "others")
    assert Adaptive(RTOL).chosen(large, network_cloud(), 0.0, 1.0) == Chebyshev(RTOL)


def test_many_data_are_given_to_bdf_even_where_training_is_lazy() -> None:
    """Assert that from the number on that BDF solves by products no exponential step is tried, and below it is."""
    rows = {BDF(RTOL): PRODUCTS + 1, Exponential(RTOL): PRODUCTS}
    like, inputs = network_risk(activation=Linear(), trained="hidden"), numbers(1, PRODUCTS + 1, 3)
    for method, count in rows.items():
        flow = NTKFlow(like.on(Dataset(inputs[:count], inputs[:count, :1])))
        assert Adaptive(RTOL).chosen(flow, network_cloud(), 0.0, 1e9) == method


@pytest.mark.parametrize(
    ("rows", "span", "method"), [(400, 1e3, Chebyshev), (400, 1e9, BDF), (40, 1e3, BDF), (600, 1e3, BDF)]
)
def test_many_data_of_few_inputs_are_given_to_chebyshev(rows: int, span: float, method: type) -> None:
    """Assert that BDF is left where factorising so many data costs more than the velocities of a Chebyshev step.

    These grow with the length of the run; and few data, and more, which need no factor, are given to BDF whatever its
    length.
    """
    like = network_risk(NTK(), activation=Tanh(), trained="hidden")
    data = Dataset(numbers(1, rows, like.data.inputs.shape[1]), numbers(2, rows, 1))
    assert isinstance(Adaptive(RTOL).choose(GradientFlow(like.on(data)), network_cloud(), 0.0, span).method, method)


def test_choice_is_kept_in_the_state_and_said_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Assert that one choice is made, logged with flow and count, kept, and that every step is that method's."""
    problem = stiff_flow(count=100, data=20, dim=8)
    with caplog.at_level(logging.INFO, logger="flows.integrators.adaptive"):
        kept = driven(Adaptive(RTOL), problem.flow, Kept(0.0, problem.cloud, None), problem.until)
    assert {state.state.method for state in kept[1:]} == {BDF(RTOL)}
    assert caplog.messages == ["GradientFlow of 100 particles: BDF(rtol=0.001, atol=0.0, max_step=inf)"]
    alone = evolve(problem.flow, problem.cloud, BDF(RTOL), until=problem.until)
    assert torch.equal(kept[-1].cloud.positions, alone.positions)


def test_choice_can_be_had_without_a_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that the method alone is that of `choose`, and that nothing is evaluated to begin it."""
    monkeypatch.setattr(Explicit, "init", lambda *given: pytest.fail("a first step was looked for"))
    assert Adaptive(RTOL).chosen(MeanAttraction(), small_cloud(), 0.0, 1.0) == Explicit(RTOL)


def test_wrong_tolerance_is_refused() -> None:
    """Assert that no tolerance at all is refused at the door."""
    with pytest.raises(ValueError, match="one of them positive"):
        Adaptive(rtol=0.0, atol=0.0)


@pytest.mark.validation
def test_linear_model_is_given_to_its_closed_form() -> None:
    """Assert that a linearised flow takes its exact solution, and function space where it has none; both end right."""
    for strength, kind in ((0.0, ClosedForm), (0.5, BDF)):
        flow = LinearisedFlow(network_risk(NTK(), strength=strength), network_cloud())
        assert isinstance(Adaptive(1e-6).choose(flow, network_cloud(), 0.0, 20.0).method, kind)
        end = evolve(flow, network_cloud(), Adaptive(1e-6), until=20.0)
        exact = evolve(flow, network_cloud(), RK4(0.02), until=20.0)
        start = network_cloud().positions
        assert relative_error(end.positions - start, exact.positions - start) < 1e-5


def test_longest_step_is_handed_on() -> None:
    """Assert that whatever is chosen keeps max_step, and that a run which one step could do is not given to it."""
    lazy = NTKFlow(network_risk(activation=Linear(), trained="hidden"))
    assert Adaptive(RTOL, max_step=5.0).choose(lazy, network_cloud(), 0.0, 1e3).method == BDF(RTOL, max_step=5.0)
    assert Adaptive(RTOL, max_step=0.5).chosen(MeanAttraction(), small_cloud(), 0.0, 1.0) == Explicit(
        RTOL, max_step=0.5
    )


@pytest.mark.parametrize("start", [-50.0, -5.0])
def test_one_step_is_not_believed_where_it_lands_on_a_tail(start: float) -> None:
    """Assert that logistic regression of one datum ends right: one exponential step would show no error."""
    risk, cloud = one_logistic_datum(start)
    end = evolve(GradientFlow(risk), cloud, Adaptive(), until=1e4)
    assert abs(float(end.positions[0, 1]) - one_logistic_end(start, 1e4)) < 1e-3 * 64.0
