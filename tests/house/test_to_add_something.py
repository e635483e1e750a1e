"""To add something takes one file: pieces that lie beside a study are used from Python, a study file and the command.

ARCHITECTURE.md's table "To add something" says the same of what becomes part of this project.
"""

import importlib
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from flows import Checkpoint, GradientFlow, Trace, evolve
from limits.theorems import Result, Verdict
from particles import Dataset, GaussianLaw, Identity, MeanField, Perceptron, Ranks, Risk, Squared, Trajectory, masses
from runs.batch.jobs import Stopped
from runs.recorded import trajectory_run
from runs.studies import STUDIES
from runs.studyfile.model.reading import read_study
from runs.studyfile.over_ranks import check_shareable
from runs.studyfile.running import WHOLE, Job, perform
from runs.studyfile.study import jobs_of
from runs.system.refusal import Refusal
from tests.house.source import ROOT
from tests.runs.study.smoke import spoken

PIECES = '''"""An integrator, an observable, a neuron, an activation and a theorem of somebody's own."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from flows import Advance, GivenStep, Part
from limits.theorems.base import Statement, from_above


@dataclass(frozen=True)
class Before:
    """What a step hands to the next one."""

    velocity: torch.Tensor


@dataclass(frozen=True, init=False)
class AdamsBashforth(GivenStep):
    """theta <- theta + h (3/2 v_n - 1/2 v_{n-1}), the first step by Euler."""

    order: ClassVar[float] = 2.0
    handles: ClassVar[frozenset] = frozenset({Part.TRANSPORT})
    states: ClassVar[tuple] = (Before,)

    def init(self, flow, cloud, time=0.0):
        """Nothing came before."""
        return None

    def step(self, flow, cloud, state, time, until, noise):
        """One velocity a step."""
        start, size, reached = self.next(time, until)
        now = flow.velocity(cloud, start)
        mean = now if state is None else 1.5 * now - 0.5 * state.velocity
        return Advance(reached, cloud.moved(cloud.positions + size * mean), Before(now))


@dataclass(frozen=True)
class Swish:
    """sigma(z) = z / (1 + exp(-sharp z))."""

    sharp: float = 1.0
    homogeneous: ClassVar[bool] = False
    lipschitz: ClassVar[float] = 1.1
    bounded: ClassVar[bool] = False
    smooth: ClassVar[bool] = True

    def value(self, z):
        return z * torch.sigmoid(self.sharp * z)

    def derivative(self, z, value=None):
        s = torch.sigmoid(self.sharp * z)
        return s + self.sharp * z * s * (1.0 - s)


class Bump:
    """exp(-|theta - x|^2 / width)."""

    def __init__(self, width):
        self.dim, self.width = 3, width

    def feature(self, theta, x):
        return torch.exp(-((theta - x) ** 2).sum() / self.width)


@dataclass(frozen=True, eq=False)
class Spread:
    """Root mean square distance of the particles from their centre, over what it was."""

    risk: object
    start: object
    power: float = 1.0

    def __call__(self, cloud):
        return (self._of(cloud) / self._of(self.start)) ** self.power

    def _of(self, cloud):
        return (cloud.positions - cloud.positions.mean(dim=0)).square().sum(dim=1).mean().sqrt()


def risk_falls(risks):
    """The risk never rises along its gradient flow."""
    statement = Statement("R(t) <= R(s) for s <= t", "the chain rule")
    return from_above(statement, (), torch.as_tensor(risks[:-1]), torch.as_tensor(risks[1:]))
'''
STUDY = """until = 1.0
scaling = "mean-field"
integrator = { kind = "import", path = "paper_pieces:AdamsBashforth", arguments = { step = 0.125 } }
frames = { steps = 4 }
records = { steps = 1 }
data = { file = "data.npz" }
masses = { kind = "uniform", count = 6 }

[observables]
risk = "risk"
spread = { kind = "import", path = "paper_pieces:Spread", arguments = { power = 2.0 } }

[neuron]
kind = "perceptron"
activation = { kind = "import", path = "paper_pieces:Swish", arguments = { sharp = 2.0 } }

[sweep.over]
neuron = [
    { kind = "perceptron", activation = { kind = "import", path = "paper_pieces:Swish", arguments = { sharp = 2.0 } } },
    { kind = "import", path = "paper_pieces:Bump", arguments = { width = 2.0 } },
]
"""


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the pieces, data and a study that names the pieces; modules are found in it."""
    (tmp_path / "paper_pieces.py").write_text(PIECES)
    (tmp_path / "study.toml").write_text(STUDY)
    draws = np.random.default_rng(0).normal(size=(8, 4))
    np.savez(tmp_path / "data.npz", inputs=draws[:, :3], targets=draws[:, 3])
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "paper_pieces", raising=False)
    return tmp_path


def from_python(folder: Path, pieces: ModuleType, neuron: Any) -> tuple[Trace, torch.Tensor, list[Checkpoint[Any]]]:
    """The same run by the classes themselves: what was observed, where it ended, and every state."""
    with np.load(folder / "data.npz") as data:
        risk = Risk(neuron, MeanField(), Squared(), Dataset(data["inputs"], data["targets"][:, None]))
    start = GaussianLaw(risk.neuron).sample(masses=masses.uniform(6), seed=0)
    trace, kept = Trace(risk=risk, spread=pieces.Spread(risk, start, 2.0)), list[Checkpoint[Any]]()
    integrator = pieces.AdamsBashforth(0.125)
    end = evolve(GradientFlow(risk), start, integrator, until=1.0, observers=[trace], keep=kept.append)
    return trace, end.positions, kept


def test_pieces_are_used_from_python_a_study_file_and_the_command_line(scratch: Path) -> None:
    """Assert that one file adds an integrator, an observable, a neuron, an activation and a theorem, of which Python,
    a study file and the command line make the same bits."""
    done = subprocess.run(
        [sys.executable, "-m", "runs", "run", "study.toml", "--out", "commanded", "--workers", "0", "--no-summary"],
        check=False,
        cwd=scratch,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    code, plan, _ = spoken("run", str(scratch / "study.toml"), "--dry-run", "--out", str(scratch / "planned"))
    assert code == 0 and "paper_pieces:Swish" in plan and "paper_pieces:Bump" in plan
    pieces = importlib.import_module("paper_pieces")
    ours = (Perceptron(pieces.Swish(2.0), Identity(3)), pieces.Bump(2.0))
    for job, neuron in zip(jobs_of(read_study(scratch / "study.toml"), scratch / "filed"), ours, strict=True):
        perform(job, lambda share: None)
        trace, end, _ = from_python(scratch, pieces, neuron)
        for path in (job.path, scratch / "commanded" / job.path.relative_to(job.out)):
            with Trajectory.open(path) as found:
                assert torch.equal(found[-1].positions, end)
                assert np.array_equal(found.observables["risk"].values, trace["risk"])
                assert np.array_equal(found.observables["spread"].values, trace["spread"])
                result = pieces.risk_falls(found.observables["risk"].values)
                assert isinstance(result, Result) and result.verdict is Verdict.HOLDS
    rising = pieces.risk_falls(np.array([1.0, 0.5, 0.6]))
    assert rising.verdict is Verdict.VIOLATED, "the theorem can fail"


def test_a_run_goes_on_from_the_state_of_an_integrator_of_ones_own(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Assert that a run that was interrupted ends with the bits of one in one go, since the class says its states, and
    that without them the file is refused."""
    monkeypatch.setattr(trajectory_run, "KEEP_SECONDS", 0.0)

    def stop(share: int) -> None:
        if share > 500:
            raise Stopped("now")

    job = jobs_of(read_study(scratch / "study.toml"), scratch / "out")[0]
    with pytest.raises(Stopped, match="now"):
        perform(job, stop)
    assert 0 < job.done() < WHOLE
    pieces = importlib.import_module("paper_pieces")
    with monkeypatch.context() as patched:
        patched.setattr(pieces.AdamsBashforth, "states", ())
        with pytest.raises(Refusal, match="paper_pieces.Before, which is not a state this program knows"):
            perform(job, lambda share: None)
    perform(job, lambda share: None)
    _, end, kept = from_python(scratch, pieces, Perceptron(pieces.Swish(2.0), Identity(3)))
    assert len(kept) == 8 and isinstance(kept[-1].state, pieces.Before)
    with Trajectory.open(job.path) as found:
        assert torch.equal(found[-1].positions, end)


