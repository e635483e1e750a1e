"""Stopping at a level, at rest and by the clock."""

import math

import pytest
import torch

from flows import RK4, Every, GradientFlow, StopAbove, StopAfter, StopBelow, StopStationary, Trace, evolve, speed
from particles import MeanField, ParticleCloud, ShapeError
from tests.problems import Clock, Decay, Still, network_cloud, network_risk, small_cloud
from tests.tolerances import DERIVATIVE, assert_identical


def test_speed_is_mass_weighted() -> None:
    """Assert that the speed is sqrt(sum_j lambda_j |v_j|^2) of the flow's velocity at this time."""
    cloud, moment = small_cloud(), 0.7
    flow = Clock(math.exp)
    assert_identical(speed(flow, cloud, moment), torch.tensor(math.exp(moment) * math.sqrt(2.0), dtype=torch.float64))
    decay = cloud.masses @ cloud.positions.square().sum(dim=1)
    assert_identical(speed(Decay(), cloud), decay.sqrt())
    flat = ParticleCloud(cloud.positions)
    assert float(speed(Decay(), cloud)) != pytest.approx(float(speed(Decay(), flat)), rel=1e-3)


def test_squared_speed_is_what_the_risk_loses_under_mean_field() -> None:
    """Assert that dR/dt = -speed^2 along the mean-field flow, by a central difference."""
    risk, small = network_risk(MeanField()), 1e-4
    flow = GradientFlow(risk)
    middle = evolve(flow, network_cloud(), RK4(small), until=small)
    end = evolve(flow, middle, RK4(small), until=small)
    rate = float(risk(end) - risk(network_cloud())) / (2.0 * small)
    assert abs(rate / -(float(speed(flow, middle)) ** 2) - 1.0) < DERIVATIVE


@pytest.mark.parametrize(("value", "stops"), [(0.99, True), (1.0, False), (1.01, False), (math.nan, False)])
def test_stop_below_is_strict(value: float, stops: bool) -> None:
    """Assert that a run is stopped below the level, not at it, and not by NaN."""
    observable = StopBelow(lambda cloud: torch.tensor(value, dtype=torch.float64), 1.0)
    assert observable(3, 0.3, small_cloud()) is stops


@pytest.mark.parametrize(("value", "stops"), [(1.01, True), (1.0, False), (0.99, False), (math.nan, False)])
def test_stop_above_is_strict(value: float, stops: bool) -> None:
    """Assert that a run is stopped above the level, not at it, and not by NaN."""
    observable = StopAbove(lambda cloud: torch.tensor(value, dtype=torch.float64), 1.0)
    assert observable(3, 0.3, small_cloud()) is stops


def test_run_stops_above_a_level() -> None:
    """Assert that growing features stop at the first step at which the observable is above the level."""
    trace = Trace(time=lambda cloud: cloud.positions[0, 0])
    stop = StopAbove(lambda cloud: -cloud.positions[0, 0], -0.5)
    start = ParticleCloud(torch.ones(1, 1, dtype=torch.float64))
    evolve(Decay(), start, RK4(0.125), until=9.0, observers=[trace, stop])
    assert trace["time"][-1] < 0.5 <= trace["time"][-2]
    assert trace.times[-1] == 0.75  # exp(-t) passes 1/2 at log 2 = 0.69


@pytest.mark.parametrize("kind", [StopBelow, StopAbove])
def test_a_level_is_of_one_number(kind: type[StopBelow | StopAbove]) -> None:
    """Assert that an observable of several numbers is refused with the name of the observer."""
    with pytest.raises(ShapeError, match="needs an observable of one number, but it gave 2; reduce"):
        kind(lambda cloud: torch.zeros(2), 0.0)(0, 0.0, small_cloud())


def test_run_stops_at_rest() -> None:
    """Assert that d theta / dt = -theta stops at the first step after its speed has fallen below the level."""
    start, level = small_cloud(), 0.1
    trace = Trace(speed=lambda cloud: speed(Decay(), cloud))
    evolve(Decay(), start, RK4(0.05), until=20.0, observers=[trace, StopStationary(Decay(), below=level)])
    expected = math.ceil(math.log(float(speed(Decay(), start)) / level) / 0.05)
    assert len(trace) == expected + 1
    assert trace["speed"][-1] < level <= trace["speed"][-2]


def test_velocity_is_taken_at_the_time_of_the_state() -> None:
    """Assert that a flow that ceases in time stops when it has ceased."""
    flow, trace = Clock(lambda time: 1.0 if time < 2.0 else 0.0), Trace(mass=lambda cloud: cloud.masses.sum())
    evolve(flow, small_cloud(), RK4(0.25), until=9.0, observers=[trace, StopStationary(flow, 0.5)])
    assert trace.times[-1] == 2.0


def test_cloud_at_rest_stops_at_once() -> None:
    """Assert that a flow that moves nothing ends at the start, and inside Every too."""
    for observer in (StopStationary(Still(), 1e-9), Every(3, StopStationary(Still(), 1e-9))):
        trace = Trace(mass=lambda cloud: cloud.masses.sum())
        evolve(Still(), small_cloud(), RK4(0.1), until=5.0, observers=[trace, observer])
        assert trace.times.tolist() == [0.0]


class Hands:
    """A clock that moves on by a second whenever it is read."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def test_run_stops_when_the_time_is_up() -> None:
    """Assert that the clock starts at the first state seen and stops the run at the first one after the limit, which
    is handed on."""
    trace = Trace(mass=lambda cloud: cloud.masses.sum())
    end = evolve(Decay(), small_cloud(), RK4(0.5), until=50.0, observers=[trace, StopAfter(4.5, clock=Hands())])
    assert trace.times.tolist() == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]
    whole = evolve(Decay(), small_cloud(), RK4(0.5), until=2.5)
    assert torch.equal(end.positions, whole.positions)


def test_limit_covers_several_runs() -> None:
    """Assert that one limit handed to a second run goes on counting, so that a sweep ends in time."""
    limit = StopAfter(3.0, clock=Hands())
    evolve(Decay(), small_cloud(), RK4(0.5), until=0.5, observers=[limit])
    trace = Trace(mass=lambda cloud: cloud.masses.sum())
    evolve(Decay(), small_cloud(), RK4(0.5), until=50.0, observers=[trace, limit])
    assert len(trace) == 2


def test_real_clock_is_the_default() -> None:
    """Assert that a limit of zero seconds ends a run after one step, by the clock on the wall."""
    trace = Trace(mass=lambda cloud: cloud.masses.sum())
    evolve(Decay(), small_cloud(), RK4(0.5), until=50.0, observers=[trace, StopAfter(0.0)])
    assert trace.steps.tolist() == [0, 1]


@pytest.mark.parametrize("below", [0.0, -1.0, math.inf, math.nan])
def test_impossible_levels_are_refused(below: float) -> None:
    """Assert that a level that nothing falls below, or everything does, is refused."""
    with pytest.raises(ValueError, match="level of StopStationary is .*, but a positive finite number is needed"):
        StopStationary(Still(), below)


@pytest.mark.parametrize("seconds", [-1.0, math.inf, math.nan])
def test_impossible_limits_are_refused(seconds: float) -> None:
    """Assert that a limit before the start, or none, is refused."""
    with pytest.raises(ValueError, match="seconds of StopAfter is .*, but a finite non-negative number is needed"):
        StopAfter(seconds)
