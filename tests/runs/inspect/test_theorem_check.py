"""`meanfield check`: a table of theorems, exit code 3 where one is violated, a sentence for what cannot be checked."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import h5py
import pytest

from flows import Adaptive, Every, GradientFlow, evolve
from limits.theorems import Problem, Verdict
from limits.theorems.asymmetric_scaling import first_step
from particles import (
    NTK,
    Dataset,
    GaussianLaw,
    Identity,
    ParticleCloud,
    Perceptron,
    RademacherOutputs,
    Risk,
    Squared,
    Tanh,
    Trajectory,
    masses,
)
from particles.initial.laws import OutputLaw
from runs.inspect.theorem_check import checked_file, is_violated, legend, rebuilt, table
from runs.system.refusal import Refusal
from tests.draws import normals
from tests.runs.study.smoke import Smoke, spoken
from tests.runs.studyfile.small.studies import write_study

NAMES = ("gamma1.0", "gamma0.5", "gamma0.2", "gamma0.0")


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal in which no row is folded."""
    monkeypatch.setenv("COLUMNS", "250")


def file_of(smoke: Smoke, name: str = "gamma1.0") -> Path:
    """The trajectory of one setting."""
    return smoke.folder / f"{name}-seed0.h5"


def problem_of(path: Path) -> Problem:
    """The problem that a file was written for."""
    with Trajectory.open(path) as trajectory:
        return rebuilt(path, trajectory.parameters)


def rewritten(source: Path, target: Path, *, factor: float = 1.0, backwards: bool = False, loss: str = "") -> Path:
    """A file with the parameters of another one, whose frames are at other times or in the opposite order."""
    problem = problem_of(source)
    with Trajectory.open(source) as trajectory:
        parameters = dict(trajectory.parameters)
        parameters.pop("flow")
        seed = parameters.pop("seed")
        clouds, times, steps = list(trajectory), trajectory.times, trajectory.steps
    if loss:
        parameters["config"] = {**parameters["config"], "rows": int(loss)}  # type: ignore[dict-item]
    flow = GradientFlow(problem.risk)
    with Trajectory.create(target, flow=flow, seed=int(str(seed)), parameters=parameters) as writer:
        for step, time, cloud in zip(steps, times, clouds[::-1] if backwards else clouds, strict=True):
            writer(int(step), factor * float(time), cloud)
    return target


def rows(said: str) -> Iterator[list[str]]:
    """The cells of every row of the table: the first line of each, where the theorem is named."""
    for line in said.splitlines()[3:]:
        cells = [cell.strip() for cell in re.split(r"\s{2,}", line.strip())]
        if len(cells) > 1:
            yield cells


@pytest.mark.parametrize("name", NAMES)
def test_files_of_the_study_violate_nothing(smoke: Smoke, name: str) -> None:
    """Assert that every theorem is in the table of each setting, and exit code 0 says that none is violated."""
    code, said, err = spoken("check", str(file_of(smoke, name)), "--seeds", "20")
    assert code == 0 and err == ""
    cells = list(rows(said))
    theorems = " ".join(row[0] for row in cells)
    for theorem in ("lemma D.1", "lemma D.2", "theorem 4.1", "proposition A.2", "C.1", "3.3", "5.1", "5.2"):
        assert theorem in theorems
    verdicts = [row[-1] for row in cells]
    assert verdicts[:3] == ["holds"] * 3 and not any(verdict.startswith("violated") for verdict in verdicts)
    assert "assumption fails: a smooth activation" in verdicts
    assert ("assumption fails: gamma > 0 (it is 0)" in verdicts) == (name == "gamma0.0")
    assert any(re.match(r"vacuous: m = 400 >= \d", verdict) for verdict in verdicts) == (name != "gamma0.0")