def test_what_pieces_are_not_is_refused(scratch: Path) -> None:
    """Assert that an integrator that is none, and one that ranks are to share, are one sentence each, and that a
    change of the module is seen."""
    settings = ('integrator={ kind = "import", path = "paper_pieces:Swish" }',)
    wrong = jobs_of(read_study(scratch / "study.toml", settings), scratch / "wrong")[0]
    with pytest.raises(Refusal, match="paper_pieces:Swish made Swish, which is no integrator: give it order"):
        perform(wrong, lambda share: None)
    job = jobs_of(read_study(scratch / "study.toml"), scratch / "out")[0]
    with pytest.raises(Refusal, match="The integrator 'paper_pieces:AdamsBashforth' is imported and would see"):
        check_shareable([job], Ranks())
    perform(job, lambda share: None)
    again = Job(job.config, job.source, job.out)
    assert again.changed() == []
    (scratch / "paper_pieces.py").write_text(PIECES + "\n")
    assert Job(job.config, job.source, job.out).changed() == ["paper_pieces.py has changed"]


PAPER = '''"""Does the risk fall faster with a larger rate?"""

from dataclasses import dataclass

import torch
from pydantic import Field

import paper
from flows import Euler, GradientFlow, evolve
from limits.theorems import Statement, from_above
from particles import GaussianLaw, Identity, MeanField, Perceptron, Risk, Squared, Tanh, masses
from runs.study.configuration import StudyConfig, by_scale
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.study import Study
from runs.study.table import Row


class Config(StudyConfig):
    """What the study is told."""

    sizes = by_scale(seeds=(2, 5, 10), count=(10, 100, 1000))
    data_sets = ("simulated",)

    count: int = Field(ge=1)
    until: float = Field(default=1.0, gt=0.0)


@dataclass(frozen=True)
class Falls(Experiment):
    """What the risk has lost, half way and at the end."""

    name = "E1"
    title = "Change of the risk"

    def measured(self, config, case, folder, report):
        """By one seed."""
        neuron = Perceptron(Tanh(), Identity(config.source().train.inputs.shape[1]))
        risk = Risk(neuron, MeanField(), Squared(), config.source().train)
        cloud = GaussianLaw(neuron).sample(masses=masses.uniform(config.count), seed=case.seed)
        for part in (0.5, 1.0):
            end = evolve(GradientFlow(risk), cloud, Euler(0.125), until=part * config.until)
            yield Row(self.name, "change", "all", case.seed, part, float(risk(end) - risk(cloud)))

    def claims(self, config, table):
        """It falls."""
        found = table.at(self.name, "change", "all")
        falls = Statement("the risk falls", "nobody, experiment 1", proven=False)
        yield from_above(falls, (), torch.zeros(2), torch.tensor(found.mean), error=torch.tensor(found.uncertain))

    def panels(self, config, table):
        """Against the part of the time."""
        return [Panel("risk.png", "change", "part", (Line.of("all", "C0", table.at(self.name, "change", "all")),))]


STUDY = Study("own-paper", "nobody", str(paper.__doc__), Config, (Falls(),), title="Risk")
'''


