"""Runs as an ensemble: which go together, that each leaves the file it leaves alone, stops, kills and failures."""

import os
import random
import resource
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flows import GradientFlow, evolve_all
from particles import NTK, FlowRefused
from particles.trajectory.content.comparison import datasets, differing
from runs.batch.jobs import Stopped
from runs.recorded import trajectory_run
from runs.studyfile.ensembles import Unit, failures_of, perform_unit, units_of
from runs.studyfile.model.kinds import INTEGRATORS
from runs.studyfile.model.sections import built, read_choice
from runs.studyfile.running import WHOLE, Job, perform
from runs.system.files import SPARE
from runs.system.refusal import Refusal
from tests.flows.contracts.ensembles import ROUGH, ensemble
from tests.long import long
from tests.problems import network_risk
from tests.runs.study.smoke import spoken
from tests.runs.studyfile.small.studies import config, write_data, write_study
from tests.runs.studyfile.test_running import LANGEVIN

STIFF = {"integrator": {"kind": "bdf", "rtol": 1e-4}, "frames": {"time": 0.1}, "until": 20.0}
ADAPTIVE = {**STIFF, "integrator": {"kind": "adaptive", "rtol": 1e-4}}
ADAM = {"integrator": {"kind": "adam", "step": 0.0625, "amsgrad": True}}
METHODS = pytest.mark.parametrize(
    "changes",
    [{}, long(LANGEVIN), STIFF, long(ADAPTIVE), ADAM],
    ids=["euler", "langevin", "bdf", "adaptive", "adam"],
)
#: What members may differ in, one after the other.
OWN: tuple[dict[str, Any], ...] = (
    {"seed": 1},
    {"seed": 2, "masses": {"kind": "zipf", "count": 5, "alpha": 0.5}},
    {"seed": 3, "scaling": "mean-field", "frames": {"time": 0.25}},
    {"seed": 4, "observables": ["risk", "mean_movement"]},
)


def jobs(folder: Path, out: str, changes: dict[str, Any]) -> Unit:
    """Four runs that can be evolved together."""
    return tuple(Job(config({**changes, **own}), folder, folder / out) for own in OWN)


def quiet(steps: int) -> None:
    """A report to nobody."""


def test_which_runs_go_together_follows_from_the_study(tmp_path: Path) -> None:
    """Assert that runs of one size and method do, in order and so many at once, and others stay by themselves."""
    alike = jobs(tmp_path, "out", {})
    others = [
        *({"masses": {"kind": "uniform", "count": 6}}, {"until": 2.0}, {"dtype": "float32"}, {"data.rows": 4}),
        *({"integrator": {"kind": "heun", "step": 0.125}}, {"loss": "logistic"}, {"regulariser": 0.1}),
        *({"integrator": {"kind": "euler", "step": "bound"}}, {"integrator": {"kind": "exponential"}}),
        *({"flow": {"kind": "linearised"}}, {"flow": {"kind": "ntk"}}),
        {"flow": {"kind": "minibatch-langevin", "temperature": 0.1, "size": 2, "step": 0.125}},
    ]
    alone = [Job(config(changes), tmp_path, tmp_path) for changes in others]
    mixed = [alike[0], *alone[:5], *alike[1:], *alone[5:]]
    assert units_of(mixed, 10) == [alike, *((job,) for job in alone)]
    assert units_of(alike, 3) == [alike[:3], alike[3:]]
    assert units_of(mixed, 1)[0] == (alike[0],) and len(units_of(mixed, 1)) == len(mixed)
    bound = [Job(config({**others[7], "seed": seed}), tmp_path, tmp_path) for seed in (0, 1)]
    assert len(units_of(bound, 2)) == 2


def test_units_keep_the_order_of_the_study() -> None:
    """Assert that single runs stay in the study's order, and ensembles stand where their first runs do."""
    one, two = ({"masses": {"kind": "uniform", "count": count}} for count in (4, 6))
    mixed = [Job(config({**size, "seed": seed}), Path(), Path()) for seed in range(4) for size in (one, two)]
    assert units_of(mixed, 1) == [(job,) for job in mixed]
    assert [unit[0] for unit in units_of(mixed, 2)] == [mixed[0], mixed[1], mixed[4], mixed[5]]