def test_means_have_their_standard_errors_and_words_are_explained(smoke: Smoke) -> None:
    """Assert that a mean shows why it holds, in its row and below the table, and only words that occur are."""
    path = file_of(smoke)
    code, said, _ = spoken("check", str(path), "--seeds", "20")
    (mean,) = (result for result in checked_file(path, seeds=20) if result.source.endswith("theorem 5.1"))
    cells = {row[0]: row[1:] for row in rows(said)}
    assert cells["theorem 5.1"][1] == f"{mean.measured:.3g} ± {mean.error:.2g}"
    assert code == 0 and f"z = {mean.score:.2f}" in said and mean.margin == pytest.approx(1.0 - abs(mean.score) / 5.0)
    starts = [line.partition(":")[0] for line in legend(checked_file(path, seeds=20))]
    assert starts == ["margin", "±, z", "vacuous", "assumption fails"]
    assert all(f"\n{start}: " in said for start in starts)
    assert legend([]) == [] and [line.partition(":")[0] for line in legend([mean])] == ["margin", "±, z"]
    zero = replace(mean, bound=-1e-12 * mean.error)
    assert [str(cell) for cell in table([zero]).columns[1].cells] == ["0"]


def test_problem_is_that_of_the_run(smoke: Smoke) -> None:
    """Assert that risks and initial cloud of the rebuilt problem are those in the file."""
    path = file_of(smoke, "gamma0.2")
    problem = problem_of(path)
    with Trajectory.open(path) as trajectory:
        series = trajectory.observables["train_risk"]
        first, last = (trajectory[index].to(dtype=problem.masses.dtype) for index in (0, -1))
    assert float(problem.risk(first)) == pytest.approx(series.values[0], rel=1e-6)
    assert float(problem.risk(last)) == pytest.approx(series.values[-1], rel=1e-6)
    assert (problem.gamma, problem.alpha, problem.count) == (0.2, 0.5, 400)
    start: ParticleCloud = problem.sample(0)
    assert float((start.positions - first.positions).abs().max()) < 1e-6
    assert problem.risk.scaling == NTK()


@pytest.mark.parametrize(
    ("planted", "theorem"),
    [
        ({"factor": 0.01}, "lemma D.1, along the run"),
        ({"backwards": True}, "lemma D.1, sharper form"),
    ],
    ids=["time-too-short", "backwards"],
)
def test_planted_violations_exit_with_three(
    smoke: Smoke, tmp_path: Path, planted: dict[str, float], theorem: str
) -> None:
    """Assert that times n = 100 times too short, and a run backwards, are violations and exit code 3."""
    path = rewritten(file_of(smoke), tmp_path / "planted.h5", **planted)  # type: ignore[arg-type]
    code, said, _ = spoken("check", str(path), "--seeds", "2")
    assert code == 3
    assert [row[-1] for row in rows(said) if row[0] == theorem] == ["violated"]
    with Trajectory.open(path) as trajectory:
        problem = rebuilt(path, trajectory.parameters)
    assert not is_violated(first_step(problem, range(20)))


def test_results_say_so_in_python(smoke: Smoke) -> None:
    """Assert that the same results come as values, and one violated among them is seen."""
    results = checked_file(file_of(smoke), seeds=5)
    assert not is_violated(results)
    assert {result.verdict for result in results} == {Verdict.HOLDS, Verdict.VACUOUS, Verdict.ASSUMPTION_FAILS}


def test_files_of_other_origin_are_refused(tmp_path: Path, smoke: Smoke) -> None:
    """Assert that a file without the study's parameters is one sentence and exit code 2."""
    path = tmp_path / "mine.h5"
    problem = problem_of(file_of(smoke))
    with Trajectory.create(path, flow=GradientFlow(problem.risk), seed=0) as writer:
        writer(0, 0.0, problem.sample(0))
    code, said, err = spoken("check", str(path))
    assert code == 2 and said == ""
    assert "mine.h5 was not written by the study asymmetric-scaling" in err
    assert "call limits.theorems from Python with a problem of your own" in err


def test_files_that_name_a_study_without_its_parameters_are_refused(smoke: Smoke) -> None:
    """Assert that parameters that are missing, or something else, are a sentence, whichever they are."""
    path = file_of(smoke)
    with Trajectory.open(path) as trajectory:
        whole = dict(trajectory.parameters)
    odd: tuple[object, ...] = (None, [1], "text", {})
    damaged = [{**whole, name: thing} for name in ("config", "setting") for thing in odd]
    setting = whole["setting"]
    assert isinstance(setting, dict)
    damaged += [{**whole, "setting": {**setting, name: "text"}} for name in ("gamma", "alpha")]
    damaged += [{name: value for name, value in whole.items() if name != left} for left in ("config", "setting")]
    for parameters in damaged:
        with pytest.raises(Refusal, match=r"does not hold its parameters|does not do for"):
            rebuilt(path, parameters)