def test_a_study_is_a_folder_and_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a study of one experiment, named in the registry, has options, table, claims and figure, and goes on
    where seeds are added."""
    (tmp_path / "paper").mkdir()
    (tmp_path / "paper" / "__init__.py").write_text('"""Does the risk fall?"""\n')
    (tmp_path / "paper" / "study.py").write_text(PAPER)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(STUDIES, "own-paper", "paper")
    out = str(tmp_path / "out")
    ask = ("run", "own-paper", "E1", "--scale", "smoke", "--count", "20", "--out", out, "--workers", "0")
    code, said, _ = spoken(*ask)
    assert code == 0 and "Change of the risk" in said
    assert {"result.csv", "claims.csv", "risk.png"} <= {path.name for path in (tmp_path / "out").iterdir()}
    first = (tmp_path / "out" / "result.csv").read_text().splitlines()
    code, _, _ = spoken(*ask, "--seeds", "3")
    again = (tmp_path / "out" / "result.csv").read_text().splitlines()
    assert code == 0 and len(first) == 5 and len(again) == 7 and set(first) <= set(again)
    code, said, _ = spoken("claims", str(tmp_path / "out"))
    assert code == 0 and "1 claim: 1 holds" in said
    code, _, refused = spoken(*ask, "--until", "0")
    assert code == 2 and "The value '0' does not do for until" in refused
    code, _, refused = spoken(*ask, "--untill", "2")
    assert code == 2 and "--until" in refused
