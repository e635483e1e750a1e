"""The contracts of integrators and flows: what every member of a family must do, as functions of the member.

A new member adds one line to INTEGRATORS or FLOWS. Each check asserts with a sentence, and test_planted.py shows that
each rejects a planted error.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import torch
from scipy.linalg import expm
from torch import Tensor

from flows import (
    RK4,
    Adam,
    Box,
    Checkpoint,
    Euler,
    EulerMaruyama,
    Flow,
    GradientFlow,
    GrowthSplitting,
    HeavyBall,
    Heun,
    Integrator,
    LangevinFlow,
    LeimkuhlerMatthews,
    LinearSplitting,
    MinibatchFlow,
    NTKFlow,
    Online,
    Part,
    StepNoise,
    Trace,
    Walled,
    evolve,
)
from particles import L2, NTK, Dataset, Lazy, Linear, MeanField, ParticleCloud, Risk
from particles.shapes import Positions, Velocity
from tests.problems import (
    ATTRACTIONS,
    FACTORS,
    MeanAttraction,
    ShakenAttraction,
    factors,
    network_cloud,
    network_risk,
    numbers,
    small_cloud,
    written_out_gradient,
)
from tests.tolerances import DERIVATIVE, LINEAR_NEURONS, ORDER, SINGLE, assert_identical, relative_error

#: From a step to an integrator with that step.
Make: TypeAlias = Callable[[float], Integrator[Any]]
#: From a risk to a flow of it.
FlowOf: TypeAlias = Callable[[Risk], Flow]


def grown_heun(step: float) -> GrowthSplitting:
    """The splitting of growth and transport, on flows without growth."""
    return GrowthSplitting(Heun(step))


def walled_euler(step: float) -> Walled:
    """Euler between walls that are not met."""
    return Walled(Euler(step), Box(-50.0, 50.0))


def ball_without_momentum(step: float) -> HeavyBall:
    """A heavy ball that remembers nothing."""
    return HeavyBall(step, momentum=0.0)


def nesterov_ball(step: float) -> HeavyBall:
    """A heavy ball that looks ahead."""
    return HeavyBall(step, nesterov=True)


def largest_adam(step: float) -> Adam:
    """Adam with the largest squares."""
    return Adam(step, (0.5, 0.9), amsgrad=True)


INTEGRATORS: list[Make] = [Euler, Heun, RK4, EulerMaruyama, LeimkuhlerMatthews, LinearSplitting, grown_heun]
INTEGRATORS += [ball_without_momentum, walled_euler]
#: Those that go to another flow than the one given, which is tested where they are, and remember more than the cloud:
#: their runs go on from checkpoints only.
OPTIMISERS: list[Make] = [HeavyBall, nesterov_ball, Adam, largest_adam]
#: Those that claim a strong order; the other noisy ones claim one of laws, tested where they are.
STRONG: list[Make] = [EulerMaruyama]


def measured_order(make: Make, flow: MeanAttraction, until: float = 1.5) -> float:
    """Order at the last refinement, 64 to 128 steps, against the known solution."""
    start, errors = small_cloud(), []
    for steps in (64, 128):
        end = evolve(flow, start, make(until / steps), until=until)
        errors.append(relative_error(end.positions, flow.exact(start, until)))
    return math.log2(errors[0] / errors[1])


def check_order(make: Make) -> None:
    """The claimed order on flows that depend on time and interact through the mean."""
    for flow in ATTRACTIONS:
        measured, claimed = measured_order(make, flow), make(1.0).order
        told = f"order {measured:.3f} on {type(flow).__name__}, but {claimed} is claimed"
        assert abs(measured - claimed) < ORDER, told


@dataclass(frozen=True)
class _Keeping:
    """A flow that keeps a copy of everything it was handed and handed out."""

    seen: list[tuple[Tensor, Tensor]] = field(default_factory=list)

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """MeanAttraction's."""
        velocity = MeanAttraction().velocity(cloud, time)
        for tensor in (velocity, cloud.positions, cloud.masses):
            self.seen.append((tensor, tensor.clone()))
        return velocity


