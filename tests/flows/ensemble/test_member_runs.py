"""Members of an ensemble are kept and resumed as by `evolve`: each from where it was, to the bit."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from flows import (
    BDF,
    CHECKPOINTED,
    Adaptive,
    Chebyshev,
    Checkpoint,
    DormandPrince,
    Euler,
    Every,
    GradientFlow,
    LangevinFlow,
    LeimkuhlerMatthews,
    Trace,
    evolve,
    evolve_all,
)
from flows.ensemble.bdf_group import BDFGroup
from particles import NTK, Dataset, Ensemble, Identity, ParticleCloud, Perceptron, Risk, Squared, Tanh, Trajectory
from particles.trajectory.content.comparison import datasets
from tests.draws import normals
from tests.flows.contracts.ensembles import CASES, ROUGH, Case, ensemble
from tests.long import long
from tests.problems import network_risk
from tests.tolerances import relative_error

SEEDS = (5, 0, 2**40, 7)
NAMED = {case.name: case for case in CASES}


def large(name: str, integrator: Any, *, noise: bool) -> tuple[Case, Ensemble]:
    """Four networks so large that together they go through fused kernels."""
    inputs = normals(300, 4, seed=1)
    neuron = Perceptron(Tanh(), Identity(4), trained="both")
    risk = Risk(neuron, NTK(), Squared(), Dataset(inputs, torch.sin(inputs[:, :1])))
    flow = LangevinFlow(risk, 0.01, 0.1) if noise else GradientFlow(risk)
    clouds = [ParticleCloud(normals(300, neuron.dim, seed=10 + e)) for e in range(4)]
    return Case(name, flow, integrator, 1.0), Ensemble.of(clouds)


def many_data(name: str, integrator: Any) -> tuple[Case, Ensemble]:
    """Four small networks on so many data that Adaptive leaves BDF."""
    risk = network_risk(NTK())
    inputs = normals(600, 3, seed=1)
    flow = GradientFlow(risk.on(Dataset(inputs, torch.sin(inputs[:, :1]))))
    return Case(name, flow, integrator, 3.0), ensemble()


def _small(name: str) -> tuple[Case, Ensemble]:
    case = NAMED[name]
    return case, ensemble(case.outputs, case.dtype)


RUNS = [
    *(_small(name) for name in ("Euler", "Euler float32", "RK4, two outputs", "Leimkuhler-Matthews")),
    *(_small(name) for name in ("linear splitting, joint", "BDF", "BDF, single products", "BDF, two outputs, L2")),
    *(_small(name) for name in ("BDF, own scalings", "Adaptive", "DormandPrince", "DormandPrince, own scalings")),
    *(
        _small(name)
        for name in ("DormandPrince float32", "Chebyshev", "Chebyshev, two outputs, L2", "Chebyshev float32")
    ),
    large("Euler, fused", Euler(0.1), noise=False),
    many_data("Adaptive, Chebyshev", Adaptive(1e-3)),
    large("Chebyshev, fused", Chebyshev(1e-2), noise=False),
    large("Leimkuhler-Matthews, fused", LeimkuhlerMatthews(0.1), noise=True),
]


class Watched:
    """All members of a call: what is kept of each, and what each shows."""

    def __init__(self, case: Case, start: Ensemble, resume: list[Checkpoint[Any] | None] | None = None) -> None:
        self.kept: list[list[Checkpoint[Any]]] = [[] for _ in start]
        self.traces = [Trace(where=lambda cloud: cloud.positions.clone()) for _ in start]
        self.ends = evolve_all(
            *(case.flow, start, case.integrator),
            until=case.until,
            observers=[[Every(time=case.until / 16.0, observer=trace)] for trace in self.traces],
            seeds=SEEDS,
            together=len(start),
            keep=[states.append for states in self.kept],
            resume=resume or [],
        )


@pytest.mark.parametrize("places", [(0.5, 0.2, None, 0.9), long((1.0, 0.0, 0.7, 1.0))], ids=str)
@pytest.mark.parametrize(("case", "start"), RUNS, ids=[case.name for case, _ in RUNS])
def test_members_go_on_from_where_each_was(case: Case, start: Ensemble, places: tuple[float | None, ...]) -> None:
    """Assert that members resumed at these parts of their runs end, are kept and seen as in one call, to the bit.

    None is a member that is begun anew, 1 one that had ended.
    """
    whole, resume = Watched(case, start), list[Checkpoint[Any] | None]()
    for e, part in enumerate(places):
        states = [*whole.kept[e], Checkpoint(10**6, case.until, whole.ends[e], None)]
        resume.append(None if part is None else states[int(part * (len(states) - 1))])
    again = Watched(case, start, resume)
    for e, point in enumerate(resume):
        assert torch.equal(again.ends[e].positions, whole.ends[e].positions), f"member {e}"
        done = -1.0 if point is None else point.time
        left = whole.traces[e].times > done
        assert np.array_equal(again.traces[e].times, whole.traces[e].times[left])
        if left.any():
            assert np.array_equal(again.traces[e]["where"], whole.traces[e]["where"][left])
        steps = [state.step for state in whole.kept[e] if state.time > done]
        assert [state.step for state in again.kept[e]] == steps


def test_what_is_kept_is_not_written_over() -> None:
    """Assert that states kept from the first steps on have the points they had when the run is over."""
    case, start = RUNS[5]
    copies: list[tuple[torch.Tensor, torch.Tensor]] = []

    def keep(state: Checkpoint[Any]) -> None:
        copies.extend((point, point.clone()) for point in state.state.points)

    evolve_all(case.flow, start, case.integrator, until=case.until, keep=[keep] * 4, together=4)
    assert len(copies) > 100
    assert all(torch.equal(point, copy) for point, copy in copies)


def test_planted_order_of_points_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that points laid anew after a resume, which sums them in another order, fail the test above."""
    case, start = RUNS[5]
    made: list[BDFGroup] = []

    def group(*given: Any) -> BDFGroup:
        made.append(BDFGroup(*given))
        return made[-1]

    def relative(state: Any) -> list[int]:
        return [(state.work.accepted - len(made) - back) % 6 for back in range(len(state.times))]

    monkeypatch.setattr("flows.ensemble.evolve_all.BDFGroup", group)
    monkeypatch.setattr("flows.ensemble.bdf_group.slots", relative)
    with pytest.raises(AssertionError, match="member"):
        test_members_go_on_from_where_each_was(case, start, (0.5, 0.5, 0.5, 0.5))


