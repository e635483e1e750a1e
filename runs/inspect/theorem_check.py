"""The check of theorems on a trajectory file: its problem is rebuilt from the configuration of its run."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from flows import GradientFlow
from limits.theorems import Problem, Result, Verdict, every_theorem
from particles import Dataset, GaussianLaw, Trajectory, TrajectoryError, TrajectoryReader
from particles.shapes import Masses
from particles.trajectory.describe import describe
from runs.recorded.network_from_file import problem_of
from runs.studies import STUDIES, named
from runs.study.claims import cells_of
from runs.study.statements import Shown, fitted
from runs.studyfile.experiment import Experiment as StudyRun
from runs.studyfile.model.config import RunConfig
from runs.studyfile.model.sections import validated
from runs.system.refusal import Refusal

#: Largest number of other starts; each is a cloud, and a million takes days.
MOST_SEEDS = 100_000
#: How the three numbers of a theorem are called.
NAMES = ("bound", "measured", "margin")
_NOT_KEPT = "{} does not keep its training data (64 kB at the most): call limits.theorems from Python."


def checked_file(path: Path, *, seeds: int = 100) -> tuple[Result, ...]:
    """Check every theorem of the asymmetric paper on the frames of a file, and on `seeds` other starts of its network.

    The study asymmetric-scaling and study files store what is needed, and so does a run from Python that gives its flow
    and law to `Trajectory.create`. Raises Refusal, with one sentence, for fewer than two or too many seeds, and for a
    file that cannot be read, has fewer than two frames, or whose problem cannot be rebuilt.
    """
    if seeds < 2:
        raise Refusal(f"Statements about random starts were asked to be checked on {seeds} seeds: give two or more.")
    if seeds > MOST_SEEDS:
        raise Refusal(f"{seeds} seeds were asked for, but {MOST_SEEDS} at most are taken: give fewer.")
    try:
        with Trajectory.open(path) as trajectory:
            _check_count(path, trajectory.parameters.get("config"), trajectory)
            problem = rebuilt(path, trajectory.parameters, trajectory.data, _masses_of(trajectory))
            return every_theorem(problem, trajectory, seeds=range(seeds))
    except (TrajectoryError, ValueError) as error:
        raise Refusal(str(error)) from error
    except (ArithmeticError, MemoryError, RuntimeError) as error:  # of linear algebra, among others
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise Refusal(
            f"{path} holds numbers with which nothing can be checked ({said}): check another file."
        ) from error


def _check_count(path: Path, config: object, trajectory: TrajectoryReader) -> None:
    """Raise Refusal where the configuration of a file names another number of particles than its frames have."""
    held = config if isinstance(config, Mapping) else {}
    masses = held.get("masses")
    said = masses.get("count") if isinstance(masses, Mapping) else held.get("count")
    if said is not None and len(trajectory) and said != trajectory[0].count:
        raise Refusal(
            f"{path} says that it is of {said} particles, but its frames have {trajectory[0].count}: restore it from a "
            "copy."
        )


def rebuilt(
    path: Path, parameters: Mapping[str, object], kept: Dataset | None = None, masses: Masses | None = None
) -> Problem:
    """The problem of a file, rebuilt from its parameters; data are found by name or are those stored in the file.

    Raises Refusal for files of other origin, and where data or code are no longer those with which the file was
    written.
    """
    config, study = parameters.get("config"), parameters.get("study")
    if isinstance(study, str) and study in STUDIES and (problem_of := named(study).problem_of) is not None:
        try:
            problem = problem_of(path, parameters)
        except (AttributeError, LookupError, TypeError) as error:
            raise Refusal(
                f"{path} says that it is of the study {study}, but does not hold its parameters ({error}): restore it "
                "from a copy."
            ) from error
    elif "study" not in parameters and isinstance(config, dict):
        problem = _of_study_file(path, config, kept)
    elif isinstance(parameters.get("law"), Mapping) and masses is not None:
        problem = _from_python(path, parameters, kept, masses)
    else:
        known = " or ".join(name for name in STUDIES if named(name).problem_of is not None)
        raise Refusal(
            f"{path} was not written by the study {known} nor by a study file, and does not say its law: give flow and "
            "law to Trajectory.create, or call limits.theorems from Python with a problem of your own."
        )
    _check_flow(path, parameters.get("flow"), describe(GradientFlow(problem.risk)))
    return problem


def _of_study_file(path: Path, config: dict[str, Any], kept: Dataset | None) -> Problem:
    """The problem of a run of a study file. Modules that the file names are not imported, for safety."""
    run = validated(RunConfig, config)
    if run.neuron.import_paths():
        said = f"{path} is of a neuron that was imported, or its activation"
        raise Refusal(f"{said}, but theorems are known for Perceptron with activations of ours.")
    if run.data.source is not None:
        built = StudyRun(run, path.parent)
    elif kept is not None:
        built = KeptRun(run, path.parent, train=kept)
    else:
        raise Refusal(_NOT_KEPT.format(path))
    law = built.law
    if not isinstance(law, GaussianLaw):
        raise Refusal(
            f"{path} starts from a {type(law).__name__}, but theorems are known for a GaussianLaw only: check a run of "
            "perceptrons."
        )
    gamma, alpha = (getattr(run.masses, name, None) for name in ("gamma", "alpha"))
    return Problem(built.risk, law, built.masses, gamma, alpha)


def _from_python(path: Path, parameters: Mapping[str, object], kept: Dataset | None, masses: Masses) -> Problem:
    """The problem of a run from Python: its described flow and law, its stored data, and its first masses."""
    if kept is None:
        raise Refusal(_NOT_KEPT.format(path))
    risk, law = problem_of(path, parameters, kept)
    said = parameters.get("masses")
    given = {name: said.get(name) for name in ("gamma", "alpha")} if isinstance(said, Mapping) else {}
    gamma, alpha = (one if isinstance(one, int | float) else None for one in (given.get("gamma"), given.get("alpha")))
    return Problem(risk, law, masses, gamma, alpha)


def _masses_of(trajectory: TrajectoryReader) -> Masses | None:
    return trajectory[0].masses.double() if len(trajectory) else None


@dataclass(frozen=True, eq=False, kw_only=True)
class KeptRun(StudyRun):
    """A run on the training data that are stored in its trajectory."""

    train: Dataset

    @property
    def data(self) -> tuple[Dataset, Dataset | None]:
        """The stored training data, and no test data."""
        return self.train, None


def _check_flow(path: Path, described: object, rebuilt: object) -> None:
    """Raise Refusal unless the flow of a file is the gradient flow of its problem; the sentence says what it is."""
    if not isinstance(described, Mapping) or not isinstance(rebuilt, Mapping):
        raise Refusal(f"{path} does not say by which flow it was written: check a file that does.")
    if described.get("class") != rebuilt["class"]:
        kind = str(described.get("class")).rpartition(".")[2]
        raise Refusal(
            f"{path} is of a {kind}, but the theorems are about the gradient flow on all data: check a run with "
            'flow = "gradient".'
        )
    place = _differing(described, rebuilt)
    if place is not None:
        what = "data" if ".data" in f".{place}" else place
        raise Refusal(
            f"{path} was written with other {what} than this version finds by its configuration: check it with the "
            "version and the data that wrote it (meanfield info says which)."
        )


def _differing(one: object, other: object) -> str | None:
    """The dotted name of the first place at which two descriptions differ."""
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return None if one == other else ""
    for name in sorted(one.keys() | other.keys()):
        below = _differing(one.get(name), other.get(name))
        if below is not None:
            return f"{name}.{below}".rstrip(".")
    return None


def table(results: Sequence[Result]) -> Table:
    """A table with a row for each theorem: source, statement, bound or exact value, measurement, margin and verdict.

    A mean is shown with its standard error and its score z.
    """
    shown = Table(box=SIMPLE_HEAD, title_justify="left")
    shown.add_column("theorem", overflow="fold")
    for name in NAMES:
        shown.add_column(name, justify="right", no_wrap=True)
    shown.add_column("verdict", overflow="fold")
    for row in map(_shown, results):
        shown.add_row("\n".join(row.texts), *row.numbers, row.verdict)
    return shown


def fitted_table(results: Sequence[Result], width: int) -> RenderableType:
    """The table, or a block for each theorem where lines of `width` letters are too short for it."""
    return fitted(table(results), list(map(_shown, results)), NAMES, width)


def _shown(result: Result) -> Shown:
    score = "" if math.isnan(result.error) else f"\nz = {result.score:.2f}"
    bound, measured, margin, verdict = cells_of(result)
    texts = (escape(result.source.removeprefix("Caron et al. 2023, ")), escape(result.statement))
    return Shown(texts, (bound, measured + score, margin), verdict)


def legend(results: Sequence[Result]) -> list[str]:
    """Explanations of the words that occur in the table."""
    verdicts = {result.verdict for result in results}
    lines = []
    if any(not math.isnan(result.margin) for result in results):
        lines.append("margin: how far the measurement is from a violation, in parts of the bound; below 0 is violated")
    if any(not math.isnan(result.error) for result in results):
        lines.append(
            "±, z: a mean over random starts with its standard error, and how many of these it is off its exact value, "
            "which stands under bound; beyond 5 is violated, and the margin is 1 - |z| / 5"
        )
    if Verdict.UNDECIDED in verdicts:
        lines.append("undecided: the interval of the measurement lies on both sides of the bound")
    if Verdict.VACUOUS in verdicts:
        lines.append(
            "vacuous: the bound promises nothing here, as it is larger than what is always so, or holds only under the "
            "condition behind the colon, which is not met"
        )
    if Verdict.ASSUMPTION_FAILS in verdicts:
        lines.append("assumption fails: what stands behind the colon is not so, and nothing was compared")
    return lines


def is_violated(results: Sequence[Result]) -> bool:
    """Whether a theorem is violated."""
    return any(result.verdict is Verdict.VIOLATED for result in results)
