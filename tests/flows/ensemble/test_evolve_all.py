"""Members of an ensemble evolve as they would alone; errors in that are seen; files are those of single runs."""

import pickle
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch

from flows import (
    BDF,
    Adaptive,
    Chebyshev,
    DormandPrince,
    Euler,
    EulerMaruyama,
    Every,
    Exponential,
    Flow,
    GradientFlow,
    Heun,
    Integrator,
    LangevinFlow,
    LinearisedFlow,
    MembersFailed,
    StepBound,
    evolve,
    evolve_all,
)
from flows.base import Together
from flows.ensemble.bdf_group import BDFGroup
from flows.ensemble.evolve_all import _fitting, _group
from flows.ensemble.member_group import Group
from flows.ensemble.member_runs import Member, Outcome
from particles import (
    NTK,
    Dataset,
    Ensemble,
    FlowDiverged,
    FlowRefused,
    Linear,
    MeanField,
    ParticleCloud,
    ToleranceNotReached,
    Trajectory,
)
from particles.ensemble.risk import EnsembleRisk
from particles.risk.risk import RiskAt
from particles.shapes import Outputs
from particles.trajectory.content.comparison import datasets
from tests.flows.contracts.ensembles import CASES, ROUGH, Case, check_members, ensemble
from tests.long import long, long_after
from tests.problems import network_cloud, network_risk, numbers
from tests.tolerances import relative_error

NAMED = {case.name: case for case in CASES}


@pytest.mark.parametrize("case", [*CASES[::2], *map(long, CASES[1::2])], ids=lambda case: case.name)
def test_members_evolve_as_alone(case: Case) -> None:
    """Assert that steps, times, states and ends of all members, four at once, are those of four single runs."""
    check_members(evolve_all, case, together=4)


@pytest.mark.parametrize(
    "name", long_after(2, ["Heun, own targets", "Chebyshev", "BDF, own scalings", "Euler-Maruyama"])
)
def test_groups_make_no_difference(name: str) -> None:
    """Assert that members evolve so by threes too, the last one by itself."""
    check_members(evolve_all, NAMED[name], together=3)


def _with_masses_of_another(flow: Any, start: Ensemble, *args: Any, **options: Any) -> Ensemble:
    moved = evolve_all(flow, Ensemble(start.positions, start.masses.roll(1, 0)), *args, **options)
    return Ensemble(moved.positions, start.masses)


def _with_one_seed(*args: Any, seeds: Sequence[int], **options: Any) -> Ensemble:
    return evolve_all(*args, seeds=[seeds[0]] * len(seeds), **options)


def _with_numbered_noise(flow: Any, start: Ensemble, *args: Any, seeds: Sequence[int], **options: Any) -> Ensemble:
    return evolve_all(flow, start, *args, seeds=range(len(seeds)), **options)


@pytest.mark.parametrize(
    ("wrong", "name", "told"),
    [
        (_with_masses_of_another, "Euler", "off its own run"),
        (_with_masses_of_another, "BDF", "off its own run|steps, alone"),
        (_with_one_seed, "Euler-Maruyama", "member 1 is .* off its own run"),
        (_with_numbered_noise, "Leimkuhler-Matthews", "member 0 is .* off its own run"),
    ],
)
def test_planted_error_is_seen(wrong: Callable[..., Ensemble], name: str, told: str) -> None:
    """Assert that the contract rejects masses of another member, and noise of another seed."""
    with pytest.raises(AssertionError, match=told):
        check_members(wrong, NAMED[name], together=4)


def test_planted_stale_stage_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that the contract rejects residuals of another member, and of the place before the step."""

    def neighbour(self: RiskAt) -> Outputs:
        rows = self.data.weights[:, None] * self.residual
        return rows.roll(len(rows) // len(self.risk.risks), 0) if isinstance(self.risk, EnsembleRisk) else rows

    with monkeypatch.context() as patched:
        patched.setattr(RiskAt, "cotangents", property(neighbour))
        with pytest.raises(AssertionError, match="off its own run"):
            check_members(evolve_all, NAMED["Euler"], together=4)

    def stale(*args: Any, **options: Any) -> Ensemble:
        with monkeypatch.context() as patched:
            patched.setattr(
                Heun, "moved", lambda self, *step: step[1].positions + step[3] * step[0].velocity(step[1], 0.0)
            )
            return evolve_all(*args, **options)

    with pytest.raises(AssertionError, match="off its own run"):
        check_members(stale, NAMED["Heun, own targets"], together=4)


class _OneStepForAll(BDFGroup):
    """Gives all members the shortest of their steps."""

    def advance(self, rows: Sequence[int]) -> Sequence[Outcome]:
        """A round with one size."""
        size = min(state.size for state in self._states)
        self._states = [replace(state, size=size) for state in self._states]
        return super().advance(rows)


class _OneOrderForAll(BDFGroup):
    """Gives all members the weights of the first one's points."""

    def _coefficients(self, ends: Mapping[int, float]) -> torch.Tensor:
        right = super()._coefficients(ends)
        return right[:1].expand_as(right)


