"""Adaptive: it chooses by flow and cloud, says what, and steps as the method it chose."""

import logging

import pytest
import torch

from flows import BDF, Adaptive, Chebyshev, Exponential, GradientFlow, NTKFlow, evolve
from flows.gauss_newton import LARGEST_GRAM
from flows.integrators.explicit import Explicit
from particles import NTK, Dataset, Linear, Tanh
from runs.benchmarks.problems import stiff_flow
from tests.flows.adaptive import Kept, driven
from tests.problems import MeanAttraction, network_cloud, network_risk, numbers, small_cloud

RTOL = 1e-3


def test_lazy_flow_is_given_to_the_exponential_method() -> None:
    """Assert that linear neurons, whose features stand still, are done in one exponential step."""
    flow = NTKFlow(network_risk(activation=Linear(), trained="hidden"))
    chosen = Adaptive(RTOL).choose(flow, network_cloud(), 0.0, 1e3)
    assert chosen.method == Exponential(RTOL, 1e-12)


def test_rich_flow_is_given_to_bdf() -> None:
    """Assert that a long stiff run whose features change is given to BDF."""
    problem = stiff_flow(count=100, data=20, dim=8)
    assert Adaptive(RTOL).choose(problem.flow, problem.cloud, 0.0, problem.until).method == BDF(RTOL, 1e-12)


def test_other_flows_and_large_data_are_given_to_velocities() -> None:
    """Assert that a flow without a risk, and data too many for a Gram matrix, get methods of velocities only."""
    data = Dataset(torch.zeros(LARGEST_GRAM + 1, 3).double(), torch.ones(LARGEST_GRAM + 1).double())
    large = GradientFlow(network_risk(NTK()).on(data))
    assert Adaptive(RTOL).choose(MeanAttraction(), small_cloud(), 0.0, 1.0).method == Explicit(RTOL, 1e-12)
    assert Adaptive(RTOL).choose(large, network_cloud(), 0.0, 1.0).method == Chebyshev(RTOL, 1e-12)


@pytest.mark.parametrize(("rows", "span", "method"), [(600, 1e3, Chebyshev), (600, 1e9, BDF), (40, 1e3, BDF)])
def test_many_data_of_few_inputs_are_given_to_chebyshev(rows: int, span: float, method: type) -> None:
    """Assert that BDF is left where factorising so many data costs more than the velocities of a Chebyshev step.

    These grow with the length of the run; and few data are given to BDF whatever its length.
    """
    like = network_risk(NTK(), activation=Tanh(), trained="hidden")
    data = Dataset(numbers(1, rows, like.data.inputs.shape[1]), numbers(2, rows, 1))
    assert isinstance(Adaptive(RTOL).choose(GradientFlow(like.on(data)), network_cloud(), 0.0, span).method, method)


def test_choice_is_kept_in_the_state_and_said_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Assert that one choice is made, logged with flow and count, kept, and that every step is that method's."""
    problem = stiff_flow(count=100, data=20, dim=8)
    with caplog.at_level(logging.INFO, logger="flows.integrators.adaptive"):
        kept = driven(Adaptive(RTOL), problem.flow, Kept(0.0, problem.cloud, None), problem.until)
    assert {state.state.method for state in kept[1:]} == {BDF(RTOL, 1e-12)}
    assert caplog.messages == ["GradientFlow of 100 particles: BDF(rtol=0.001, atol=1e-12)"]
    alone = evolve(problem.flow, problem.cloud, BDF(RTOL), until=problem.until)
    assert torch.equal(kept[-1].cloud.positions, alone.positions)


def test_choice_can_be_had_without_a_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that the method alone is that of `choose`, and that nothing is evaluated to begin it."""
    monkeypatch.setattr(Explicit, "init", lambda *given: pytest.fail("a first step was looked for"))
    assert Adaptive(RTOL).chosen(MeanAttraction(), small_cloud(), 0.0, 1.0) == Explicit(RTOL, 1e-12)


def test_wrong_tolerance_is_refused() -> None:
    """Assert that no tolerance at all is refused at the door."""
    with pytest.raises(ValueError, match="one of them positive"):
        Adaptive(rtol=0.0, atol=0.0)