def test_methods_are_those_of_ensembles() -> None:
    """Assert that the kinds of integrators named here are those that have a form in `flows`, and no others."""
    ball = {"momentum": 0.5, "nesterov": False, "dampening": 0.0}
    adam = {"betas": [0.9, 0.99], "eps": 1e-8, "decoupled": True, "amsgrad": False}
    kinds = (
        {"step": 0.1, "safety": 1.0},
        {"rtol": 1e-3, "atol": 1e-12, "max_step": None},
        {"transport": "euler", "step": 0.1},
        {**ball, "step": 0.1, "weight_decay": 0.1, "schedule": None},
        {**adam, "step": 0.1, "weight_decay": 0.1, "schedule": None},
        {"scheme": "euler", "step": 0.1, "walls": {"kind": "ball", "radius": 100.0}, "groups": None},
    )
    flows, start = [GradientFlow(network_risk(NTK()))] * 4, ensemble()
    for name, kind in INTEGRATORS.items():
        if name == "import":
            continue
        values = next(held for held in kinds if held.keys() == kind.fields.keys())
        changes = {"integrator": {"kind": name, **values}}
        pair = units_of([Job(config({**changes, "seed": seed}), Path(), Path()) for seed in (0, 1)], 2)
        try:
            section = read_choice("integrator", INTEGRATORS, {"kind": name, **values})
            evolve_all(flows, start, built(INTEGRATORS, section), until=1e-3)
        except FlowRefused:
            assert len(pair) == 2, name
        else:
            assert len(pair) == 1, name


@METHODS
def test_files_are_those_of_single_runs(tmp_path: Path, changes: dict[str, Any]) -> None:
    """Assert that every dataset has the shape it has alone, steps and times its bits, numbers up to rounding."""
    write_data(tmp_path)
    together, single = jobs(tmp_path, "together", changes), jobs(tmp_path, "single", changes)
    perform_unit(together, quiet)
    for one, other in zip(together, single, strict=True):
        perform_unit((other,), quiet)
        assert one.done() == other.done() == WHOLE
        mine, theirs = datasets(one.path), datasets(other.path)
        assert mine.keys() == theirs.keys()
        for name, values in mine.items():
            if name.endswith("value") and values.dtype.kind == "f":
                np.testing.assert_allclose(values, theirs[name], rtol=0.0, atol=ROUGH, err_msg=name)
            elif name.endswith(("step", "time")):
                assert np.array_equal(values, theirs[name]), name
    assert set.union(*(differing(together[0].path, other.path) for other in single[1:])) > {"particles/cloud/mass"}


def stop_once(share: int) -> Any:
    """A report that interrupts the runs once they have come so far together."""

    def report(steps: int) -> None:
        if steps >= share:
            raise Stopped("now")

    return report


@METHODS
@pytest.mark.parametrize(("share", "seconds"), [long(0, 0.0), (1500, 0.0), long(2500, 1e9)])
def test_interrupted_runs_end_with_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], share: int, seconds: float
) -> None:
    """Assert that files of an interrupted ensemble are those of one in one go, one member being begun anew."""
    monkeypatch.setattr(trajectory_run, "KEEP_SECONDS", seconds)
    write_data(tmp_path)
    whole, cut = (jobs(tmp_path, name, changes) for name in ("whole", "cut"))
    perform_unit(whole, quiet)
    with pytest.raises(Stopped, match="now"):
        perform_unit(cut, stop_once(share))
    assert all(job.done() < WHOLE for job in cut)
    cut[2].path.unlink()
    perform_unit(cut, quiet)
    assert [differing(one.path, other.path) for one, other in zip(whole, cut, strict=True)] == [set()] * 4


