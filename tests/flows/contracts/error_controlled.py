"""The contract of integrators that choose their own steps, as functions of the member.

A new member adds one line to ADAPTIVE. Each check asserts with a sentence, and test_adaptive.py shows that each rejects
a planted error.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pytest
import torch

import flows
from flows import (
    BDF,
    RK4,
    Chebyshev,
    DormandPrince,
    Every,
    Exponential,
    Flow,
    GradientFlow,
    Integrator,
    LangevinFlow,
    StepNoise,
    Trace,
    evolve,
)
from flows.integrators.error_controlled.automatic_explicit import Explicit
from particles import NTK, FlowRefused, ParticleCloud, ToleranceNotReached
from particles.shapes import Positions, Velocity
from tests.flows.contracts import members
from tests.flows.contracts.members import Make
from tests.problems import ATTRACTIONS, CurvedAttraction, MeanAttraction, network_cloud, network_risk, small_cloud


@dataclass(frozen=True)
class Adaptive:
    """An integrator by its relative tolerance, and the power of the tolerance that its final error is to follow.

    With steps from a local error of size h^q and a method of order p the final error goes as rtol^(p / q), measured
    from 1e-4 to `tight`; None where it is not one method at every tolerance. Members that take velocities only are also
    put on flows without a risk.
    """

    make: Callable[[float], Integrator[Any]]
    slope: float | None
    any_flow: bool = True
    tight: float = 1e-8

    @property
    def problems(self) -> list["Problem"]:
        """What it is put on."""
        return PROBLEMS if self.any_flow else PROBLEMS[:1]


@dataclass(frozen=True, eq=False)
class Problem:
    """A flow, where it starts and how long it runs."""

    flow: Flow
    start: ParticleCloud
    until: float

    def at(self, time: float) -> Positions:
        """Where the cloud is: by a formula, or at eighths of the run by RK4 in 800 steps, right to 1e-9."""
        if isinstance(self.flow, MeanAttraction | CurvedAttraction):
            return self.flow.exact(self.start, time)
        return self._path[round(8.0 * time / self.until)].positions

    @cached_property
    def _path(self) -> list[ParticleCloud]:
        seen: list[ParticleCloud] = []
        keep = Every(100, lambda step, time, cloud: seen.append(cloud))
        evolve(self.flow, self.start, RK4(self.until / 800.0), until=self.until, observers=[keep])
        return seen

    @cached_property
    def moved(self) -> float:
        """How far the cloud moves."""
        return float((self.at(self.until) - self.start.positions).norm())

    def off(self, cloud: ParticleCloud, time: float) -> float:
        """|error of these positions| / |distance moved|."""
        return float((cloud.positions - self.at(time)).norm()) / self.moved


PROBLEMS = [
    Problem(GradientFlow(network_risk(NTK())), network_cloud(), 40.0),
    *(Problem(flow, small_cloud(), 2.0) for flow in ATTRACTIONS),
]


ADAPTIVE: dict[str, Adaptive] = {
    "Adaptive": Adaptive(flows.Adaptive, slope=None, any_flow=False),
    "BDF": Adaptive(BDF, slope=0.85, any_flow=False),
    "DormandPrince": Adaptive(DormandPrince, slope=1.0),
    "Exponential": Adaptive(Exponential, slope=1.0, any_flow=False),
    "Explicit": Adaptive(Explicit, slope=1.0),
    "Chebyshev": Adaptive(Chebyshev, slope=1.0, tight=1e-6),
}


def final_error(member: Adaptive, problem: Problem, rtol: float) -> float:
    """The error at the end of a run."""
    return problem.off(evolve(problem.flow, problem.start, member.make(rtol), until=problem.until), problem.until)


def check_tolerance(member: Adaptive) -> None:
    """The final error is below a multiple of the tolerance, and falls with it at the rate claimed.

    Local errors add up, and steps stop growing before they are as long as a loose tolerance allows: hence the room of a
    quarter in the rate. An integrator that does not heed its tolerance has rate zero.
    """
    for problem in member.problems:
        loose, tight = (final_error(member, problem, rtol) for rtol in (1e-4, member.tight))
        name = type(problem.flow).__name__
        assert loose < 1e-3, f"{name} ends {loose:.2e} off at rtol 1e-4"
        assert tight < 10.0 * member.tight, f"{name} ends {tight:.2e} off at rtol {member.tight}"
        slope = math.log(loose / tight) / math.log(1e-4 / member.tight)
        assert member.slope is None or abs(slope - member.slope) < 0.25, (
            f"the error of {name} falls as rtol^{slope:.2f}"
        )


def check_shared_contract(member: Adaptive) -> None:
    """What every integrator does: write into nothing, rest at rest, keep masses."""
    make: Make = lambda _: member.make(1e-6)
    members.check_fixed_points(make)
    if member.any_flow:
        members.check_inputs_unwritten(make)
        members.check_masses_kept(make)


def check_dtype_and_device(member: Adaptive, device: torch.device | None = None) -> None:
    """float32 stays float32 where it is, and ends within the tolerance of where float64 ends."""
    for problem in member.problems:
        start = problem.start.to(device=device, dtype=torch.float32)
        end = evolve(problem.flow, start, member.make(1e-3), until=problem.until)
        assert (end.dtype, end.device) == (torch.float32, start.device), f"float32 became {end.dtype} on {end.device}"
        assert end.masses.dtype == torch.float32, "the masses' dtype changed"
        off = problem.off(end.to(device="cpu", dtype=torch.float64), problem.until)
        assert off < 1e-2, f"in float32 the run ends {off:.2e} off"


def check_numbering(member: Adaptive) -> None:
    """Numbering the particles otherwise changes the result by less than the tolerance allows.

    Not to the bit: sums run in another order, and the search for a spectral radius begins with numbered noise.
    """
    order = torch.tensor([3, 0, 4, 1, 2, 5])
    for problem in member.problems:
        shuffle = order[order < problem.start.count]
        shuffled = ParticleCloud(problem.start.positions[shuffle], problem.start.masses[shuffle])
        end = evolve(problem.flow, problem.start, member.make(1e-6), until=problem.until)
        other = evolve(problem.flow, shuffled, member.make(1e-6), until=problem.until)
        off = float((other.positions - end.positions[shuffle]).norm()) / problem.moved
        assert off < 1e-5, f"numbered otherwise the run ends {off:.2e} off"


def check_observed_times(member: Adaptive) -> None:
    """Observers see the times they ask for, to the tolerance, and being observed changes no bit of the run."""
    for problem in member.problems:
        seen: list[tuple[float, ParticleCloud]] = []
        part = problem.until / 8.0
        keep = Every(time=part, observer=lambda step, time, cloud, seen=seen: seen.append((time, cloud)))
        end = evolve(problem.flow, problem.start, member.make(1e-6), until=problem.until, observers=[keep])
        alone = evolve(problem.flow, problem.start, member.make(1e-6), until=problem.until)
        assert torch.equal(end.positions, alone.positions), "being observed changes the run"
        assert [time for time, _ in seen] == [part * count for count in range(9)], "other times are seen"
        for time, cloud in seen[1:]:
            off = problem.off(cloud, time)
            assert off < 1e-4, f"{type(problem.flow).__name__} is {off:.2e} off at the time {time}, inside a step"


def check_ends(member: Adaptive) -> None:
    """Times increase, a run ends at `until` to the bit, and never with a sliver of a step."""
    for until in (0.3, 1.0, 1e-9, 7.0):
        trace = Trace(mass=lambda cloud: cloud.masses.sum())
        evolve(PROBLEMS[0].flow, PROBLEMS[0].start, member.make(1e-6), until=until, observers=[trace])
        steps = [after - before for before, after in zip(trace.times, trace.times[1:], strict=False)]
        assert trace.times[-1] == until, f"the run ends at {trace.times[-1]!r} instead of {until!r}"
        assert min(steps) > 0.0, "time stands still"
        assert len(steps) < 2 or steps[-1] > 0.1 * steps[-2], f"the last step is a sliver of {steps[-1]:.2e}"


@dataclass(frozen=True)
class Counted:
    """A flow that counts how often it is asked for a velocity."""

    flow: Flow
    asked: list[float] = field(default_factory=list)

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """The flow's."""
        self.asked.append(time)
        return self.flow.velocity(cloud, time)