def check_inputs_unwritten(make: Make) -> None:
    """Neither the cloud nor a velocity is written to."""
    flow = _Keeping()
    evolve(flow, small_cloud(), make(0.1), until=0.3)
    for tensor, copy in flow.seen:
        assert torch.equal(tensor, copy), "a tensor that was passed in was written to"


def check_fixed_points(make: Make) -> None:
    """A cloud that fits its data stays where it is."""
    risk, start = network_risk(), network_cloud()
    fitted = risk.on(Dataset(risk.data.inputs, risk.predictions(start), risk.data.weights))
    end = evolve(GradientFlow(fitted), start, make(0.1), until=1.0)
    assert relative_error(end.positions, start.positions) < 1e-14, "a cloud at rest moved"


def check_masses_kept(make: Make) -> None:
    """Masses are those of the start, to the bit."""
    start = small_cloud()
    end = evolve(MeanAttraction(), start, make(0.1), until=1.0)
    assert torch.equal(end.masses, start.masses), "masses changed"


def check_dtype_and_device(make: Make, device: torch.device | None = None) -> None:
    """float32 stays float32 where it is, and gives what float64 gives up to its rounding."""
    narrow = small_cloud(torch.float32).to(device=device)
    end = evolve(MeanAttraction(), narrow, make(0.1), until=1.0)
    wide = evolve(MeanAttraction(), narrow.to(dtype=torch.float64), make(0.1), until=1.0)
    assert (end.dtype, end.device) == (torch.float32, narrow.device), f"float32 became {end.dtype} on {end.device}"
    assert end.masses.dtype == torch.float32, "the masses' dtype changed"
    assert relative_error(end.positions.double(), wide.positions) < SINGLE, "float32 and float64 disagree"


def check_permutation(make: Make) -> None:
    """Numbering the particles otherwise numbers the result otherwise, and changes nothing else."""
    start, order = small_cloud(), torch.tensor([3, 0, 4, 1, 2])
    shuffled = ParticleCloud(start.positions[order], start.masses[order])
    for flow in ATTRACTIONS:
        end = evolve(flow, start, make(0.1), until=1.0)
        other = evolve(flow, shuffled, make(0.1), until=1.0)
        assert_identical(other.positions, end.positions[order], claim="the order of the particles matters")


def check_splitting(make: Make) -> None:
    """Two particles of half the mass at one place move as the one did, and so do the others."""
    for flow, start in ((MeanAttraction(), small_cloud()), (GradientFlow(network_risk()), network_cloud())):
        halved = torch.cat([0.5 * start.masses[:1], 0.5 * start.masses[:1], start.masses[1:]])
        split = ParticleCloud(torch.cat([start.positions[:1], start.positions]), halved)
        end = evolve(flow, split, make(0.1), until=1.0).positions
        whole = evolve(flow, start, make(0.1), until=1.0).positions
        assert_identical(end, torch.cat([whole[:1], whole]), claim="splitting a particle changes the flow")


def check_times(make: Make) -> None:
    """Times are multiples of the step to the bit, and a run ends at `until` to the bit, multiple or not."""
    for until, count in ((1.0, 10), (0.3, 3), (1.05, 11)):
        trace = Trace(mass=lambda cloud: cloud.masses.sum())
        evolve(MeanAttraction(), small_cloud(), make(0.1), until=until, observers=[trace])
        expected = [*(step * 0.1 for step in range(count)), until]
        assert trace.times.tolist() == expected, f"times {trace.times.tolist()} instead of {expected}"
        assert trace.steps.tolist() == list(range(count + 1)), "steps are not counted one by one"


