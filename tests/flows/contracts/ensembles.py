"""The contract of ensembles: every member ends, is seen and counts its steps as the same run alone.

Each check is a function of the `evolve_all` it is put on, so that planted errors can be put in its place.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import torch

from flows import (
    BDF,
    RK4,
    Adam,
    Adaptive,
    Box,
    Chebyshev,
    DormandPrince,
    Euler,
    EulerMaruyama,
    Every,
    Flow,
    GradientFlow,
    HeavyBall,
    Heun,
    Integrator,
    LangevinFlow,
    LeimkuhlerMatthews,
    LinearSplitting,
    NTKFlow,
    Trace,
    Walled,
    evolve,
)
from particles import GELU, NTK, Dataset, Ensemble, Lazy, Logistic, MeanField, ParticleCloud, Power, Risk, masses
from tests.problems import network_risk, numbers
from tests.tolerances import relative_error

EvolveAll: TypeAlias = Callable[..., Ensemble]

#: Some tens of evaluations in another order of summation, of numbers of order one.
ROUNDING = 1e-11
#: The same where members choose their own steps, which follow small errors whose rounding is that of positions.
OWN_STEPS = 1e-8
#: Below rtol 1e-6 products of Gram matrices are in single precision, and what rounding there changes is far below rtol.
ROUGH = 1e-6
#: Kept by float32 over some tens of evaluations.
SINGLE = 1e-4


def ensemble(outputs: int = 1, dtype: torch.dtype = torch.float64) -> Ensemble:
    """Four clouds of six neurons: positions and masses are each their own, one has a particle without mass."""
    weights = [masses.uniform(6), masses.zipf(6, alpha=0.9), masses.asymmetrical(6, gamma=0.3, alpha=0.6)]
    weights.append(torch.tensor([0.5, 0.2, 0.0, 0.1, 0.15, 0.05], dtype=torch.float64))
    clouds = [ParticleCloud(numbers(40 + e, 6, 3 + outputs), mass) for e, mass in enumerate(weights)]
    return Ensemble.of([cloud.to(dtype=dtype) for cloud in clouds])


@dataclass(frozen=True, eq=False)
class Case:
    """A run of an ensemble; the flow is one for all or one for each member."""

    name: str
    flow: Flow | Sequence[Flow]
    integrator: Integrator[Any]
    until: float
    tolerance: float = ROUNDING
    outputs: int = 1
    dtype: torch.dtype = torch.float64

    def flow_of(self, member: int) -> Any:
        """The flow of a member."""
        return self.flow[member] if isinstance(self.flow, Sequence) else self.flow


def _targets(risk: Risk, member: int) -> Risk:
    return risk.on(Dataset(risk.data.inputs, risk.data.targets + 0.3 * member, risk.data.weights))


def _logistic(trained: str, outputs: int) -> Risk:
    risk = network_risk(NTK(), trained=trained, outputs=outputs, activation=GELU(), strength=0.1)
    signs = Dataset(risk.data.inputs, torch.sign(risk.data.targets), risk.data.weights)
    return replace(risk, loss=Logistic(), data=signs)


SCALINGS = (MeanField(), NTK(), Lazy(2.0), Power(0.75))
PLAIN, NOISY = network_risk(MeanField()), LangevinFlow(network_risk(strength=0.2), 0.1, 0.3)
#: Members that differ: in their steps, their stages, and whether trials are rejected.
OWN = [GradientFlow(_targets(network_risk(one), e)) for e, one in enumerate(SCALINGS)]
CASES: list[Case] = [
    Case("Euler", GradientFlow(PLAIN), Euler(0.07), 1.5),
    Case("Euler float32", GradientFlow(PLAIN), Euler(0.07), 1.5, SINGLE, dtype=torch.float32),
    Case("Heun, NTK flow", NTKFlow(PLAIN), Heun(0.1), 2.0),
    Case("RK4, own scalings", [GradientFlow(network_risk(one)) for one in SCALINGS], RK4(0.1), 2.0),
    Case("Heun, own targets", [GradientFlow(_targets(PLAIN, e)) for e in range(4)], Heun(0.1), 2.0),
    Case("Heun, output weights, two outputs", GradientFlow(_logistic("output", 2)), Heun(0.1), 2.0, outputs=2),
    Case("RK4, two outputs", GradientFlow(_logistic("both", 2)), RK4(0.1), 2.0, outputs=2),
    Case("HeavyBall", GradientFlow(PLAIN), HeavyBall(0.05, nesterov=True, weight_decay=0.1), 1.03),
    Case("Adam", OWN, Adam(0.05, weight_decay=0.1, decoupled=True, amsgrad=True), 1.03, OWN_STEPS),
    Case("Euler-Maruyama", NOISY, EulerMaruyama(0.05), 1.0),
    Case("Euler-Maruyama between walls", NOISY, Walled(EulerMaruyama(0.05), Box(-3.0, 3.0)), 1.0),
    Case("Leimkuhler-Matthews", NOISY, LeimkuhlerMatthews(0.05), 1.0),
    Case("linear splitting, joint", replace(NOISY, pairing="joint"), LinearSplitting(0.05), 1.0),
    Case("BDF", GradientFlow(network_risk(NTK())), BDF(1e-7), 40.0, OWN_STEPS),
    Case("BDF, single products", GradientFlow(network_risk(NTK(), trained="hidden")), BDF(1e-4), 40.0, ROUGH),
    Case("BDF, own scalings", [GradientFlow(network_risk(one)) for one in SCALINGS], BDF(1e-7), 40.0, OWN_STEPS),
    Case("BDF, two outputs, L2", GradientFlow(_logistic("both", 2)), BDF(1e-7), 40.0, OWN_STEPS, outputs=2),
    Case("BDF, hidden, two outputs", GradientFlow(_logistic("hidden", 2)), BDF(1e-4), 40.0, ROUGH, outputs=2),
    Case("DormandPrince", GradientFlow(PLAIN), DormandPrince(1e-6), 4.0, OWN_STEPS),
    Case("DormandPrince, own scalings", OWN, DormandPrince(1e-4), 40.0, OWN_STEPS),
    Case("DormandPrince float32", GradientFlow(PLAIN), DormandPrince(1e-3), 4.0, SINGLE, dtype=torch.float32),
    Case("Chebyshev", OWN, Chebyshev(1e-2), 400.0, OWN_STEPS),
    Case("Chebyshev, two outputs, L2", GradientFlow(_logistic("both", 2)), Chebyshev(1e-4), 40.0, OWN_STEPS, outputs=2),
    Case("Chebyshev float32", GradientFlow(PLAIN), Chebyshev(1e-3), 20.0, SINGLE, dtype=torch.float32),
    Case("Adaptive", NTKFlow(network_risk()), Adaptive(1e-5), 40.0, ROUGH),
]


@dataclass(frozen=True, eq=False)
class Seen:
    """What a run showed: the number of steps, states at eighths of it, and where it ended."""

    steps: int
    times: list[float]
    clouds: list[ParticleCloud]
    end: ParticleCloud


class _Watch:
    """Observers of one run."""

    def __init__(self, until: float) -> None:
        self.trace, self.clouds = Trace(mass=lambda cloud: cloud.masses.sum()), list[ParticleCloud]()
        self.times: list[float] = []
        self.observers = [self.trace, Every(time=until / 8.0, observer=self._see)]

    def _see(self, step: int, time: float, cloud: ParticleCloud) -> None:
        self.times.append(time)
        self.clouds.append(cloud)

    def seen(self, end: ParticleCloud) -> Seen:
        """All of it."""
        return Seen(len(self.trace), self.times, self.clouds, end)


def check_members(evolve_all: EvolveAll, case: Case, together: int | None = None) -> None:
    """The number of steps, the times seen, the states there and the end of every member are those of its own run."""
    start = ensemble(case.outputs, case.dtype)
    watches, seeds = [_Watch(case.until) for _ in start], (5, 0, 2**40, 7)
    ends = evolve_all(
        case.flow,
        start,
        case.integrator,
        until=case.until,
        observers=[watch.observers for watch in watches],
        seeds=seeds,
        together=together,
    )
    assert torch.equal(ends.masses, start.masses), "masses changed"
    for e, cloud in enumerate(start):
        watch = _Watch(case.until)
        run = {"until": case.until, "observers": watch.observers, "seed": seeds[e]}
        alone = watch.seen(evolve(case.flow_of(e), cloud, case.integrator, **run))
        seen = watches[e].seen(ends[e])
        assert seen.steps == alone.steps, f"member {e} took {seen.steps} steps, alone {alone.steps}"
        assert seen.times == alone.times, f"member {e} was seen at {seen.times}, alone at {alone.times}"
        for time, one, other in zip(seen.times, seen.clouds, alone.clouds, strict=True):
            off = relative_error(one.positions, other.positions)
            assert off < case.tolerance, f"member {e} is {off:.1e} off its own run at time {time:g}"
        assert (ends.dtype, ends[e].count) == (case.dtype, cloud.count)
        assert torch.equal(seen.clouds[-1].positions, ends[e].positions), "the last state seen is not the end"
