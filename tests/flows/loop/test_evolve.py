"""The loop: what observers see, where a run stops, ends and resumes, and what is refused at the door."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pytest
import torch

from flows import (
    RK4,
    Advance,
    Euler,
    EulerMaruyama,
    Every,
    Flow,
    Heun,
    LangevinFlow,
    LogSpaced,
    Part,
    StepNoise,
    StopBelow,
    Trace,
    evolve,
)
from particles import FlowDiverged, FlowRefused, ParticleCloud
from particles.shapes import Velocity
from tests.problems import Clock, MeanAttraction, ShakenAttraction, Still, network_cloud, network_risk, small_cloud
from tests.tolerances import assert_identical

State = tuple[int, float, ParticleCloud]


@dataclass
class Seen:
    """An observer that keeps what it is called with, and may ask to stop at a step."""

    stop_at: int = -1
    states: list[State] = field(default_factory=list)

    def __call__(self, step: int, time: float, cloud: ParticleCloud, /) -> bool | None:
        """Keep the state."""
        self.states.append((step, time, cloud))
        return True if step == self.stop_at else None

    @property
    def steps(self) -> list[int]:
        """Step numbers."""
        return [step for step, _, _ in self.states]

    @property
    def times(self) -> list[float]:
        """Times."""
        return [time for _, time, _ in self.states]


@dataclass(frozen=True)
class DenseEuler:
    """Euler with steps of its own choice that knows the cloud between its steps."""

    length: float = 0.37
    order: ClassVar[float] = 1.0
    handles: ClassVar[frozenset[Part]] = frozenset({Part.TRANSPORT})

    def init(self, flow: Flow, cloud: ParticleCloud, time: float = 0.0) -> int:
        """The number of steps taken."""
        return 0

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: int, time: float, until: float, noise: StepNoise
    ) -> Advance[int]:
        """A step and the straight line through it."""
        velocity, reached = flow.velocity(cloud, time), min(time + self.length, until)

        def between(moment: float) -> ParticleCloud:
            return cloud.moved(cloud.positions + (moment - time) * velocity)

        return Advance(reached, between(reached), state + 1, between)


class Written:
    """The gradient flow of the network's risk, written by a user as nothing but a velocity."""

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """The risk's."""
        return network_risk().velocity(cloud)


def test_observers_see_the_start_every_step_and_the_end() -> None:
    """Assert that a plain function is called with steps 0, 1, ..., with the start itself and the cloud returned."""
    seen, start = Seen(), small_cloud()
    end = evolve(MeanAttraction(), start, Euler(), step=0.25, until=1.0, observers=[seen])
    assert seen.steps == [0, 1, 2, 3, 4]
    assert seen.times == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert seen.states[0][2] is start
    assert seen.states[-1][2] is end


def test_observers_are_called_in_their_order_with_the_same_state() -> None:
    """Assert that at every state the first observer comes first."""
    calls: list[tuple[str, int]] = []
    observers = [lambda step, time, cloud, name=name: calls.append((name, step)) for name in ("one", "two")]
    evolve(Still(), small_cloud(), Euler(0.5), until=1.0, observers=observers)
    assert calls == [(name, step) for step in range(3) for name in ("one", "two")]


def test_observers_do_not_change_the_run() -> None:
    """Assert that a noisy run ends in the same bits whoever looks on, and however often."""
    plain = evolve(ShakenAttraction(), small_cloud(), EulerMaruyama(0.1), until=1.0, seed=4)
    watched = evolve(
        ShakenAttraction(), small_cloud(), EulerMaruyama(0.1), until=1.0, seed=4, observers=[Seen(), Every(3, Seen())]
    )
    assert torch.equal(plain.positions, watched.positions)


def test_empty_span_hands_on_the_start_once() -> None:
    """Assert that a run until its own start returns the cloud and shows it once."""
    seen, start = Seen(), small_cloud()
    assert evolve(Still(), start, Euler(0.1), until=0.0, observers=[seen, Every(5, seen)]) is start
    assert seen.steps == [0, 0]


def test_every_and_log_spaced_see_the_first_and_the_last_state_once() -> None:
    """Assert that thinned observers see start and end though neither is due, and never the same state twice."""
    every, timed, logged = Seen(), Seen(), Seen()
    observers = [Every(4, every), Every(time=0.35, observer=timed), LogSpaced(0.2, 0.6, 3, logged)]
    evolve(Still(), small_cloud(), Euler(0.1), until=1.0, observers=observers)
    assert every.steps == [0, 4, 8, 10]
    assert timed.steps == [0, 4, 7, 10]
    assert logged.steps == [0, 2, 4, 6, 10]