@pytest.mark.parametrize("integrator", [BDF(1e-4), Adaptive(1e-4), Chebyshev(1e-4), DormandPrince(1e-6)], ids=repr)
def test_states_serve_single_runs_and_the_other_way_round(integrator: Any) -> None:
    """Assert that `evolve` goes on from what an ensemble kept, an ensemble from what `evolve` kept, to rounding."""
    flow, start = GradientFlow(network_risk(NTK(), trained="hidden")), ensemble()
    whole = Watched(Case("", flow, integrator, 40.0), start)
    single: list[Checkpoint[Any]] = []
    evolve(flow, start[1], integrator, until=40.0, keep=single.append)
    assert [state.step for state in single] == [state.step for state in whole.kept[1]]
    half = len(single) // 2
    end = evolve(flow, start[1], integrator, until=40.0, resume=whole.kept[1][half])
    assert relative_error(end.positions, whole.ends[1].positions) < ROUGH
    resume = [None, single[half], None, None]
    ends = evolve_all(flow, start, integrator, until=40.0, resume=resume, together=4)
    assert relative_error(ends[1].positions, whole.ends[1].positions) < ROUGH


@pytest.mark.parametrize("name", ["Leimkuhler-Matthews", long("Adaptive")])
def test_files_of_members_go_on(name: str, tmp_path: Path) -> None:
    """Assert that files kept to different steps and opened again end with the datasets of files written in one call."""
    case, start = _small(name)
    lengths = (3, 10, 5, 1)

    class Killed(RuntimeError):
        """Ends a call."""

    def call(kind: str, *, stop: bool, again: bool) -> None:
        with ExitStack() as files:
            paths = [tmp_path / f"{kind}{e}.h5" for e in range(4)]
            opened = [
                Trajectory.append(path) if again else Trajectory.create(path, flow=case.flow_of(e), seed=SEEDS[e])
                for e, path in enumerate(paths)
            ]
            for trajectory in opened:
                files.enter_context(trajectory)

            def keep(e: int, state: Checkpoint[Any]) -> None:
                if not stop or state.step <= lengths[e]:
                    opened[e].keep(state)
                if stop and state.step > max(lengths) + 1:
                    raise Killed("here")

            resume = [trajectory.kept(CHECKPOINTED) for trajectory in opened] if again else []
            evolve_all(
                *(case.flow, start, case.integrator),
                until=case.until,
                seeds=SEEDS,
                together=4,
                observers=[[Every(time=case.until / 8.0, observer=trajectory)] for trajectory in opened],
                keep=[lambda state, e=e: keep(e, state) for e in range(4)],
                resume=[found if isinstance(found, Checkpoint) else None for found in resume],
            )

    call("whole", stop=False, again=False)
    with pytest.raises(Killed, match="here"):
        call("broken", stop=True, again=False)
    call("broken", stop=False, again=True)
    for e in range(4):
        mine, theirs = (datasets(tmp_path / f"{kind}{e}.h5") for kind in ("broken", "whole"))
        held = [name for name in theirs if name.startswith("particles")]
        assert held and all(np.array_equal(mine[name], theirs[name]) for name in held)


def test_options_for_other_members_are_refused() -> None:
    """Assert that keepers and checkpoints are counted."""
    flow, start = GradientFlow(network_risk()), ensemble()
    with pytest.raises(ValueError, match="has 4 members but 1 keepers; give one for each"):
        evolve_all(flow, start, Euler(0.1), until=1.0, keep=[None])
    with pytest.raises(ValueError, match="has 4 members but 2 checkpoints; give one for each"):
        evolve_all(flow, start, Euler(0.1), until=1.0, resume=[None, None])
