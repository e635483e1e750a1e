"""What an experiment of a study is: cases done one by one, what they are compared with, how it is shown."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

from limits.theorems import Result
from runs.batch.jobs import Report
from runs.study.configuration import StudyConfig
from runs.study.panels import AnyPanel
from runs.study.table import Row, Table


@dataclass(frozen=True)
class Case:
    """A part of an experiment that can be done on its own, in any order, by any worker.

    name: also of its file; it tells apart all that the configuration allows to differ in one folder. size: in units of
    progress, whichever the experiment has. what: anything that the experiment wants to know again. weight: how long a
    unit takes beside one of the experiment's other cases, roughly; of the cases of a seed, the longest is begun first.
    """

    name: str
    seed: int = 0
    size: int = 1
    what: Any = None
    weight: float = 1.0


@runtime_checkable
class Experiment(Protocol):
    """One experiment of a study, a frozen value; only `measured` has to be written.

    name: "E1.3"; title: in words; figure: "Fig. 4" of the paper, or nothing. words: how quantities and curves are
    called in the table for the terminal, which shows those alone; by default it shows all by their names.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    figure: ClassVar[str] = ""
    words: ClassVar[Mapping[str, str]] = {}

    def about(self, config: Any) -> str:
        """For titles: what the numbers depend on most."""
        return str(config.about)

    def cases(self, config: Any) -> Sequence[Case]:
        """What is to be done: by default a case for every seed."""
        return [Case(f"seed{seed}", seed) for seed in range(config.seeds)]

    def begun(self, config: Any, case: Case, folder: Path) -> int:
        """Units of progress that an interrupted case has done."""
        return 0

    def warmed(self, config: Any) -> Sequence[Callable[[], object]]:
        """Calls that compile what every process needs, where that takes seconds; pickled, and done before the cases.

        Each is done by one process, side by side, and leaves in a cache on disk what the others then load.
        """
        return ()

    def measured(self, config: Any, case: Case, folder: Path, report: Report) -> Iterable[Row]:
        """Do a case, and give its rows, which are kept once all of them are there. Trajectories go into the folder."""
        ...

    def predicted(self, config: Any) -> Iterable[Row]:
        """The same numbers by theory, with no seed."""
        return ()

    def claims(self, config: Any, table: Table) -> Iterable[Result]:
        """What the paper states beside what was measured; asked once every case is complete."""
        return ()

    def panels(self, config: Any, table: Table) -> Sequence[AnyPanel]:
        """The figures as data."""
        return ()


#: The case of what is predicted.
PREDICTED = Case("predicted")


def planned(experiment: Experiment, config: StudyConfig) -> list[Case]:
    """Every case of an experiment, what is predicted being one where there is something."""
    own = getattr(type(experiment), "predicted", None)
    return [*([] if own is Experiment.predicted else [PREDICTED]), *experiment.cases(config)]