def test_last_state_that_is_due_is_seen_once() -> None:
    """Assert that an end that is due anyway is not handed on again."""
    every, timed, logged = Seen(), Seen(), Seen()
    observers = [Every(5, every), Every(time=0.5, observer=timed), LogSpaced(0.1, 1.0, 2, logged)]
    evolve(Still(), small_cloud(), Euler(0.1), until=1.0, observers=observers)
    assert every.steps == [0, 5, 10]
    assert timed.steps == [0, 5, 10]
    assert logged.steps == [0, 1, 10]


def test_stop_ends_the_run_at_that_step_and_all_others_still_see_it() -> None:
    """Assert that the cloud of the stopping step is returned, and shown to observers before and after, due or not."""
    before, stopper, after, thinned = Seen(), Seen(stop_at=3), Seen(), Seen()
    observers = [before, stopper, after, Every(100, thinned)]
    end = evolve(MeanAttraction(), small_cloud(), Euler(0.1), until=1.0, observers=observers)
    assert before.steps == stopper.steps == after.steps == [0, 1, 2, 3]
    assert thinned.steps == [0, 3]
    assert thinned.states[-1][2] is end


def test_stop_at_the_start_moves_nothing() -> None:
    """Assert that an observer may stop the run at the state it starts from."""
    start, seen = small_cloud(), Seen(stop_at=0)
    assert evolve(MeanAttraction(), start, Euler(0.1), until=1.0, observers=[seen, seen]) is start
    assert seen.steps == [0, 0]


def test_thinned_observer_may_stop_the_run() -> None:
    """Assert that an answer passes through `Every` and is asked for only when due."""
    stopper = Seen(stop_at=6)
    evolve(Still(), small_cloud(), Euler(0.1), until=1.0, observers=[Every(3, stopper)])
    assert stopper.steps == [0, 3, 6]


def test_stop_below_stops_at_the_first_step_below_the_level() -> None:
    """Assert that a run stops where the risk first falls below the level, and not one step later."""
    risk, level = network_risk(), 0.5
    trace = Trace(risk=risk)
    evolve(Written(), network_cloud(), Euler(0.1), until=8.0, observers=[trace])
    first = int(np.argmax(trace["risk"] < level))
    assert 1 < first < len(trace) - 1
    stopped = Trace(risk=risk)
    evolve(Written(), network_cloud(), Euler(0.1), until=8.0, observers=[StopBelow(risk, level), stopped])
    assert stopped.steps.tolist() == list(range(first + 1))


def test_flow_written_by_a_user_needs_a_velocity_only() -> None:
    """Assert that an object without base class or other methods is evolved, by Euler-Maruyama too."""
    for integrator in (Euler(0.25), Heun(0.25), RK4(0.25), EulerMaruyama(0.25)):
        end = evolve(Clock(lambda time: 3.0), small_cloud(), integrator, until=1.0)
        assert_identical(end.positions, small_cloud().positions + 3.0)


def test_dense_output_gives_exact_times() -> None:
    """Assert that an integrator that knows the cloud between its steps is read at exact multiples of the time, with
    the cloud of that time and the number of the step it lies in."""
    timed, plain = Seen(), Seen()
    end = evolve(
        Clock(lambda time: 1.0),
        small_cloud(),
        DenseEuler(),
        until=1.0,
        observers=[Every(time=0.1, observer=timed), plain],
    )
    assert timed.times == [0.0, *(count * 0.1 for count in range(1, 11))]
    assert timed.steps == [0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3]
    for _, time, cloud in timed.states:
        assert_identical(cloud.positions, small_cloud().positions + time)
    assert plain.steps == [0, 1, 2, 3]
    assert_identical(end.positions, small_cloud().positions + 1.0)


def test_dense_output_never_goes_beyond_the_step() -> None:
    """Assert that a multiple that is the end of a step but for rounding is handed on under the step's own time: 0.3,
    though 3 * 0.1 is more, so that the last state can be resumed from."""
    timed = Seen()
    end = evolve(Still(), small_cloud(), DenseEuler(), until=0.3, observers=[Every(time=0.1, observer=timed)])
    assert timed.times == [0.0, 0.1, 0.2, 0.3]
    assert timed.states[-1][2] is end


def test_dense_output_gives_exact_log_spaced_times() -> None:
    """Assert that LogSpaced is read at its own times, and sees start and end besides."""
    logged = Seen()
    evolve(Still(), small_cloud(), DenseEuler(), until=1.0, observers=[LogSpaced(0.01, 0.64, 4, logged)])
    assert logged.times == [0.0, *np.geomspace(0.01, 0.64, 4).tolist(), 1.0]


