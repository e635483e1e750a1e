"""A study: a published paper, or one question, as experiments with one configuration."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from limits.theorems import Problem
from runs.study.configuration import StudyConfig
from runs.study.experiment import Experiment
from runs.system.refusal import chosen

#: Builds the problem of one of the study's trajectories anew, from its path and its parameters.
ProblemOf = Callable[[Path, Mapping[str, object]], Problem]


@dataclass(frozen=True)
class Study:
    """Name on the command line, the paper, what is asked in one line, the configuration's class, the experiments.

    title: of figures that several experiments share. usual: names of the experiments that are done where none is
    named; all of them by default. problem_of: for theorems that are checked on a trajectory of the study, where there
    are some.
    """

    name: str
    paper: str
    summary: str
    config: type[StudyConfig]
    experiments: Sequence[Experiment]
    title: str = ""
    problem_of: ProblemOf | None = None
    usual: tuple[str, ...] = ()

    def configured(self, **given: Any) -> StudyConfig:
        """The sizes of a scale, and what is given instead; the folder is results/NAME-DATA-SCALE if none is given."""
        data, scale = self.config.chosen_data(given), given.get("scale", "laptop")
        out = Path("results") / "-".join(filter(None, (self.name, data, scale)))
        return self.config.at_scale(
            **{"out": out, **{name: value for name, value in given.items() if value is not None}}
        )

    def chosen(self, names: Sequence[str]) -> list[Experiment]:
        """The experiments of these names, all of them for no name; a Refusal lists the names for another one."""
        known = {experiment.name: experiment for experiment in self.experiments}
        return [known[chosen("experiment", name, tuple(known))] for name in (names or known)]