@pytest.mark.parametrize("wrong", long_after(1, [_OneStepForAll, _OneOrderForAll]))
def test_planted_shared_steps_are_seen(wrong: type[BDFGroup], monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that the contract rejects one step for all members, and the history of one for all."""
    monkeypatch.setattr("flows.ensemble.evolve_all.BDFGroup", wrong)
    with pytest.raises((AssertionError, MembersFailed), match="steps, alone|off its own run|members failed"):
        check_members(evolve_all, NAMED["BDF"], together=4)


def assert_same_files(one: Path, other: Path, tolerance: float) -> None:
    """Every dataset of two files, steps and times to the bit and numbers to a tolerance."""
    mine, theirs = ({name: np.asarray(values) for name, values in datasets(path).items()} for path in (one, other))
    assert mine.keys() == theirs.keys()
    for name, values in mine.items():
        assert (values.shape, values.dtype) == (theirs[name].shape, theirs[name].dtype), name
        if name.endswith("value") and values.dtype.kind == "f":
            np.testing.assert_allclose(values, theirs[name], rtol=tolerance, atol=tolerance, err_msg=name)
        else:
            assert np.array_equal(values, theirs[name]), name


@pytest.mark.parametrize("name", long_after(1, ["Euler-Maruyama", "BDF", "Chebyshev, two outputs, L2"]))
def test_files_of_members_are_those_of_single_runs(name: str, tmp_path: Path) -> None:
    """Assert that one file for each member holds in every dataset what the file of its own run holds."""
    case = NAMED[name]
    start = ensemble(case.outputs)

    def writer(files: ExitStack, kind: str, e: int) -> list[Any]:
        path = tmp_path / f"{kind}{e}.h5"
        trajectory = files.enter_context(Trajectory.create(path, flow=case.flow, seed=e))
        every = case.until / 4.0
        trace = trajectory.trace(risk=case.flow_of(e).risk)
        return [Every(time=every, observer=trajectory), Every(time=every / 2.0, observer=trace)]

    with ExitStack() as files:
        observers = [writer(files, "together", e) for e in range(4)]
        evolve_all(case.flow, start, case.integrator, until=case.until, observers=observers)
    for e, cloud in enumerate(start):
        with ExitStack() as files:
            watching = writer(files, "alone", e)
            evolve(case.flow_of(e), cloud, case.integrator, until=case.until, observers=watching, seed=e)
        assert_same_files(tmp_path / f"together{e}.h5", tmp_path / f"alone{e}.h5", 10.0 * case.tolerance)
    with pytest.raises(AssertionError, match="value|step"):
        assert_same_files(tmp_path / "together0.h5", tmp_path / "alone1.h5", 1e-3)


def test_member_that_an_observer_stops_stays_there() -> None:
    """Assert that a stopped member ends where it was stopped, and that the others go on."""
    start, flow = ensemble(), GradientFlow(network_risk())
    stops: list[list[Any]] = [[], [lambda step, time, cloud: step == 3], [lambda step, time, cloud: step == 0], []]
    ends = evolve_all(flow, start, Euler(0.1), until=1.0, observers=stops)
    for e, until in enumerate((1.0, 0.3, 0.0, 1.0)):
        assert torch.allclose(ends[e].positions, evolve(flow, start[e], Euler(0.1), until=until).positions, atol=1e-12)


def test_diverging_member_is_named_and_the_others_go_on() -> None:
    """Assert that a member beyond its stable step is reported as by `evolve`, with the ends of the others."""
    risk = network_risk(MeanField(), activation=Linear())
    start = ensemble()
    wild = Ensemble(torch.cat([start.positions[:2], 1e160 * start.positions[2:3], start.positions[3:]]), start.masses)
    with pytest.raises(
        MembersFailed, match=r"1 of 4 members failed \(2\). Member 2: The flow diverged at step"
    ) as caught:
        evolve_all(GradientFlow(risk), wild, Euler(0.01), until=0.2, together=4)
    with pytest.raises(FlowDiverged, match="The flow diverged") as alone:
        evolve(GradientFlow(risk), wild[2], Euler(0.01), until=0.2)
    failure = caught.value.failures[2]
    assert isinstance(failure, FlowDiverged)
    assert (failure.step, failure.time, failure.count) == (alone.value.step, alone.value.time, alone.value.count)
    assert sorted(caught.value.ends) == [0, 1, 3]
    end = evolve(GradientFlow(risk), wild[3], Euler(0.01), until=0.2)
    assert torch.allclose(caught.value.ends[3].positions, end.positions, atol=1e-12)
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)


@pytest.mark.parametrize("integrator", [BDF(1e-5), Chebyshev(1e-4), DormandPrince(1e-5)], ids=repr)
def test_member_that_cannot_meet_the_tolerance_is_named(integrator: Integrator[Any]) -> None:
    """Assert that methods that choose their steps give up on one member only, by the sentence of its own run."""
    risk, start = network_risk(MeanField(), activation=Linear()), ensemble()
    wild = Ensemble(torch.cat([start.positions[:3], 1e160 * start.positions[3:]]), start.masses)
    with pytest.raises(MembersFailed, match=r"1 of 4 members failed \(3\). Member 3: The tolerance was not") as caught:
        evolve_all(GradientFlow(risk), wild, integrator, until=1.0, together=4)
    with pytest.raises(ToleranceNotReached, match="The tolerance was not") as alone:
        evolve(GradientFlow(risk), wild[3], integrator, until=1.0)
    assert isinstance(caught.value.failures[3], ToleranceNotReached)
    assert str(caught.value.failures[3]) == str(alone.value)
    assert sorted(caught.value.ends) == [0, 1, 2]


def test_lazy_members_evolve_by_themselves() -> None:
    """Assert that members for which Adaptive chooses another method end where their own run ends, to the bit."""
    flow, start = GradientFlow(network_risk(NTK())), ensemble()
    ends = evolve_all(flow, start, Adaptive(1e-3), until=1e-3)
    for e, cloud in enumerate(start):
        assert torch.equal(ends[e].positions, evolve(flow, cloud, Adaptive(1e-3), until=1e-3).positions)


def test_members_go_by_the_method_chosen_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that Adaptive's members go side by side by Chebyshev and by BDF, and end where their own runs end."""
    made: list[tuple[Integrator[Any], list[int]]] = []

    def noted(method: Integrator[Any], members: Sequence[Member], until: float) -> Group:
        made.append((method, [member.number for member in members]))
        return _group(method, members, until)

    def uneven(flow: Flow, cloud: ParticleCloud, time: float, span: float) -> bool:
        return len(set(cloud.masses.tolist())) < 6

    monkeypatch.setattr("flows.integrators.adaptive._velocities_are_cheaper", uneven)
    monkeypatch.setattr("flows.ensemble.evolve_all._group", noted)
    flow, start, adaptive = GradientFlow(network_risk(NTK())), ensemble(), Adaptive(1e-4)
    start = Ensemble.of([start[e] for e in (0, 1, 2, 0)])
    ends = evolve_all(flow, start, adaptive, until=40.0, together=4)
    assert made == [(Chebyshev(1e-4), [0, 3]), (BDF(1e-4), [1, 2])]
    for e, cloud in enumerate(start):
        assert relative_error(ends[e].positions, evolve(flow, cloud, adaptive, until=40.0).positions) < ROUGH


def test_nothing_moves_in_no_time() -> None:
    """Assert that a run to time zero hands on the start once and returns it."""
    for integrator in (Euler(0.1), BDF(), Adaptive(), Chebyshev()):
        seen: list[list[int]] = [[] for _ in range(4)]
        observers = [[lambda step, time, cloud, mine=mine: mine.append(step)] for mine in seen]
        ends = evolve_all(GradientFlow(network_risk()), ensemble(), integrator, until=0.0, observers=observers)
        assert torch.equal(ends.positions, ensemble().positions)
        assert seen == [[0]] * 4


@dataclass(frozen=True, init=False)
class Other(Euler):
    """An integrator of a user's."""


@dataclass(frozen=True, init=False)
class Own(Euler):
    """One that says how members go through it."""

    together: ClassVar[Together] = Together.ONE_GRID


RISK = network_risk()


def test_an_integrator_of_a_users_that_says_how_has_a_form() -> None:
    """Assert that members go side by side through a class that declares it, with the bits of its base."""
    flow, start = GradientFlow(RISK), ensemble()
    ends = [evolve_all(flow, start, method, until=1.0, together=4) for method in (Own(0.1), Euler(0.1))]
    assert torch.equal(ends[0].positions, ends[1].positions)


@pytest.mark.parametrize(
    ("flow", "integrator", "told"),
    [
        (
            GradientFlow(RISK),
            Exponential(),
            "Exponential has no form for ensembles; take Euler, .* or Adaptive, or evolve",
        ),
        (GradientFlow(RISK), Other(0.1), "Other has no form for ensembles"),
        (LangevinFlow(RISK, 0.1), Euler(0.1), "Euler handles transport, but LangevinFlow also has noise"),
        (LangevinFlow(RISK, 0.1), BDF(), "BDF handles transport, but LangevinFlow also has noise"),
        (LangevinFlow(RISK, 0.1), Chebyshev(), "Chebyshev handles transport, but LangevinFlow also has noise"),
        (
            LinearisedFlow(RISK, network_cloud()),
            Euler(0.1),
            "by one of GradientFlow, NTKFlow, LangevinFlow, but was given",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_form_for_ensembles_is_refused(flow: Flow, integrator: Integrator[Any], told: str) -> None:
    """Assert that integrators and flows without one are refused by name."""
    with pytest.raises(FlowRefused, match=told):
        evolve_all(flow, ensemble(), integrator, until=1.0)


@pytest.mark.parametrize(
    ("options", "error", "told"),
    [
        ({"seeds": [1, 2]}, ValueError, "has 4 members but 2 seeds; give one for each"),
        ({"observers": [[]]}, ValueError, "has 4 members but 1 sequences of observers"),
        ({"seeds": [0, 1, 2, -1]}, ValueError, "The seed is -1"),
        ({"together": 0}, ValueError, "together, a number of members, is 0, but a positive integer"),
        ({"until": -1.0}, ValueError, "a finite span forward is needed"),
        ({"step": 0.2}, ValueError, "Euler has step 0.1 but evolve was given step 0.2"),
    ],
)
def test_options_that_fit_no_ensemble_are_refused(options: dict[str, Any], error: type[Exception], told: str) -> None:
    """Assert that one sentence says what was given and what was needed."""
    with pytest.raises(error, match=told):
        evolve_all(GradientFlow(RISK), ensemble(), Euler(0.1), **{"until": 1.0, **options})


def test_flows_and_steps_that_fit_no_ensemble_are_refused() -> None:
    """Assert that too few flows are refused, and a rule that gives each cloud another step."""
    with pytest.raises(ValueError, match="has 4 members but 1 flows"):
        evolve_all([GradientFlow(RISK)], ensemble(), Euler(0.1), until=1.0)
    with pytest.raises(TypeError, match="share their step, but a rule finds one for each cloud; give a number"):
        evolve_all(GradientFlow(RISK), ensemble(), Euler(step=StepBound(0.5)), until=1.0)


def test_step_may_be_given_in_the_call() -> None:
    """Assert that the step is taken from the call as by evolve."""
    flow, start = GradientFlow(RISK), ensemble()
    ends = [
        evolve_all(flow, start, *given, until=1.0, **option)
        for given, option in (((Euler(0.1),), {}), ((Euler(),), {"step": 0.1}))
    ]
    assert torch.equal(ends[0].positions, ends[1].positions)


def test_noise_differs_between_members_by_default() -> None:
    """Assert that members that begin alike are shaken apart without a word about seeds."""
    one = network_cloud()
    ends = evolve_all(LangevinFlow(RISK, 0.1), Ensemble.of([one, one]), EulerMaruyama(0.1), until=0.5, together=2)
    assert float((ends[0].positions - ends[1].positions).abs().min()) > 0.0
    assert torch.allclose(
        ends[1].positions,
        evolve(LangevinFlow(RISK, 0.1), one, EulerMaruyama(0.1), until=0.5, seed=1).positions,
        rtol=0.0,
        atol=1e-13,
    )


def test_clouds_seen_are_not_written_over() -> None:
    """Assert that states kept by an observer are the same after the run."""
    kept: list[tuple[ParticleCloud, torch.Tensor]] = []
    keep = [lambda step, time, cloud: kept.append((cloud, cloud.positions.clone()))]
    for integrator, until in ((BDF(1e-5), 40.0), (Euler(0.1), 2.0), (Chebyshev(1e-3), 40.0), (DormandPrince(), 4.0)):
        evolve_all(
            GradientFlow(network_risk(NTK())), ensemble(), integrator, until=until, observers=[keep] * 4, together=4
        )
    assert len(kept) > 80
    assert all(torch.equal(cloud.positions, copy) for cloud, copy in kept)


@pytest.mark.parametrize(("integrator", "fitting"), [(Euler(1.0), 2), (Chebyshev(), 2), (BDF(), 5)], ids=repr)
def test_methods_in_function_space_take_more_members_together(integrator: Integrator[Any], fitting: int) -> None:
    """Assert that as many members of 500 particles and 100 data go together as their matrices are allowed entries."""
    data = Dataset(numbers(1, 100, 3), numbers(2, 100, 1))
    some = Ensemble(numbers(3, 2, 500, 4), torch.full((2, 500), 0.002, dtype=torch.float64))
    assert _fitting(integrator, some, replace(network_risk().on(data), fused=False)) == fitting
