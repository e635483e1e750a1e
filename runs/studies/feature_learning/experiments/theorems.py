"""The theorems of the paper on runs of its networks, one of them tame enough for lemma 1 to promise something."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from flows import RK4, GradientFlow, LogSpaced, evolve
from limits.theorems import ActiveRegion, Problem, Result, Statement, Verdict, every_feature_theorem
from limits.theorems.feature_learning import active_neurons, convergence, decay, random_gram, start
from limits.theorems.feature_learning.feature_movement import ABOVE, BELOW
from particles import (
    Activation,
    GaussianLaw,
    Lazy,
    LeakyReLU,
    Linear,
    MeanField,
    ParticleCloud,
    ReLU,
    SymmetricPairs,
    Tanh,
    masses,
)
from particles.risk.scaling import Scaling
from runs.batch.jobs import Report
from runs.studies.feature_learning.config import DEEP_INPUTS, LABEL_INPUTS, Config
from runs.studies.feature_learning.data import random_labels
from runs.studies.feature_learning.networks import frozen, perceptron, risk_of
from runs.study.experiment import Case, Experiment
from runs.study.table import Row, Table

#: Frames of a run, length of a Runge-Kutta step, and starts that statements on the start are checked with.
FRAMES, STEP, STARTS = 40, 0.5, 100


@dataclass(frozen=True)
class Checked:
    """A network whose theorems are checked: its activation, frozen layers, scaling, rows, and where it is active.

    tame: more particles, in pairs that start at zero, of few and small labels, so that little risk is to be lost.
    """

    label: str
    activation: Activation
    floors: int = 0
    scaling: Scaling = MeanField()
    rows: int = 10
    region: ActiveRegion = ActiveRegion()
    tame: bool = False


CHECKED = (
    Checked("leaky ReLU .3", LeakyReLU(0.3)),
    Checked("linear", Linear()),
    Checked("ReLU", ReLU()),
    Checked("ReLU, n > d, one frozen layer", ReLU(), 1, rows=20),
    Checked("ReLU, n > d, two frozen layers", ReLU(), 2, rows=20),
    Checked("tanh, c = 120", Tanh(), 0, Lazy(120.0), 5, ActiveRegion.thirds(-1.0, 1.0), tame=True),
)
#: The statements by a short name, which their rows have.
STATEMENTS: Mapping[str, Statement] = {
    "decay everywhere": decay.EVERYWHERE,
    "decay along the run": decay.ALONG,
    "active fraction": active_neurons.FRACTION,
    "half stay active": active_neurons.HALF,
    "decay of lemma 1": active_neurons.DECAY,
    "movement identity": ABOVE,
    "feature movement": BELOW,
    **{
        f"theorem {number}": Statement(convergence.DECAY, f"{decay.SOURCE}, theorem {number}, our constants")
        for number in (1, 2, 3)
    },
    "corollary 1": convergence.INDEPENDENT,
    "lemma 2": start.RISK,
    "lemma 3": start.FEW,
    "random Gram matrix": random_gram.STATEMENT,
}
#: What a row has of a result, and verdicts by their number.
PARTS = ("bound", "measured", "margin", "verdict", "error")
VERDICTS = tuple(Verdict)


@dataclass(frozen=True)
class Theorems(Experiment):
    """Bound, measured value, its standard error, margin and verdict of each theorem whose assumptions hold; x is n.

    The number of a verdict is its place among holds, violated, undecided, vacuous.
    """

    name = "theorems"
    title = "Theorems on runs of gradient flow"
    figure = "sections 3 and 4"
    words: ClassVar[Mapping[str, str]] = {
        **{f"{name}: margin": f"{name}, margin" for name in STATEMENTS},
        **{one.label: one.label for one in CHECKED},
    }

    def about(self, config: Config) -> str:
        """Sizes."""
        return f"m = {config.theorem_count}, Runge-Kutta steps of {STEP:g} until {config.theorem_until:g}"

    def cases(self, config: Config) -> list[Case]:
        """One a network."""
        return [Case(f"network{number}", 0, FRAMES, one) for number, one in enumerate(CHECKED)]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """A run, and every theorem of it."""
        one: Checked = case.what
        problem = problem_of(config, one)
        frames: list[tuple[float, ParticleCloud]] = []

        def kept(step: int, time: float, cloud: ParticleCloud) -> None:
            frames.append((time, cloud))
            report(min(len(frames), FRAMES - 1))

        law = SymmetricPairs(problem.law) if one.tame else problem.law
        first = law.sample(masses=problem.masses, seed=0)
        looked = [LogSpaced(STEP, config.theorem_until, FRAMES, kept)]
        evolve(GradientFlow(problem.risk), first, RK4(), until=config.theorem_until, step=STEP, observers=looked)
        names = {(said.text, said.source): name for name, said in STATEMENTS.items()}
        for result in every_feature_theorem(problem, frames, one.region, seeds=range(STARTS)):
            if result.verdict is not Verdict.ASSUMPTION_FAILS and not (one.tame and result.source.endswith("lemma 2")):
                name = names[result.statement, result.source]
                found = {"bound": result.bound, "measured": result.measured, "margin": result.margin}
                found |= {"verdict": float(VERDICTS.index(result.verdict)), "error": result.error}
                for quantity, value in found.items():
                    yield Row(self.name, f"{name}: {quantity}", one.label, 0, float(one.rows), value)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """What was checked, as it was found."""
        for one in CHECKED:
            for name, said in STATEMENTS.items():
                found = {part: table.at(self.name, f"{name}: {part}", one.label) for part in PARTS}
                if found["verdict"].values.size:
                    bound, measured, margin, verdict, error = (float(curve.last[0]) for curve in found.values())
                    text = f"{one.label}: {said.text}"
                    yield Result(text, said.source, (), bound, measured, VERDICTS[int(verdict)], margin, error)


def problem_of(config: Config, one: Checked) -> Problem:
    """The network on random labels, fewer inputs than rows where layers are frozen."""
    inputs = DEEP_INPUTS if one.floors else LABEL_INPUTS
    data = random_labels(one.rows, inputs, 0)
    embedding = frozen(one.activation, inputs, config.theorem_count // 2, one.floors, 0)
    risk = risk_of(one.activation, embedding, one.scaling, data)
    return Problem(risk, GaussianLaw(perceptron(risk)), masses.uniform(config.theorem_count * (1 + one.tame)))
