"""The door of a run: what is refused before anything is done is what `evolve` refuses, with what to take."""

import re
from pathlib import Path
from typing import Any

import pytest

from runs.studyfile.experiment import Experiment
from runs.studyfile.plan import planned
from runs.studyfile.rehearsal import check_door
from runs.studyfile.running import Job, perform
from runs.system.refusal import Refusal
from tests.runs.studyfile.small.studies import config, write_data

HEAT = {"temperature": 0.1}
FLOWS: dict[str, Any] = {
    "gradient": "gradient",
    "linearised": "linearised",
    "langevin": {"kind": "langevin", **HEAT},
    "underdamped": {"kind": "underdamped", **HEAT, "friction": 1.0},
    "minibatch": {"kind": "minibatch", "size": 2, "step": 0.5},
    "minibatch-langevin": {"kind": "minibatch-langevin", "size": 2, "step": 0.5, **HEAT},
    "minibatch-underdamped": {"kind": "minibatch-underdamped", "size": 2, "step": 0.5, **HEAT, "friction": 1.0},
    "birth-death": "birth-death",
}
INTEGRATORS: dict[str, Any] = {
    **{name: name for name in ("adaptive", "bdf", "exponential", "chebyshev")},
    **{name: {"kind": name, "step": 0.5} for name in ("euler", "rk4", "euler-maruyama", "linear-splitting", "baoab")},
    "bound": {"kind": "heun", "step": "bound"},
    "adam": {"kind": "adam", "step": 0.5},
    "growth-splitting": {"kind": "growth-splitting", "transport": "euler", "step": 0.5},
    "walled": {"kind": "walled", "scheme": "euler", "step": 0.5, "walls": {"kind": "ball", "radius": 90.0}},
}


@pytest.mark.parametrize("integrator", INTEGRATORS)
@pytest.mark.parametrize("flow", FLOWS)
def test_the_plan_approves_what_runs_and_nothing_else(tmp_path: Path, flow: str, integrator: str) -> None:
    """Assert that every flow with every integrator is refused by the plan where the run fails, and only there."""
    write_data(tmp_path)
    changes = {"flow": FLOWS[flow], "integrator": INTEGRATORS[integrator], "scaling": "mean-field"}
    job = Job(config({**changes, "frames": {"time": 0.5}}), tmp_path, tmp_path / "out")
    plan = planned([job])
    failed = ""
    try:
        perform(job, lambda steps: None)
    except Refusal as error:
        failed = str(error)
    assert plan.impossible == bool(failed), (plan.lines, failed)
    assert not failed or failed.removeprefix("TypeError: ") in plan.lines[-1]


@pytest.mark.parametrize(
    ("flow", "fitting"),
    [
        ("langevin", r"euler-maruyama, leimkuhler-matthews, linear-splitting or growth-splitting with euler-maruyama"),
        ("underdamped", "baoab"),
        ("birth-death", "growth-splitting with euler"),
        ("minibatch", r"(.*, |)euler.* or growth-splitting with euler, with step = 0\.5"),
    ],
)
@pytest.mark.parametrize("integrator", ["bdf", "baoab"])
def test_the_sentence_says_what_to_take(tmp_path: Path, flow: str, fitting: str, integrator: str) -> None:
    """Assert that the integrators named are those of a study file that the flow can have."""
    write_data(tmp_path)
    unfit = "bound" if flow == "underdamped" else integrator  # a rule for steps is refused as well
    changes = {"flow": FLOWS[flow], "integrator": INTEGRATORS[unfit], "scaling": "mean-field"}
    experiment = Experiment(config(changes), tmp_path)
    with pytest.raises(Refusal, match=rf"For this flow a study file can name {fitting}\.$"):
        check_door(experiment)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"observables": ["test_risk"]}, "needs test data"),
        ({"observables": {"h": {"kind": "preactivations", "particles": [99]}}}, "asks for particle 99, but the cloud"),
        ({"observables": ["margin"]}, "must be -1 and 1 for a margin"),
        ({"stop_above": {"observable": "preactivations", "level": 1.0}}, "of one number, but it gave"),
        ({"frames": {"first": 2.0, "last": 1.0, "count": 3}}, "LogSpaced was given"),
        ({"flow": "birth-death", "scaling": "ntk"}, "under MeanField() only; give the risk that scaling."),
        ({"loss": "cross-entropy"}, "Cross-entropy needs two outputs"),
        ({"loss": "logistic"}, "targets"),
        ({"neuron.outputs": 3}, "outputs"),
        ({"seed": 2**70}, "seed"),
        ({"data.rows": None, "data.file": "nowhere.npz"}, "nowhere"),
    ],
)
def test_what_no_integrator_mends_is_refused_too(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    """Assert that data, losses, outputs, times and seeds that fail every run fail in the plan."""
    write_data(tmp_path)
    job = Job(config(changes), tmp_path, tmp_path / "out")
    plan = planned([job])
    assert plan.impossible == 1 and sentence in plan.lines[-1]
    with pytest.raises(Refusal, match=re.escape(sentence)):
        perform(job, lambda steps: None)


def test_a_few_particles_stand_for_the_cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that nothing is computed of the whole cloud, and that runs of other seeds are asked for once."""
    write_data(tmp_path)
    seen = []
    monkeypatch.setattr("runs.studyfile.plan.check_door", lambda experiment: seen.append(experiment.config.seed))
    planned(
        [Job(config({"seed": seed, "until": until}), tmp_path, tmp_path) for until in (1.0, 2.0) for seed in (0, 1)]
    )
    assert seen == [0, 0]
    for count, few in ((3, 3), (8, 8), (20_000, 8), (20_001, 7)):
        experiment = Experiment(config({"masses.count": count}), tmp_path)
        reduced = experiment.reduced(8)
        assert reduced.start.count == few and reduced.data is experiment.data
        assert "start" not in vars(experiment)


def test_a_flow_of_the_user_s_is_asked_with_its_whole_cloud(tmp_path: Path) -> None:
    """Assert that what is imported is made and shown to the integrator, and never with a few particles."""
    write_data(tmp_path)
    (tmp_path / "whole.py").write_text(
        "from flows import UnderdampedFlow\n"
        "class Whole(UnderdampedFlow):\n"
        "    def acceleration(self, cloud, time):\n"
        "        if cloud.count != 50: raise ValueError('not the whole cloud')\n"
        "        return super().acceleration(cloud, time)\n"
    )
    arguments = {"temperature": 0.1, "friction": 1.0}
    flow = {"kind": "import", "path": "whole:Whole", "arguments": arguments}
    changes = {"flow": flow, "scaling": "mean-field", "masses.count": 50}
    check_door(Experiment(config({**changes, "integrator": {"kind": "baoab", "step": 0.1}}), tmp_path))
    with pytest.raises(Refusal, match=r"Euler handles .* For this flow a study file can name baoab\.$"):
        check_door(Experiment(config(changes), tmp_path))