def check_resume(make: Make) -> None:
    """A run cut anywhere and resumed from time and step gives the bits of the uninterrupted run.

    The first cut ends its run at 0.7, which is not 7 * 0.1 in floating point.
    """
    noisy = Part.NOISE in make(0.1).handles
    for flow in (MeanAttraction(), ShakenAttraction()) if noisy else (MeanAttraction(),):
        seen: list[tuple[int, float, ParticleCloud]] = []
        whole = evolve(
            flow, small_cloud(), make(0.1), until=1.25, seed=3, observers=[lambda *state, seen=seen: seen.append(state)]
        )
        half = evolve(flow, small_cloud(), make(0.1), until=0.7, seed=3)
        for index, time, cloud in ((7, 0.7, half), seen[3], seen[12]):
            end = evolve(flow, cloud, make(0.1), until=1.25, seed=3, time=time, index=index)
            assert torch.equal(end.positions, whole.positions), f"resumed at {time} the run ends elsewhere"


INTEGRATOR_CHECKS: list[Callable[[Make], None]] = [
    check_order,
    check_inputs_unwritten,
    check_fixed_points,
    check_masses_kept,
    check_dtype_and_device,
    check_permutation,
    check_splitting,
    check_times,
    check_resume,
]


def check_no_order(make: Make) -> None:
    """No order is claimed of what does not go to the flow: halving the step does not halve the way from it."""
    flow, start, apart = MeanAttraction(), small_cloud(), []
    for steps in (512, 1024):
        end = evolve(flow, start, make(1.5 / steps), until=1.5)
        apart.append(relative_error(end.positions, flow.exact(start, 1.5)))
    assert make(1.0).order == 0.0, f"order {make(1.0).order} is claimed"
    assert apart[1] > 0.8 * apart[0], "halving the step brings it nearer to the flow"


def check_resume_from_states(make: Make) -> None:
    """A run resumed from the cloud and state of any step gives the bits of the uninterrupted run; the cloud is not all.

    Nor is the state, as it was handed out, changed by going on from it twice.
    """
    kept: list[Checkpoint[Any]] = []
    flow, start = MeanAttraction(), small_cloud()
    whole = evolve(flow, start, make(0.1), until=1.25, keep=kept.append)
    for checkpoint in (kept[0], kept[3], kept[12], kept[3]):
        end = evolve(flow, start, make(0.1), until=1.25, resume=checkpoint)
        assert torch.equal(end.positions, whole.positions), f"resumed at {checkpoint.time} the run ends elsewhere"
    bare = evolve(flow, kept[3].cloud, make(0.1), until=1.25, time=kept[3].time, index=3)
    assert not torch.equal(bare.positions, whole.positions), "nothing is remembered"


_OTHERWISE: list[Callable[[Make], None]] = [check_order, check_resume]
OPTIMISER_CHECKS = [check for check in INTEGRATOR_CHECKS if check not in _OTHERWISE]
OPTIMISER_CHECKS += [check_no_order, check_resume_from_states]


@dataclass(frozen=True, eq=False)
class SummedNoise(StepNoise):
    """The noise of a coarse step as the sum over the fine steps inside it, so that grids share one Brownian path."""

    path: Tensor = field(default_factory=lambda: torch.empty(0))
    fine: int = 1

    def normals(self, positions: Positions, first: int = 0) -> Positions:
        """sum of the fine steps' normals / sqrt(fine)."""
        return self.path[self.step * self.fine : (self.step + 1) * self.fine].sum(dim=0) / math.sqrt(self.fine)


