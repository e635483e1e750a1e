"""What a trace holds: of a run, of one in parts, and what it refuses."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from matplotlib import pyplot

from flows import Euler, Every, LogSpaced, Observer, StopBelow, Trace, evolve
from particles import ParticleCloud
from tests.problems import Clock, MeanAttraction, Still, small_cloud


def test_trace_holds_steps_times_and_values() -> None:
    """Assert that scalars become [times] and vectors [times, ...], beside steps and times, in the order seen."""
    trace = Trace(first=lambda cloud: cloud.positions[0, 0], all=lambda cloud: cloud.positions)
    evolve(Clock(lambda time: 1.0), small_cloud(), Euler(0.25), until=1.0, observers=[Every(2, trace)])
    assert trace.names == ("first", "all")
    assert len(trace) == 3
    assert (trace.steps.tolist(), trace.times.tolist()) == ([0, 2, 4], [0.0, 0.5, 1.0])
    assert (trace.steps.dtype, trace.times.dtype) == (np.int64, np.float64)
    assert trace["first"].shape == (3,)
    assert trace["all"].shape == (3, 5, 2)
    np.testing.assert_allclose(trace["first"], 0.3 + np.array([0.0, 0.5, 1.0]), rtol=1e-15)


def test_trace_takes_numbers_and_arrays() -> None:
    """Assert that an observable may return a plain number or a numpy array, kept in full precision."""
    trace = Trace(number=lambda cloud: 0.1, array=lambda cloud: np.arange(3), tensor=lambda cloud: cloud.masses.sum())
    evolve(Still(), small_cloud(), Euler(0.5), until=1.0, observers=[trace])
    assert trace["number"].tolist() == [0.1, 0.1, 0.1]
    assert trace["array"].shape == (3, 3)
    assert trace["tensor"].dtype == np.float64


def test_trace_keeps_float32() -> None:
    """Assert that values of a float32 cloud stay float32, and times float64."""
    trace = Trace(mean=lambda cloud: cloud.positions.mean())
    evolve(MeanAttraction(), small_cloud(torch.float32), Euler(0.5), until=1.0, observers=[trace])
    assert trace["mean"].dtype == np.float32
    assert trace.times.dtype == np.float64


def test_trace_keeps_copies() -> None:
    """Assert that a tensor that an observable hands out again and again is copied each time."""
    scratch = torch.zeros(2, dtype=torch.float64)
    trace = Trace(same=lambda cloud: scratch.add_(1.0))
    evolve(Still(), small_cloud(), Euler(0.5), until=1.0, observers=[trace])
    assert trace["same"].tolist() == [[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]


def test_trace_detaches_what_needs_gradients() -> None:
    """Assert that an observable whose value hangs on an autograd graph is recorded."""
    weight = torch.ones(1, dtype=torch.float64, requires_grad=True)
    trace = Trace(attached=lambda cloud: (weight * cloud.masses).sum())
    trace(0, 0.0, small_cloud())
    assert trace["attached"].tolist() == pytest.approx([1.0])


def mean_trace() -> Trace:
    """A trace of a number that moves with the flow, and of one that never is a number."""
    return Trace(mean=lambda cloud: cloud.positions.mean(), none=lambda cloud: math.nan)


def test_trace_of_a_second_run_is_refused() -> None:
    """Assert that a run from the start again, and other members of an ensemble, are told to take a trace of their own,
    and that what was recorded stays."""
    trace, flow = mean_trace(), Clock(lambda time: 1.0)
    evolve(flow, small_cloud(), Euler(0.25), until=1.0, observers=[trace])
    with pytest.raises(
        ValueError, match=r"handed time 0 after time 1, as of another run or schedule; give each a Trace of its"
    ):
        evolve(flow, small_cloud(), Euler(0.25), until=1.0, observers=[Every(2, trace)])
    assert trace.times.tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]
    shared, other = mean_trace(), small_cloud().moved(small_cloud().positions + 1.0)
    with pytest.raises(ValueError, match="handed other values at time 0, as of another run"):
        for start in (small_cloud(), other):
            evolve(flow, start, Euler(0.25), until=1.0, observers=[Every(8, shared), StopBelow(lambda cloud: 0.0, 1.0)])


@pytest.mark.parametrize("wrap", [lambda one: one, lambda one: Every(2, one), lambda one: LogSpaced(0.5, 9.0, 4, one)])
def test_trace_of_a_run_that_begins_later_is_refused(wrap: Callable[[Trace], Observer]) -> None:
    """Assert that a run that begins after what a trace holds is not appended to it, under a schedule neither, that one
    which goes on from a kept state is, and that an empty trace may begin at any time."""
    trace, flow = mean_trace(), Clock(lambda time: 1.0)
    evolve(flow, small_cloud(), Euler(0.25), until=1.0, observers=[trace])
    with pytest.raises(ValueError, match="handed the start of a run at time 2 after time 1, as of another run"):
        evolve(flow, small_cloud(), Euler(0.25), until=3.0, time=2.0, observers=[wrap(trace)])
    assert trace.times.tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]
    evolve(flow, small_cloud(), Euler(0.25), until=2.5, time=2.0, index=8, observers=[trace])
    assert trace.times.tolist()[5:] == [2.25, 2.5]
    late = mean_trace()
    evolve(flow, small_cloud(), Euler(0.25), until=3.0, time=2.0, observers=[wrap(late)])
    assert late.times[0] == 2.0


def test_trace_is_drawn_with_one_call() -> None:
    """Assert that each observable has a panel, that names choose, and that axes of a user's own are taken."""
    trace = Trace(mean=lambda cloud: cloud.positions.mean(), all=lambda cloud: cloud.positions)
    evolve(Clock(lambda time: 1.0), small_cloud(), Euler(0.25), until=1.0, observers=[trace])
    drawn = trace.plot()
    assert [panel.get_ylabel() for panel in drawn] == ["mean", "all"]
    assert drawn[0].lines[0].get_ydata().tolist() == trace["mean"].tolist()
    (again,) = trace.plot("mean", axes=drawn[1], log_time=True)
    assert again is drawn[1] and again.get_xscale() == "symlog"
    with pytest.raises(KeyError, match="The trace holds mean, all, not 'risk'"):
        trace.plot("risk")
    pyplot.close("all")