def test_stop_inside_a_dense_step_ends_the_run_with_that_step() -> None:
    """Assert that a stop asked for between two steps is heeded at the end of the step, where all others see it."""
    stopper, plain = Seen(stop_at=2), Seen()
    end = evolve(Still(), small_cloud(), DenseEuler(), until=1.0, observers=[Every(time=0.1, observer=stopper), plain])
    assert plain.steps == [0, 1, 2]
    assert plain.states[-1][2] is end
    assert stopper.times[-1] == plain.times[-1]


SCHEDULES: list[Callable[[Seen], object]] = [
    lambda seen: seen,
    lambda seen: Every(3, seen),
    lambda seen: Every(time=0.25, observer=seen),
    lambda seen: LogSpaced(0.1, 1.2, 6, seen),
]


@pytest.mark.parametrize("cut", [1, 4, 7, 12, 13])
@pytest.mark.parametrize("schedule", SCHEDULES, ids=["all", "steps", "time", "log"])
def test_resumed_run_hands_on_what_the_uninterrupted_one_does(schedule: Callable[[Seen], Seen], cut: int) -> None:
    """Assert that the states after a recorded one are handed on again with the same steps, times and bits, and that
    one itself is not; resumed at the very end, nothing is handed on."""
    whole, everything, rest = Seen(), Seen(), Seen()
    flow, integrator = ShakenAttraction(), EulerMaruyama(0.1)
    evolve(flow, small_cloud(), integrator, until=1.25, seed=6, observers=[schedule(whole), everything])
    step, time, cloud = everything.states[cut]
    evolve(flow, cloud, integrator, until=1.25, seed=6, time=time, index=step, observers=[schedule(rest)])
    expected = [state for state in whole.states if state[0] > step]
    assert [state[:2] for state in rest.states] == [state[:2] for state in expected]
    for (_, _, resumed), (_, _, direct) in zip(rest.states, expected, strict=True):
        assert torch.equal(resumed.positions, direct.positions)


def test_run_may_start_at_any_time() -> None:
    """Assert that with a time but no index a run is a new one: its start is handed on as step 0."""
    seen = Seen()
    evolve(Still(), small_cloud(), Euler(0.25), until=2.0, time=1.5, observers=[seen])
    assert (seen.steps, seen.times) == ([0, 1, 2], [1.5, 1.75, 2.0])


def test_every_counts_multiples_before_time_zero() -> None:
    """Assert that a run from a negative time is thinned at multiples too, and that its start is seen once."""
    seen = Seen()
    evolve(Still(), small_cloud(), Euler(0.25), until=0.5, time=-1.0, observers=[Every(time=0.5, observer=seen)])
    assert seen.times == [-1.0, -0.5, 0.0, 0.5]


@dataclass(frozen=True)
class Exploding:
    """Two of the five particles become infinite after time 0.25."""

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """Zero, then infinite."""
        velocity = torch.zeros_like(cloud.positions)
        if time > 0.25:
            velocity[1], velocity[3, 1] = math.inf, math.nan
        return velocity


def test_divergence_is_told_with_step_time_and_count() -> None:
    """Assert that the first cloud that is not finite raises FlowDiverged and is shown to nobody."""
    seen = Seen()
    sentence = r"The flow diverged at step 4, time 0.4: 2 of 5 particles are not finite; take a smaller step or a"
    with pytest.raises(FlowDiverged, match=sentence) as caught:
        evolve(Exploding(), small_cloud(), Euler(0.1), until=1.0, observers=[seen])
    assert (caught.value.step, caught.value.time, caught.value.particles) == (4, 0.4, 2)
    assert seen.steps == [0, 1, 2, 3]


def test_divergence_of_a_resumed_run_counts_its_steps_from_the_first_run() -> None:
    """Assert that the step told is the one of the whole run."""
    with pytest.raises(FlowDiverged, match="diverged at step 13, time 0.4"):
        evolve(Exploding(), small_cloud(), Euler(0.1), until=1.0, time=0.2, index=11)


def test_too_large_a_step_diverges_with_a_sentence() -> None:
    """Assert that Euler far beyond its stability bound ends in FlowDiverged, not in a cloud of NaN."""
    with pytest.raises(FlowDiverged, match="particles are not finite"):
        evolve(MeanAttraction(), small_cloud(), Euler(50.0), until=50.0 * 400)


@pytest.mark.parametrize("integrator", [Euler(0.1), Heun(0.1), RK4(0.1)], ids=str)
def test_noisy_flow_is_refused_by_integrators_without_noise(integrator: Euler | Heun | RK4) -> None:
    """Assert that a flow with noise is refused at the door, with what came and what is handled."""
    name, seen = type(integrator).__name__, Seen()
    with pytest.raises(FlowRefused, match=f"{name} handles transport, but LangevinFlow also has noise; take an"):
        evolve(LangevinFlow(network_risk(), 0.1), network_cloud(), integrator, until=1.0, observers=[seen])
    assert seen.states == []


