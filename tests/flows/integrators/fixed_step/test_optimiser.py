"""What optimisers share: the step, what decays, and states by particles."""

from dataclasses import replace

import pytest
import torch

from flows import Adam, Euler, GradientFlow, HeavyBall, LangevinFlow, LinearisedFlow, StepBound, evolve
from flows.base import RowState
from flows.integrators.fixed_step.optimiser import share, what_decays
from particles import FlowRefused, MeanField, ParticleCloud
from tests.problems import Decay, network_cloud, network_risk, numbers, small_cloud

MADE = (HeavyBall, Adam)


@pytest.mark.parametrize("make", MADE)
def test_a_step_in_the_call_keeps_the_settings(make: type[HeavyBall] | type[Adam]) -> None:
    """Assert that `evolve(..., step=)` is the step given at once, with weight decay and all else; two are refused."""
    bare, flow = make(weight_decay=0.3), GradientFlow(network_risk())
    assert bare.sized(0.1) == make(0.1, weight_decay=0.3) != make(0.1) and bare.size is None
    ends = [
        evolve(flow, network_cloud(), bare, step=0.1, until=1.0),
        evolve(flow, network_cloud(), make(0.1, weight_decay=0.3), until=1.0),
    ]
    assert torch.equal(ends[0].positions, ends[1].positions)
    with pytest.raises(ValueError, match=f"{make.__name__} has step 0.1 but evolve was given step 0.2; give one"):
        evolve(flow, network_cloud(), make(0.1), step=0.2, until=1.0)
    with pytest.raises(ValueError, match="was given no step"):
        evolve(flow, network_cloud(), make(), until=1.0)


@pytest.mark.parametrize("make", MADE)
def test_a_rule_for_steps_is_refused(make: type[HeavyBall] | type[Adam]) -> None:
    """Assert that a bound by curvature is turned down, for learning rates are not bounded by it."""
    with pytest.raises(TypeError, match=f"{make.__name__} was given a StepBound as step, but a number is needed"):
        evolve(GradientFlow(network_risk()), network_cloud(), make(), step=StepBound(0.5), until=1.0)


@pytest.mark.parametrize("make", MADE)
def test_noisy_flows_are_refused(make: type[HeavyBall] | type[Adam]) -> None:
    """Assert that noise, which no optimiser scales, is turned down at the door."""
    with pytest.raises(FlowRefused, match=f"{make.__name__} handles transport, but LangevinFlow also has noise"):
        evolve(LangevinFlow(network_risk(), 0.1), network_cloud(), make(0.1), until=1.0)


@pytest.mark.parametrize(
    "integrator",
    [HeavyBall(0.1, weight_decay=0.5), Adam(0.1, weight_decay=0.5), Adam(0.1, weight_decay=0.5, decoupled=True)],
)
def test_what_cannot_move_does_not_decay(integrator: HeavyBall | Adam) -> None:
    """Assert that frozen coordinates and particles without mass keep their bits, and everything else decays."""
    masses = torch.tensor([0.5, 0.0, 0.3, 0.2], dtype=torch.float64)
    begin = ParticleCloud(numbers(3, 4, 4), masses)
    still = [0, 2, 3]
    for trained, frozen in (("hidden", slice(3, 4)), ("output", slice(0, 3))):
        risk = network_risk(trained=trained)
        for flow in (GradientFlow(risk), LinearisedFlow(risk, begin)):
            end = evolve(flow, begin, integrator, until=1.0).positions
            plain = evolve(flow, begin, replace_decay(integrator), until=1.0).positions
            assert torch.equal(end[:, frozen], begin.positions[:, frozen])
            assert torch.equal(end[1], begin.positions[1])
            moving = slice(0, 3) if trained == "hidden" else slice(3, 4)
            assert bool((end[still][:, moving] != plain[still][:, moving]).all())


def test_groups_of_rate_zero_do_not_decay() -> None:
    """Assert that where output weights have rate zero they keep their bits, and hidden weights decay."""
    flow = GradientFlow(network_risk(MeanField(rates={"output": 0.0})))
    end = evolve(flow, network_cloud(), Adam(0.1, weight_decay=0.5), until=1.0).positions
    plain = evolve(flow, network_cloud(), Adam(0.1), until=1.0).positions
    assert torch.equal(end[:, 3:], network_cloud().positions[:, 3:])
    assert bool((end[:, :3] != plain[:, :3]).all())


def replace_decay(integrator: HeavyBall | Adam) -> HeavyBall | Adam:
    """The same without weight decay."""
    return type(integrator)(integrator.size)  # type: ignore[arg-type]


def test_what_decays_are_the_groups_that_move() -> None:
    """Assert that what decays are the positions of groups that move, whatever their rate is."""
    cloud, risk = network_cloud(), network_risk(MeanField(rates={"hidden": 0.1, "output": 0.0}))
    expected = cloud.positions.clone()
    expected[:, 3] = 0.0
    assert torch.equal(what_decays(GradientFlow(risk), cloud), expected)


def test_all_coordinates_of_a_flow_without_a_risk_decay() -> None:
    """Assert that a flow that has velocities only says of no coordinate that it is frozen."""
    assert torch.equal(what_decays(Decay(), small_cloud()), small_cloud().positions)


@pytest.mark.parametrize("integrator", [HeavyBall(0.1), Adam(0.1), Adam(0.1, amsgrad=True)])
def test_states_are_parted_and_joined(integrator: HeavyBall | Adam) -> None:
    """Assert that parts have the rows of their members, and joined give the state back; counts are the first one's."""
    cloud, flow = network_cloud(), GradientFlow(network_risk())
    state = integrator.init(flow, cloud)
    for velocity in (flow.velocity(cloud), 2.0 * flow.velocity(cloud)):
        _, state = integrator.descended(flow, cloud, velocity, state, 0.1)  # type: ignore[arg-type]
    assert isinstance(state, RowState) and not isinstance(Euler(0.1).init(flow, cloud), RowState)
    parts = state.parted(3)
    joined = parts[0].joined([parts[0], replace(parts[1], count=7), parts[2]])
    assert [part.count for part in parts] == [2, 2, 2] and joined.count == 2
    for name, value in vars(state).items():
        if isinstance(value, torch.Tensor):
            assert torch.equal(vars(parts[1])[name], value[2:4]) and torch.equal(vars(joined)[name], value)
        else:
            assert vars(joined)[name] == value


def test_shares() -> None:
    """Assert that one is no share."""
    assert share(0.0, "it") == 0.0
    with pytest.raises(ValueError, match="it is 1.0, but a number from 0 to below 1 is needed"):
        share(1.0, "it")
