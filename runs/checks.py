"""Theorems checked on a trajectory file: the problem rebuilt from the study's configuration, the results as a table."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table

from flows import GradientFlow
from limits.theorems import Problem, Result, Verdict, every_theorem
from particles import GaussianLaw, RademacherOutputs, Trajectory, TrajectoryError
from particles.trajectory.describe import describe
from runs.datasets import load
from runs.refusal import Refusal
from runs.studies.asymmetric_scaling.config import NAME, Config, Setting
from runs.studies.asymmetric_scaling.experiment import Experiment, Run

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
    problem cannot be rebuilt: only the study asymmetric-scaling stores what that takes.
    """
    if seeds < 2:
        raise Refusal(f"Statements about random starts were asked to be checked on {seeds} seeds: give two or more.")
    try:
        with Trajectory.open(path) as trajectory:
            problem = rebuilt(path, trajectory.parameters)
            return every_theorem(problem, trajectory, seeds=range(seeds))
    except (TrajectoryError, ValueError) as error:
        raise Refusal(str(error)) from error


def rebuilt(path: Path, parameters: Mapping[str, object]) -> Problem:
    """The problem of a file from its parameters: data by name, network and flow by the study, which must be the file's.

    Raises Refusal for files of other origin, and where data or code are no longer those that the file was written with.
    """
    config, setting, seed = (parameters.get(name) for name in ("config", "setting", "seed"))
    if parameters.get("study") != NAME or not isinstance(config, dict) or not isinstance(setting, dict):
        raise Refusal(
            f"{path} was not written by the study {NAME}, the only one whose files say enough to rebuild the problem: "
            "name one of its files, or call limits.theorems from Python with a problem of your own."
        )
    resolved = Config.validated(**{**config, "device": "cpu"}, seeds=1, out=path.parent)
    scaling = Setting(setting["name"], setting["gamma"], setting["alpha"], "")
    experiment = Experiment(Run(resolved, scaling, seed if isinstance(seed, int) else 0), load(resolved.data))
    if describe(GradientFlow(experiment.risk)) != parameters.get("flow"):
        raise Refusal(
            f"{path} was written with other data or another flow than {NAME} has now: check it with the version that "
            "wrote it (meanfield info says which)."
        )
    law = GaussianLaw(experiment.risk.neuron, outputs=RademacherOutputs(), variance=resolved.variance)
    return Problem(experiment.risk, law, scaling.masses(resolved.count), scaling.gamma, scaling.alpha)


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