def measured_strong_order(make: Make) -> float:
    """Order of the root mean square error at 16 to 32 steps, against Euler-Maruyama written out with 1024 steps."""
    flow, finest = ShakenAttraction(), 1024
    path, small = numbers(5, finest, 500, 2), 1.0 / finest
    start = ParticleCloud(torch.linspace(-1.0, 1.0, 1000, dtype=torch.float64).reshape(500, 2))
    truth = start.positions
    for step in range(finest):
        cloud, time = start.moved(truth), step * small
        shaken = math.sqrt(small) * flow.diffusion(cloud, time) * path[step]
        truth = truth + small * flow.velocity(cloud, time) + shaken
    errors = []
    for steps in (16, 32):
        integrator, cloud, time = make(1.0 / steps), start, 0.0
        state = integrator.init(flow, cloud)
        for step in range(steps):
            noise = SummedNoise(0, step, path=path, fine=finest // steps)
            taken = integrator.step(flow, cloud, state, time, 1.0, noise)
            time, cloud, state = taken.time, taken.cloud, taken.state
        errors.append(relative_error(cloud.positions, truth))
    return math.log2(errors[0] / errors[1])


def check_strong_order(make: Make) -> None:
    """The claimed order path by path, under one Brownian path for all grids."""
    measured, claimed = measured_strong_order(make), make(1.0).order
    assert abs(measured - claimed) < ORDER, f"strong order {measured:.3f}, but {claimed} is claimed"


NOISY_CHECKS: list[Callable[[Make], None]] = [check_strong_order]


@dataclass(frozen=True)
class FlowMember:
    """A flow of a risk, and the risk that it descends with that risk's own mobilities."""

    name: str
    make: FlowOf
    descended: Callable[[Risk], Risk] = lambda risk: risk


def _confined(risk: Risk) -> Risk:
    strength = 0.0 if risk.regulariser is None else risk.regulariser.strength
    return replace(risk, regulariser=L2(strength + 0.3))


FLOWS: list[FlowMember] = [
    FlowMember("GradientFlow", GradientFlow),
    FlowMember("NTKFlow", NTKFlow, lambda risk: replace(risk, scaling=NTK())),
    FlowMember("LangevinFlow", lambda risk: LangevinFlow(risk, 0.1)),
    FlowMember(
        "MinibatchFlow of all data", lambda risk: MinibatchFlow(risk, Online(lambda seed, number: risk.data), 0.1)
    ),
    FlowMember("LangevinFlow confined", lambda risk: LangevinFlow(risk, 0.1, 0.3, "joint"), _confined),
]


def check_velocity(member: FlowMember) -> None:
    """-eta_j grad_{theta_j} R by autograd of the risk written out, for scalings, trained parts and outputs."""
    for scaling in (known for known, _, _ in FACTORS):
        for trained in ("hidden", "output", "both"):
            for outputs in (1, 2):
                risk = network_risk(scaling, trained=trained, strength=0.2, outputs=outputs)
                cloud, descended = network_cloud(outputs), member.descended(risk)
                _, mobility = factors(descended.scaling, cloud.masses)
                expected = -mobility[:, None] * written_out_gradient(descended, cloud)
                told = f"not the gradient under {scaling}, trained {trained}, {outputs} outputs"
                assert_identical(member.make(risk).velocity(cloud, 0.0), expected, claim=told)


def check_rest(member: FlowMember) -> None:
    """Coordinates that are not trained and particles of mass zero stand still."""
    start = network_cloud()
    massless = ParticleCloud(
        torch.cat([start.positions, start.positions[:1]]), torch.cat([start.masses, start.masses.new_zeros(1)])
    )
    for trained, frozen in (("hidden", slice(3, 4)), ("output", slice(0, 3)), ("both", slice(0, 0))):
        velocity = member.make(network_risk(trained=trained, strength=0.2)).velocity(massless, 0.0)
        assert not velocity[:, frozen].any(), "a frozen coordinate moves"
        assert not velocity[-1].any(), "a particle of mass zero moves"
        assert bool(velocity.any()), "nothing moves"


def check_pure(member: FlowMember) -> None:
    """A velocity writes into nothing, comes out the same twice, and keeps float32."""
    cloud = network_cloud()
    copies, flow = (cloud.positions.clone(), cloud.masses.clone()), member.make(network_risk(strength=0.2))
    velocity = flow.velocity(cloud, 0.0)
    assert torch.equal(cloud.positions, copies[0]) and torch.equal(cloud.masses, copies[1]), "the cloud was written to"
    assert torch.equal(flow.velocity(cloud, 0.0), velocity), "the second evaluation differs"
    narrow = flow.velocity(network_cloud(dtype=torch.float32), 0.0)
    assert narrow.dtype == torch.float32, "float32 was not kept"
    assert relative_error(narrow.double(), velocity) < SINGLE, "float32 and float64 disagree"


def check_dissipation(member: FlowMember) -> None:
    """dR/dt = -sum_j |theta_j'|^2 / eta_j, the left side a difference of the risk along the evolved flow."""
    for scaling in (MeanField(), NTK(), Lazy(3.0)):
        risk, small = network_risk(scaling, strength=0.2), 1e-4
        flow, descended = member.make(risk), member.descended(risk)
        middle = evolve(_Transport(flow), network_cloud(), RK4(small), until=small)
        end = evolve(_Transport(flow), middle, RK4(small), until=small)
        rate = float(descended(end) - descended(network_cloud())) / (2.0 * small)
        _, mobility = factors(descended.scaling, middle.masses)
        dissipated = -float((flow.velocity(middle, 0.0).square().sum(dim=1) / mobility).sum())
        assert abs(rate / dissipated - 1.0) < DERIVATIVE, f"dR/dt is {rate:.9g} but {dissipated:.9g} is dissipated"


def check_descent(member: FlowMember) -> None:
    """The risk never increases along the flow, and does decrease."""
    risk = network_risk(strength=0.01)
    trace = Trace(risk=member.descended(risk))
    evolve(_Transport(member.make(risk)), network_cloud(), RK4(0.1), until=10.0, observers=[trace])
    assert bool((trace["risk"][1:] <= trace["risk"][:-1]).all()), "the risk increases along the flow"
    assert trace["risk"][-1] < 0.8 * trace["risk"][0], "the risk hardly decreases"


FLOW_CHECKS: list[Callable[[FlowMember], None]] = [
    check_velocity,
    check_rest,
    check_pure,
    check_dissipation,
    check_descent,
]


@dataclass(frozen=True, eq=False)
class _Transport:
    """The transport of a flow, without its noise."""

    flow: Flow

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """The flow's velocity."""
        return self.flow.velocity(cloud, time)


def linear_neuron_error(make: FlowOf, risk: Risk, until: float = 6.0) -> float:
    """Relative error of the residual at `until`, RK4 with 80 steps, against exp(-K P t) r(0) with K written out.

    Linear neurons with either their hidden or their output weights trained have a constant tangent kernel:
    K = sum_j eta_j s_j^2 a_j a_j^T phi.phi' or sum_j eta_j s_j^2 (w_j.phi)(w_j.phi') times the identity.
    """
    outputs = risk.data.outputs
    cloud, phi = network_cloud(outputs), risk.data.inputs / math.sqrt(3.0)
    hidden, output = cloud.positions[:, :3], cloud.positions[:, 3:]
    s, mobility = factors(risk.scaling, cloud.masses)
    speeds = torch.diag(mobility * s.square())
    if risk.network.neuron.trained_columns == slice(0, 3):
        gram = torch.kron(phi @ phi.T, output.T @ speeds @ output)
    else:
        gram = torch.kron(phi @ hidden.T @ speeds @ hidden @ phi.T, torch.eye(outputs, dtype=torch.float64))
    rates = gram * risk.data.weights.repeat_interleave(outputs)
    first = (phi @ hidden.T) @ (s[:, None] * output) - risk.data.targets
    expected = torch.from_numpy(expm(-until * rates.numpy())) @ first.reshape(-1)
    end = evolve(make(risk), cloud, RK4(until / 80.0), until=until)
    return relative_error(risk.residual(end).reshape(-1), expected)


def check_linear_neurons(make: FlowOf) -> None:
    """The residual of linear neurons is exp(-K P t) r(0) for unequal masses and weighted data."""
    for scaling in (MeanField(), NTK(), Lazy(3.0)):
        for trained, outputs in (("hidden", 1), ("output", 2)):
            risk = network_risk(scaling, activation=Linear(), trained=trained, outputs=outputs)
            error = linear_neuron_error(make, risk)
            told = f"the residual is off by {error:.2e} under {scaling}, trained {trained}, {outputs} outputs"
            assert error < LINEAR_NEURONS, told