@dataclass(frozen=True, eq=False)
class Kept:
    """Where a run driven by hand is."""

    time: float
    cloud: ParticleCloud
    state: Any
    steps: int = 0


def driven(integrator: Integrator[Any], flow: Flow, kept: Kept, until: float) -> list[Kept]:
    """Every state from this one on, by hand."""
    seen = [kept]
    while seen[-1].time < until:
        last = seen[-1]
        taken = integrator.step(flow, last.cloud, last.state, last.time, until, StepNoise(0, last.steps))
        seen.append(Kept(taken.time, taken.cloud, taken.state, last.steps + 1))
    return seen


def check_state_continues(member: Adaptive) -> None:
    """Whoever keeps time, cloud and state continues with the bits of the uninterrupted run."""
    for problem in member.problems:
        integrator = member.make(1e-4)
        first = Kept(0.0, problem.start, integrator.init(problem.flow, problem.start))
        whole = driven(integrator, problem.flow, first, problem.until)
        again = driven(integrator, problem.flow, whole[len(whole) // 2], problem.until)
        assert torch.equal(again[-1].cloud.positions, whole[-1].cloud.positions), "a kept state continues otherwise"


def check_resume(member: Adaptive) -> None:
    """A run resumed by `evolve` starts its step control anew and ends within the tolerance of the uninterrupted one."""
    for problem in member.problems:
        half = evolve(problem.flow, problem.start, member.make(1e-6), until=0.5 * problem.until)
        resumed = {"until": problem.until, "time": 0.5 * problem.until, "index": 9}
        off = problem.off(evolve(problem.flow, half, member.make(1e-6), **resumed), problem.until)
        assert off < 1e-4, f"the resumed run ends {off:.2e} off"


def check_work(member: Adaptive) -> None:
    """The state says how many velocities the run has cost, and how many steps were accepted."""
    flow, integrator = Counted(MeanAttraction()), member.make(1e-4)
    last = driven(integrator, flow, Kept(0.0, small_cloud(), integrator.init(flow, small_cloud())), 2.0)[-1]
    work = last.state.work
    assert (work.velocities, work.accepted) == (len(flow.asked), last.steps), f"{work} for {last.steps} steps"


def check_noise_refused(member: Adaptive) -> None:
    """A noisy flow is refused at the door."""
    with pytest.raises(FlowRefused, match="handles transport, but LangevinFlow also has noise"):
        evolve(LangevinFlow(network_risk(), 0.1), network_cloud(), member.make(1e-4), until=1.0)


@dataclass(frozen=True)
class BlowUp:
    """d theta / dt = theta^2, which from 1 reaches infinity at time 1."""

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """theta^2."""
        return cloud.positions.square()


def check_unreachable(member: Adaptive) -> None:
    """Where no step is short enough the run says so, with step, time and reason, instead of creeping on."""
    start = ParticleCloud(torch.ones(3, 2, dtype=torch.float64))
    with pytest.raises(
        ToleranceNotReached, match=r"at step \d+, time (1|0.99)\S*: even with a step of .* loosen"
    ) as caught:
        evolve(BlowUp(), start, member.make(1e-4), until=2.0)
    assert abs(caught.value.time - 1.0) < 1e-2, f"it gives up at time {caught.value.time}"


CHECKS: list[Callable[[Adaptive], None]] = [
    check_tolerance,
    check_shared_contract,
    check_dtype_and_device,
    check_numbering,
    check_observed_times,
    check_ends,
    check_state_continues,
    check_resume,
    check_noise_refused,
]
#: For members that take any flow.
VELOCITY_CHECKS: list[Callable[[Adaptive], None]] = [check_work, check_unreachable]