@METHODS
def test_complete_runs_keep_their_place(tmp_path: Path, changes: dict[str, Any]) -> None:
    """Assert that beside two complete runs, whose files are not touched, the others get the bits they get in one go."""
    write_data(tmp_path)
    whole, again = (jobs(tmp_path, name, changes) for name in ("whole", "again"))
    perform_unit(whole, quiet)
    perform_unit(again, quiet)
    for e in (0, 3):
        again[e].path.unlink()
    before = [again[e].path.stat().st_mtime_ns for e in (1, 2)]
    perform_unit(again, quiet)
    assert before == [again[e].path.stat().st_mtime_ns for e in (1, 2)]
    assert [differing(one.path, other.path) for one, other in zip(whole, again, strict=True)] == [set()] * 4


def _killed(unit: Unit, seconds: float) -> bool:
    """Do the runs in a process of its own and kill it after so many seconds; whether it was still at work."""
    child = os.fork()
    if child == 0:
        perform_unit(unit, quiet)
        os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    return os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL


@pytest.mark.validation
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork, which this system has not")
@pytest.mark.parametrize("changes", [{**LANGEVIN, "until": 8.0}, STIFF], ids=["langevin", "bdf"])
def test_ensembles_killed_at_random_moments_end_with_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
) -> None:
    """Assert that ensembles killed three times each, with SIGKILL, leave files that end as those of one go."""
    monkeypatch.setattr(trajectory_run, "KEEP_SECONDS", 0.0)
    write_data(tmp_path)
    whole = jobs(tmp_path, "whole", changes)
    began = time.monotonic()
    perform_unit(whole, quiet)
    lasted, generator, kills = time.monotonic() - began, random.Random(0), 0
    for number in range(5):
        cut = jobs(tmp_path, str(number), changes)
        for _ in range(3):
            kills += _killed(cut, generator.uniform(0.0, 0.4 * lasted))
        perform_unit(cut, quiet)
        assert [differing(one.path, other.path) for one, other in zip(whole, cut, strict=True)] == [set()] * 4
    assert kills > 8


def _failing(folder: Path) -> Unit:
    """Two runs, of which the second has so wild a scaling that it diverges."""
    linear = {"neuron": {"kind": "perceptron", "activation": "linear", "trained": "both"}}
    wild = {**linear, "scaling": {"kind": "power", "exponent": 90.0}}
    return tuple(Job(config(changes), folder, folder / "out") for changes in (linear, wild))


def test_a_member_that_diverges_fails_alone(tmp_path: Path) -> None:
    """Assert that its sentence is told and its error is in its folder, that the other is complete, and so again."""
    write_data(tmp_path)
    unit = _failing(tmp_path)
    for _ in range(2):
        with pytest.raises(Refusal, match=f"^{unit[1].config.digest}: The flow diverged at step") as caught:
            perform_unit(unit, quiet)
        assert [job.done() == WHOLE for job in unit] == [True, False]
        assert "FlowDiverged" in unit[1].error.read_text() and not unit[0].error.exists()
        told = failures_of(unit, str(caught.value))
        assert told.keys() == {unit[1].config.digest} and told[unit[1].config.digest].startswith("The flow diverged")


def test_what_all_share_fails_for_all(tmp_path: Path) -> None:
    """Assert that data that are not there are every run's failure, each with its sentence and its file."""
    unit = jobs(tmp_path, "out", {})
    with pytest.raises(Refusal, match=r"data\.npz cannot be read") as caught:
        perform_unit(unit, quiet)
    told = failures_of(unit, str(caught.value))
    assert len(told) == 4 and all("cannot be read" in sentence for sentence in told.values())
    assert all("cannot be read" in job.error.read_text() for job in unit)