def test_files_that_no_longer_fit_are_refused(tmp_path: Path, smoke: Smoke) -> None:
    """Assert that a configuration that gives another risk than the file's, a text file, and one frame are refused."""
    other = rewritten(file_of(smoke), tmp_path / "other.h5", loss="50")
    with pytest.raises(Refusal, match="was written with other data than this version finds by its configuration"):
        checked_file(other)
    notes = tmp_path / "notes.txt"
    notes.write_text("a text\n" * 1000)
    assert spoken("check", str(notes))[0] == 2
    single = Path(shutil.copy(file_of(smoke), tmp_path / "single.h5"))
    with pytest.raises(Refusal, match="Statements about random starts were asked to be checked on 1 seeds"):
        checked_file(single, seeds=1)


#: A network that theorems are known for, on the data beside its study file.
KNOWN = {"masses": {"kind": "asymmetrical", "count": 40, "gamma": 0.5, "alpha": 0.7}, "law": "gaussian"}


def run_of(folder: Path, changes: dict[str, object]) -> Path:
    """The trajectory of the only run of a study file."""
    path = write_study(folder, {**KNOWN, **changes})
    assert spoken("run", str(path), "--out", str(folder / "out"), "--workers", "0")[0] == 0
    (file,) = (folder / "out").rglob("run.h5")
    return file


def test_run_of_a_study_file_is_checked(tmp_path: Path) -> None:
    """Assert that its theorems hold, those on smooth activations among them, on the data that the file keeps."""
    file = run_of(tmp_path, {"frames": {"steps": 1}})
    (tmp_path / "data.npz").unlink()
    code, said, _ = spoken("check", str(file))
    verdicts = {row[0]: row[-1] for row in rows(said)}
    assert code == 0
    assert verdicts["lemma D.1"] == verdicts["lemma D.4"] == verdicts["theorem 5.2"] == "holds"
    with Trajectory.open(file) as trajectory:
        problem = rebuilt(file, trajectory.parameters, trajectory.data)
        assert (problem.gamma, problem.alpha, problem.count) == (0.5, 0.7, 40)
        with pytest.raises(Refusal, match=r"does not keep its training data \(64 kB at the most\)"):
            rebuilt(file, trajectory.parameters)
        with pytest.raises(Refusal, match="does not say by which flow it was written"):
            rebuilt(file, {**trajectory.parameters, "flow": None}, trajectory.data)
        flow = dict(trajectory.parameters)["flow"]
        other = {**flow, "risk": {**flow["risk"], "loss": {"class": "particles.Logistic"}}}  # type: ignore
        with pytest.raises(Refusal, match=r"was written with other risk\.loss\.class than this version finds"):
            rebuilt(file, {**trajectory.parameters, "flow": other}, trajectory.data)


def from_python(path: Path, outputs: OutputLaw, *, stretch: float = 1.0, said: bool = True) -> Path:
    """A run as the README does one, whose law is said or not, and whose times may be wrong."""
    x, y = normals(12, 3, seed=5), normals(12, seed=6)
    neuron = Perceptron(activation=Tanh(), embedding=Identity(dim=3), trained="hidden")
    law, integrator = GaussianLaw(neuron, outputs=outputs), Adaptive(rtol=1e-4)
    start = law.sample(masses=masses.asymmetrical(40, gamma=0.5, alpha=0.7), seed=0)
    flow = GradientFlow(Risk(neuron=neuron, scaling=NTK(), loss=Squared(), data=Dataset(x, y)))
    made_of = {"law": law, "integrator": integrator, "masses": {"gamma": 0.5, "alpha": 0.7}} if said else {}
    with Trajectory.create(path, flow=flow, seed=0, **made_of) as trajectory:

        def record(step: int, time: float, cloud: ParticleCloud) -> None:
            trajectory(step, stretch * time, cloud)

        evolve(flow, start, integrator, until=2.0, observers=[Every(time=0.5, observer=record)])
    return path


