"""Runs of clouds that several ranks share: the bits of one rank, whatever flow and integrator, and errors on all."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from flows import (
    BDF,
    RK4,
    Adam,
    Adaptive,
    BirthDeathFlow,
    Box,
    Chebyshev,
    DormandPrince,
    Draws,
    Euler,
    EulerMaruyama,
    Every,
    Exponential,
    GradientFlow,
    GrowthSplitting,
    HeavyBall,
    Heun,
    LangevinFlow,
    LeimkuhlerMatthews,
    LinearisedFlow,
    LinearSplitting,
    Minibatches,
    MinibatchFlow,
    NTKFlow,
    StepBound,
    StopBelow,
    Trace,
    Walled,
    evolve,
    speed,
)
from particles import NTK, FlowDiverged, FlowRefused, Lazy, MeanField, ParticleCloud, Power, Ranks, SharedCloud
from particles.shapes import Positions
from tests.long import long
from tests.particles.distributed.test_shared_cloud import BLOCKS, whole_cloud
from tests.problems import network_risk
from tests.ranks import needs_fork, on_ranks

pytestmark = needs_fork

Made = Callable[[ParticleCloud], tuple[Any, Any]]


def risk(scaling: Any = NTK(), strength: float = 0.3) -> Any:
    """A regression with two outputs and a regulariser."""
    return network_risk(scaling, strength=strength, outputs=2)


BATCHES = Minibatches(Draws(3, 0), 0.01)
#: A flow and an integrator for a cloud, and where the run ends.
RUNS: dict[str, tuple[Made, float]] = {
    "euler": (lambda cloud: (GradientFlow(risk(Lazy(3.0))), Euler(0.25)), 1.0),
    "heun": (lambda cloud: (NTKFlow(risk(MeanField())), Heun(0.25)), 0.5),
    "rk4": (lambda cloud: (GradientFlow(risk(Power(0.75))), RK4(0.25)), 0.5),
    "bound": (lambda cloud: (GradientFlow(risk()), Euler(StepBound(0.5))), 0.5),
    "measure": (lambda cloud: (LangevinFlow(risk(MeanField()), 0.1, 0.2), EulerMaruyama(0.01)), 0.05),
    "joint": (lambda cloud: (LangevinFlow(risk(), 0.1, 0.2, "joint"), LeimkuhlerMatthews(0.1)), 0.5),
    "splitting": (lambda cloud: (LangevinFlow(risk(), 0.1, 0.2), LinearSplitting(0.1)), 0.3),
    "walled": (lambda cloud: (LangevinFlow(risk(), 0.1), Walled(EulerMaruyama(0.1), Box(-1.0, 1.0), "output")), 0.5),
    "chebyshev": (lambda cloud: (GradientFlow(risk()), Chebyshev(1e-3)), 0.5),
    "dormand-prince": (lambda cloud: (GradientFlow(risk()), DormandPrince(1e-3)), 0.5),
    "bdf": (lambda cloud: (GradientFlow(risk()), BDF(1e-3)), 0.5),
    "exponential": (lambda cloud: (GradientFlow(risk()), Exponential(1e-3)), 0.5),
    "adaptive": (lambda cloud: (NTKFlow(network_risk(NTK(), trained="hidden", outputs=2)), Adaptive(1e-3)), 0.5),
    "minibatch": (lambda cloud: (MinibatchFlow(risk(), Draws(3, 0), 0.25), Euler(0.25)), 0.5),
    "heavy-ball": (lambda cloud: (GradientFlow(risk(Lazy(3.0))), HeavyBall(0.25, weight_decay=0.1)), 0.75),
    "adam": (lambda cloud: (MinibatchFlow(risk(), Draws(3, 0), 0.25), Adam(0.25, weight_decay=0.1)), 0.75),
    "batched": (lambda cloud: (LangevinFlow(risk(), 0.1, batches=BATCHES), EulerMaruyama(0.01)), 0.05),
    "linearised": (lambda cloud: (LinearisedFlow(risk(), cloud), Euler(0.25)), 0.5),
}


def ends(start: ParticleCloud, names: tuple[str, ...] = tuple(RUNS)) -> dict[str, tuple[Positions, Any]]:
    """Where the runs end, and the risk and speed on the way."""
    found = {}
    for name in names:
        made, until = RUNS[name]
        flow, integrator = made(start)
        trace = Trace(risk=flow.risk, speed=lambda cloud, flow=flow: speed(flow, cloud))
        end = evolve(flow, start, integrator, until=until, seed=3, observers=[Every(time=0.125, observer=trace)])
        found[name] = (end.positions, np.array([trace.times, trace["risk"], trace["speed"]]))
    return found


def ends_of(names: tuple[str, ...], dtype: torch.dtype = torch.float64) -> Callable[[Ranks], Any]:
    """The same on one rank."""
    return lambda ranks: ends(SharedCloud.of(whole_cloud(dtype), ranks, BLOCKS), names)


def differing(one: dict[str, Any], several: list[dict[str, Any]]) -> set[str]:
    """The runs of which something is not that of one rank to the bit."""
    wrong = set()
    for name, (positions, seen) in one.items():
        here = torch.equal(torch.cat([found[name][0] for found in several]), positions)
        traced = all(np.array_equal(seen, found[name][1]) for found in several)
        if not (here and traced):
            wrong.add(name)
    return wrong


@pytest.mark.parametrize("dtype", [long(torch.float64), torch.float32])
def test_any_number_of_ranks_takes_the_same_steps(tmp_path: Path, dtype: torch.dtype) -> None:
    """Assert that one, two and four ranks end with the same bits, which are those of a plain cloud to rounding.

    Steps of adaptive methods multiply rounding by the condition of a step, and noise hides none of it.
    """
    names = tuple(RUNS) if dtype == torch.float64 else ("joint", "bdf")
    [one] = on_ranks(1, ends_of(names, dtype), tmp_path)
    for name, (positions, _) in ends(whole_cloud(dtype), names).items():
        assert float((one[name][0] - positions).abs().max()) < (1e-9 if dtype == torch.float64 else 1e-4), name
    assert differing(one, on_ranks(2, ends_of(names, dtype), tmp_path)) == set()
    if dtype == torch.float64:
        few = {name: one[name] for name in ("measure", "bdf")}
        assert differing(few, on_ranks(4, ends_of(tuple(few)), tmp_path)) == set()


def renormalised(whole: ParticleCloud, ranks: Ranks, blocks: Any) -> SharedCloud:
    """The planted error of a rank that makes its own masses sum to one."""
    part = ORIGINAL(whole, ranks, blocks)
    return SharedCloud(part.positions, part.masses / part.masses.sum(), part.share)


ORIGINAL = SharedCloud.of


@pytest.mark.parametrize(
    ("where", "planted", "seen"),
    [
        ("first", property(lambda self: 0), {"measure", "splitting"}),
        ("of", staticmethod(renormalised), {"euler", "measure", "splitting"}),
        ("summed", lambda self, partial: partial(slice(None)), {"euler", "measure", "splitting"}),
    ],
)
def test_planted_errors_change_the_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, planted: Any, seen: set[str]
) -> None:
    """Assert that noise from particle 0, masses of one's own and risks of one's part are each seen."""
    monkeypatch.setattr(SharedCloud, where, planted)
    names = ("euler", "measure", "splitting")
    [one] = on_ranks(1, ends_of(names), tmp_path)
    assert differing(one, on_ranks(2, ends_of(names), tmp_path)) == seen


def test_all_ranks_stop_and_fail_together(tmp_path: Path) -> None:
    """Assert that a stop asked for by one rank stops all, and that a particle of one rank diverges on all."""

    def ended(ranks: Ranks) -> Any:
        cloud = SharedCloud.of(whole_cloud(), ranks, BLOCKS)
        flow, steps = GradientFlow(risk()), []

        def stop(step: int, time: float, cloud: ParticleCloud) -> bool:
            steps.append(step)
            return ranks.rank == 1 and step == 2

        evolve(flow, cloud, Euler(0.1), until=1.0, observers=[stop, StopBelow(flow.risk, 0.0)])
        far = cloud.positions.clone()
        far[ranks.rank * 1000 :] = torch.nan
        try:
            evolve(flow, cloud.moved(far), Euler(0.1), until=1.0)
        except FlowDiverged as error:
            return steps, error.particles

    first, second = on_ranks(2, ended, tmp_path)
    assert first == second == ([0, 1, 2], 300)


def test_flows_with_more_than_positions_are_refused() -> None:
    """Assert that growing and kinetic flows are turned down at the door."""
    cloud = SharedCloud.of(whole_cloud(), Ranks(), BLOCKS)
    with pytest.raises(FlowRefused, match="BirthDeathFlow has growth, which a cloud shared by several"):
        evolve(BirthDeathFlow(network_risk(outputs=2)), cloud, GrowthSplitting(Euler(0.1)), until=1.0)