@pytest.mark.validation
def test_the_command_line_does_ensembles(tmp_path: Path) -> None:
    """Assert that the option reaches the runs: plan, result, files that differ from single ones by rounding only, and
    that the second time nothing is left."""
    path = write_study(tmp_path, {**STIFF, "seeds": 3, "sweep": {"over": {"masses.count": [4, 6]}}})
    code, said, _ = spoken("run", str(path), "--out", str(tmp_path / "out"), "--ensemble", "8", "--dry-run")
    assert code == 0 and "side by side: up to 3 runs" in said and not (tmp_path / "out").exists()
    for out, more in (("out", ["--ensemble", "8"]), ("single", [])):
        code, said, _ = spoken("run", str(path), "--out", str(tmp_path / out), "--workers", "0", *more)
        assert code == 0 and "6 of 6 runs complete" in said
    files = sorted(file.relative_to(tmp_path / "out") for file in (tmp_path / "out").rglob("run.h5"))
    found = [differing(tmp_path / "out" / file, tmp_path / "single" / file) for file in files]
    assert len(found) == 6 and any(found)
    code, _, progress = spoken("run", str(path), "--out", str(tmp_path / "out"), "--ensemble", "8")
    assert code == 0 and "6 complete already" in progress


@pytest.mark.validation
def test_ensembles_on_two_workers(tmp_path: Path) -> None:
    """Assert that processes of their own give the files of ensembles in this process, and failures their names."""
    path = write_study(tmp_path, {**STIFF, "seeds": 4})
    for out, workers in (("here", "0"), ("there", "2")):
        code, _, _ = spoken("run", str(path), "--out", str(tmp_path / out), "--ensemble", "2", "--workers", workers)
        assert code == 0
    files = sorted((tmp_path / "here").rglob("run.h5"))
    assert len(files) == 4
    assert not any(differing(file, tmp_path / "there" / file.parent.name / "run.h5") for file in files)


def test_ensembles_are_for_study_files_without_ranks() -> None:
    """Assert that the option is refused for a study by name, and a number below one."""
    code, _, said = spoken("run", "asymmetric-scaling", "--ensemble", "4")
    assert code == 2 and "--ensemble is for a study file" in said
    code, _, said = spoken("run", "study.toml", "--ensemble", "0")
    assert code == 2 and "ensemble" in said


def test_one_run_is_performed_as_ever(tmp_path: Path) -> None:
    """Assert that a unit of one has the bits of the run by itself."""
    write_data(tmp_path)
    one, other = (Job(config(STIFF), tmp_path, tmp_path / name) for name in ("one", "other"))
    perform_unit((one,), quiet)
    perform(other, quiet)
    assert differing(one.path, other.path) == set()


def test_more_members_than_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that the limit of the process is asked by the plan and by the run, and named instead of another file."""
    path = write_study(tmp_path, {"seeds": 12})
    true, few = resource.getrlimit, (SPARE + 20, SPARE + 20)
    monkeypatch.setattr(resource, "getrlimit", lambda kind: few if kind == resource.RLIMIT_NOFILE else true(kind))
    for how in (("--dry-run",), ("--workers", "0")):
        run = ("run", str(path), "--out", str(tmp_path / "out"), *how, "--ensemble")
        code, _, told = spoken(*run, "12")
        assert code == 2 and "(ulimit -n): raise that, or give a smaller --ensemble." in told
        assert spoken(*run, "10")[0] == 0


def test_a_member_whose_file_fails_fails_alone(tmp_path: Path) -> None:
    """Assert that a file that is removed while all are written ends its own run, and no bit of the others changes."""
    write_data(tmp_path)
    whole, cut = (jobs(tmp_path, name, {}) for name in ("whole", "cut"))
    perform_unit(whole, quiet)

    def remove(share: int) -> None:
        if share > 1500:
            cut[1].path.unlink(missing_ok=True)

    with pytest.raises(Refusal, match=rf"^{cut[1].config.digest}: .* was moved or removed while it was written"):
        perform_unit(cut, remove)
    assert [job.done() == WHOLE for job in cut] == [True, False, True, True]
    assert not any(differing(whole[e].path, cut[e].path) for e in (0, 2, 3))
    perform_unit(cut, quiet)
    assert not any(differing(one.path, other.path) for one, other in zip(whole, cut, strict=True))