def test_flow_with_growth_is_refused() -> None:
    """Assert that growth is refused by an integrator that handles transport and noise."""

    class Growing(MeanAttraction):
        """Masses that grow."""

        def growth(self, cloud: ParticleCloud, time: float) -> torch.Tensor:
            """Zero."""
            return torch.zeros_like(cloud.masses)

    with pytest.raises(FlowRefused, match="EulerMaruyama handles noise and transport, but Growing also has growth"):
        evolve(Growing(), small_cloud(), EulerMaruyama(0.1), until=1.0)


def test_object_without_velocity_is_refused(without_shape_checks: None) -> None:
    """Assert that something that is no flow is refused with what is needed."""
    with pytest.raises(TypeError, match=r"given {} as flow, but a Flow is needed; .* an object with velocity\(cloud"):
        evolve({}, small_cloud(), Euler(0.1), until=1.0)


@pytest.mark.parametrize(
    ("time", "until"), [(1.0, 0.5), (0.0, -1.0), (0.0, math.inf), (0.0, math.nan), (math.nan, 1.0), (-math.inf, 1.0)]
)
def test_span_that_cannot_be_is_refused(time: float, until: float) -> None:
    """Assert that an end before the start or a time that is not finite is refused."""
    with pytest.raises(
        ValueError,
        match="The (run goes from time .*, but a finite span forward|time .* is .*, but a finite number) is needed",
    ):
        evolve(Still(), small_cloud(), Euler(0.1), until=until, time=time)


def test_missing_step_is_refused_before_anybody_looks() -> None:
    """Assert that an integrator without a step is refused with how to give one, and no observer is called."""
    seen = Seen()
    with pytest.raises(ValueError, match=r"Heun was given no step; write Heun\(step=0.1\) or evolve\(..., step=0.1\)"):
        evolve(Still(), small_cloud(), Heun(), until=1.0, observers=[seen])
    assert seen.states == []


def test_two_different_steps_are_refused() -> None:
    """Assert that a step in the integrator and another in the call are refused."""
    with pytest.raises(ValueError, match=r"RK4 has step 0.1 but evolve was given step 0.2; give one of them"):
        evolve(Still(), small_cloud(), RK4(0.1), until=1.0, step=0.2)


def test_same_step_twice_is_taken() -> None:
    """Assert that the same step in both places is no contradiction, and that the call's step alone will do."""
    for integrator in (Euler(0.5), Euler()):
        seen = Seen()
        evolve(Still(), small_cloud(), integrator, until=1.0, step=0.5, observers=[seen])
        assert seen.times == [0.0, 0.5, 1.0]


def test_step_for_an_integrator_that_chooses_its_own_is_refused() -> None:
    """Assert that a step is refused by name where the integrator has none."""
    with pytest.raises(TypeError, match="DenseEuler chooses its own steps; leave step=0.1 out"):
        evolve(Still(), small_cloud(), DenseEuler(), until=1.0, step=0.1)


@pytest.mark.parametrize("index", [-1, 1.0, "2", True])
def test_index_that_is_no_number_of_steps_is_refused(index: int, without_shape_checks: None) -> None:
    """Assert that a run cannot continue after a negative or fractional number of steps."""
    with pytest.raises(ValueError, match=f"the number of steps taken, is {index!r}, but a non-negative integer"):
        evolve(Still(), small_cloud(), Euler(0.1), until=1.0, index=index)


def test_index_from_numpy_is_taken(without_shape_checks: None) -> None:
    """Assert that a step number read from a file is as good as a plain integer."""
    seen = Seen()
    evolve(Still(), small_cloud(), Euler(0.5), until=1.0, time=0.5, index=np.int64(1), observers=[seen])
    assert seen.steps == [2]


def test_seeds_give_different_runs_and_the_same_seed_the_same() -> None:
    """Assert that the seed alone decides the noise."""
    ends = [
        evolve(ShakenAttraction(), small_cloud(), EulerMaruyama(0.1), until=1.0, seed=seed).positions
        for seed in (0, 0, 1)
    ]
    assert torch.equal(ends[0], ends[1])
    assert float((ends[0] - ends[2]).abs().min()) > 0.0


def test_global_generators_are_left_alone(without_shape_checks: None) -> None:
    """Assert that a noisy run neither reads nor moves the global generators of torch, numpy and random.

    Without shape checks, since the checker of types draws from `random` to pick items.
    """
    before = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
    first = evolve(ShakenAttraction(), small_cloud(), EulerMaruyama(0.1), until=1.0)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.random.get_state()[1].tolist() == before[1]
    assert random.getstate() == before[2]
    torch.rand(5), np.random.rand(5), random.random()
    again = evolve(ShakenAttraction(), small_cloud(), EulerMaruyama(0.1), until=1.0)
    assert torch.equal(first.positions, again.positions)
