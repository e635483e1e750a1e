"""Theorems checked on a trajectory file: the problem rebuilt from its run's configuration, the results as a table."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from flows import GradientFlow
from limits.theorems import Problem, Result, Verdict, every_theorem
from particles import Dataset, GaussianLaw, RademacherOutputs, Trajectory, TrajectoryError
from particles.trajectory.describe import describe
from runs.datasets import load
from runs.refusal import Refusal
from runs.studies.asymmetric_scaling.config import NAME, Config, Setting
from runs.studies.asymmetric_scaling.experiment import Experiment, Run
from runs.studyfile.config import RunConfig
from runs.studyfile.experiment import Experiment as StudyRun
from runs.studyfile.sections import validated

#: How each verdict is shown.
COLOURS = {
    Verdict.HOLDS: "green",
    Verdict.VIOLATED: "bold red",
    Verdict.VACUOUS: "yellow",
    Verdict.ASSUMPTION_FAILS: "dim",
}


def checked_file(path: Path, *, seeds: int = 100) -> tuple[Result, ...]:
    """Every theorem of the asymmetric paper on the frames of a file, and on `seeds` other starts of its network.

    Raises Refusal, with one sentence, for a file that cannot be read, that has fewer than two frames, or whose
    problem cannot be rebuilt: the study asymmetric-scaling and study files store what that takes.
    """
    if seeds < 2:
        raise Refusal(f"Statements about random starts were asked to be checked on {seeds} seeds: give two or more.")
    try:
        with Trajectory.open(path) as trajectory:
            problem = rebuilt(path, trajectory.parameters, trajectory.data)
            return every_theorem(problem, trajectory, seeds=range(seeds))
    except (TrajectoryError, ValueError) as error:
        raise Refusal(str(error)) from error


def rebuilt(path: Path, parameters: Mapping[str, object], kept: Dataset | None = None) -> Problem:
    """The problem of a file from its parameters: data by name or as the file keeps them, the rest by its configuration.

    Raises Refusal for files of other origin, and where data or code are no longer those that the file was written with.
    """
    config, setting, seed = (parameters.get(name) for name in ("config", "setting", "seed"))
    if parameters.get("study") == NAME and isinstance(config, dict) and isinstance(setting, dict):
        problem = _of_study(path, config, Setting(setting["name"], setting["gamma"], setting["alpha"], ""), seed)
    elif "study" not in parameters and isinstance(config, dict):
        problem = _of_study_file(path, config, kept)
    else:
        raise Refusal(
            f"{path} was not written by the study {NAME} nor by a study file, which say enough to rebuild the problem: "
            "name one of their files, or call limits.theorems from Python with a problem of your own."
        )
    if describe(GradientFlow(problem.risk)) != parameters.get("flow"):
        raise Refusal(
            f"{path} was written with other data, or with another flow than the gradient flow that the theorems are "
            "about: check it with the version that wrote it (meanfield info says which), or run such a flow."
        )
    return problem


def _of_study(path: Path, config: dict[str, Any], setting: Setting, seed: object) -> Problem:
    resolved = Config.validated(**{**config, "device": "cpu"}, seeds=1, out=path.parent)
    experiment = Experiment(Run(resolved, setting, seed if isinstance(seed, int) else 0), load(resolved.data))
    law = GaussianLaw(experiment.risk.neuron, outputs=RademacherOutputs(), variance=resolved.variance)
    return Problem(experiment.risk, law, setting.masses(resolved.count), setting.gamma, setting.alpha)


def _of_study_file(path: Path, config: dict[str, Any], kept: Dataset | None) -> Problem:
    """Nothing is imported that the file names: only study files that the user names may ask for that."""
    run = validated(RunConfig, config)
    if "path" in run.neuron.given():
        raise Refusal(f"{path} is of a neuron that was imported, but theorems are known for Perceptron.")
    if run.data.source is not None:
        built = StudyRun(run, path.parent)
    elif kept is not None:
        built = KeptRun(run, path.parent, train=kept)
    else:
        raise Refusal(f"{path} does not keep its training data (64 kB at the most): call limits.theorems from Python.")
    law = built.law
    if not isinstance(law, GaussianLaw):
        raise Refusal(f"{path} starts from a {type(law).__name__}, but theorems are known for a GaussianLaw only.")
    gamma, alpha = (getattr(run.masses, name, None) for name in ("gamma", "alpha"))
    return Problem(built.risk, law, built.masses, gamma, alpha)


@dataclass(frozen=True, eq=False, kw_only=True)
class KeptRun(StudyRun):
    """A run on the training data that its trajectory keeps."""

    train: Dataset

    @property
    def data(self) -> tuple[Dataset, Dataset | None]:
        """What is kept."""
        return self.train, None


def table(results: Sequence[Result]) -> Table:
    """One row per theorem: where it stands, what it says, bound, measurement, margin and verdict."""
    shown = Table(box=SIMPLE_HEAD, title_justify="left")
    for name in ("theorem", "statement"):
        shown.add_column(name, overflow="fold")
    for name in ("bound", "measured", "margin"):
        shown.add_column(name, justify="right", no_wrap=True)
    shown.add_column("verdict", overflow="fold")
    for result in results:
        why = f": {'; '.join(result.failing)}" if result.failing else ""
        numbers = (
            "-" if math.isnan(value) else f"{value:.3g}" for value in (result.bound, result.measured, result.margin)
        )
        verdict = f"[{COLOURS[result.verdict]}]{result.verdict}[/]{why}"
        shown.add_row(
            result.source.removeprefix("Caron et al. 2023, "), result.statement.replace("[", r"\["), *numbers, verdict
        )
    return shown


def is_violated(results: Sequence[Result]) -> bool:
    """Whether a theorem is."""
    return any(result.verdict is Verdict.VIOLATED for result in results)