def test_trace_shows_what_it_holds() -> None:
    """Assert that a trace says its observables, the number of records and their times, also when empty."""
    trace = mean_trace()
    assert repr(trace) == "Trace(observables=['mean', 'none'], records=0, times=none)"
    evolve(Still(), small_cloud(), Euler(0.5), until=1.0, observers=[trace])
    assert repr(trace) == "Trace(observables=['mean', 'none'], records=3, times=0 to 1)"


@pytest.mark.parametrize("given", [{"index": 2}, {}], ids=["with-index", "as-a-start"])
def test_trace_of_a_run_in_parts_is_that_of_one_run(given: dict[str, int]) -> None:
    """Assert that a run that goes on from where it was recorded adds to the trace, without that state twice."""
    whole, parts, flow = mean_trace(), mean_trace(), Clock(lambda time: 1.0 + time)
    evolve(flow, small_cloud(), Euler(0.25), until=1.0, observers=[whole])
    middle = evolve(flow, small_cloud(), Euler(0.25), until=0.5, observers=[parts])
    evolve(flow, middle, Euler(0.25), until=1.0, time=0.5, observers=[parts], **given)
    assert parts.times.tolist() == whole.times.tolist()
    assert parts["mean"].tolist() == whole["mean"].tolist()
    if given:
        assert parts.steps.tolist() == whole.steps.tolist()


def test_trace_handed_to_two_schedules_records_a_state_once() -> None:
    """Assert that one trace under two schedules holds each state that one of them asks for, in order."""
    trace = mean_trace()
    evolve(
        *(Clock(lambda time: 1.0), small_cloud(), Euler(0.25)),
        until=1.5,
        observers=[Every(2, trace), Every(3, trace)],
    )
    assert trace.steps.tolist() == [0, 2, 3, 4, 6]


def test_empty_trace_has_empty_columns() -> None:
    """Assert that before the first state everything is there and empty."""
    trace = Trace(mass=lambda cloud: cloud.masses.sum())
    assert len(trace) == len(trace["mass"]) == len(trace.steps) == len(trace.times) == 0


def test_name_not_in_the_trace_is_refused() -> None:
    """Assert that a name that was not recorded is refused with the names that were."""
    with pytest.raises(KeyError, match="The trace holds risk, movement, not 'loss'"):
        Trace(risk=lambda cloud: cloud.masses.sum(), movement=lambda cloud: cloud.masses.sum())["loss"]


def test_trace_of_nothing_is_refused() -> None:
    """Assert that a trace without observables is refused with how to name one."""
    with pytest.raises(ValueError, match=r"Trace was given nothing to record; .* as in Trace\(risk=risk\)"):
        Trace()


def test_observable_that_fails_leaves_the_trace_whole() -> None:
    """Assert that a failing observable adds neither a step nor the values of the others."""

    def fail(cloud: ParticleCloud) -> float:
        """Fail."""
        raise ArithmeticError("no value")

    trace = Trace(mass=lambda cloud: cloud.masses.sum(), broken=fail)
    with pytest.raises(ArithmeticError, match="no value"):
        trace(0, 0.0, small_cloud())
    assert len(trace) == len(trace["mass"]) == 0