def test_run_from_python_is_checked(tmp_path: Path) -> None:
    """Assert that a file that says its law has the theorems of its problem, violated where its times are wrong."""
    file = from_python(tmp_path / "a.h5", RademacherOutputs())
    verdicts = {result.source: result.verdict for result in checked_file(file, seeds=10)}
    assert Verdict.HOLDS in verdicts.values() and Verdict.VIOLATED not in verdicts.values()
    with Trajectory.open(file) as trajectory:
        problem = rebuilt(file, trajectory.parameters, trajectory.data, trajectory[0].masses)
        assert (problem.gamma, problem.alpha, problem.count) == (0.5, 0.7, 40)
        with pytest.raises(Refusal, match=r"does not keep its training data \(64 kB at the most\)"):
            rebuilt(file, trajectory.parameters, None, trajectory[0].masses)
    assert is_violated(checked_file(from_python(tmp_path / "b.h5", RademacherOutputs(), stretch=0.01), seeds=10))
    with pytest.raises(Refusal, match="does not say its law: give flow and law to Trajectory.create, or call limits"):
        checked_file(from_python(tmp_path / "c.h5", RademacherOutputs(), said=False))


@pytest.mark.validation
def test_frames_of_a_study_file_that_are_wrong_violate(tmp_path: Path) -> None:
    """Assert that the same frames at a hundredth of their times move too fast for the theorems."""
    file, wrong = run_of(tmp_path, {"frames": {"steps": 1}}), tmp_path / "wrong.h5"
    with Trajectory.open(file) as trajectory:
        given, data = dict(trajectory.parameters), trajectory.data
        problem = rebuilt(file, given, data)
        frames = list(zip(trajectory.steps, trajectory.times, trajectory, strict=True))
    parameters = {"config": given["config"]}
    with Trajectory.create(wrong, flow=GradientFlow(problem.risk), parameters=parameters) as writer:
        for step, time, cloud in frames:
            writer(int(step), 0.01 * float(time), cloud)
    assert spoken("check", str(wrong))[0] == 3


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"flow": {"kind": "langevin", "temperature": 0.1}, "scaling": "mean-field",
          "integrator": {"kind": "euler-maruyama", "step": 0.125}}, "is of a LangevinFlow, but the theorems are about"),
        ({"flow": {"kind": "minibatch", "size": 4, "step": 0.125}}, "is of a MinibatchFlow, but the theorems are"),
        ({"flow": "linearised"}, "is of a LinearisedFlow, but the theorems are about the gradient flow on all data"),
        ({"neuron": {"kind": "import", "path": "mine:made"}}, "of a neuron that was imported"),
        (
            {"neuron": {"kind": "perceptron", "activation": {"kind": "import", "path": "mine:made"}}},
            "of a neuron that was imported, or its activation",
        ),
    ],
)  # fmt: skip
def test_other_runs_of_study_files_are_refused(tmp_path: Path, changes: dict[str, object], sentence: str) -> None:
    """Assert that other flows and imported neurons are named, and that nothing is imported to find out."""
    if "neuron" not in changes:
        with pytest.raises(Refusal, match=sentence):
            checked_file(run_of(tmp_path, changes))
        return
    file = run_of(tmp_path, {})
    with Trajectory.open(file) as trajectory:
        config = {**dict(trajectory.parameters)["config"], **changes}  # type: ignore[call-overload]
        with pytest.raises(Refusal, match=sentence):
            rebuilt(file, {**trajectory.parameters, "config": config}, trajectory.data)


def test_files_that_ask_for_the_impossible_are_refused(tmp_path: Path) -> None:
    """Assert that more particles than there are, numbers beyond all bounds and endless seeds are told in a sentence."""
    masses = {"kind": "asymmetrical", "count": 5, "gamma": 0.5, "alpha": 0.5}
    path = write_study(tmp_path, {"masses": masses})
    assert spoken("run", str(path), "--out", str(tmp_path / "out"), "--workers", "0")[0] == 0
    [file] = (tmp_path / "out").glob("*/run.h5")
    with pytest.raises(Refusal, match="1000000000000 seeds were asked for, but 100000 at most are taken"):
        checked_file(file, seeds=10**12)
    with h5py.File(file, "r+") as held:
        text = held["parameters/configuration"].asstr()[()]
        held["particles/cloud/position/value"][...] = 1e308
    with pytest.raises(Refusal, match="holds numbers with which nothing can be checked"):
        checked_file(file, seeds=2)
    with h5py.File(file, "r+") as held:
        del held["parameters/configuration"]
        held["parameters/configuration"] = text.replace('"count": 5', '"count": 1000000000000')
    with pytest.raises(Refusal, match="says that it is of 1000000000000 particles, but its frames have 5"):
        checked_file(file, seeds=2)
