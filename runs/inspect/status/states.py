"""The state of runs in a folder as data: each run, how far it is, and how long it will go on."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

#: What a run may be, in the order in which they are told.
FINISHED, RUNNING, BEGUN, FAILED, MISSING = STATES = ("finished", "running", "begun", "failed", "missing")


@dataclass(frozen=True)
class RunState:
    """A run of a study file, or a case of a study by name.

    setting: in words, "" where all have the same. done: its share, from 0 to 1. time, until: flow times, None where it
    has none. seconds: of work that were spent on it, seconds_left: that are left if it goes on as before, None where
    that is not known. changed: seconds since its file was written last. failure: a sentence, or None.
    """

    name: str
    setting: str
    seed: int | None
    state: str
    done: float
    time: float | None = None
    until: float | None = None
    seconds: float | None = None
    seconds_left: float | None = None
    changed: float | None = None
    failure: str | None = None


@dataclass(frozen=True)
class FolderState:
    """A folder of results: kind is "study file" or "study", name that of the study; remarks are sentences.

    at_work: whether somebody is; seconds_left: until all runs are finished if as many go on as do now, None where
    nobody is at work or that is not known.
    """

    folder: Path
    kind: str
    name: str
    at_work: bool
    runs: tuple[RunState, ...]
    seconds_left: float | None = None
    remarks: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """The number of runs in each state."""
        return counted(self.runs)

    @property
    def values(self) -> dict[str, Any]:
        """The same by name, for JSON."""
        found = {"folder": self.folder, "kind": self.kind, "study": self.name, "at_work": self.at_work}
        found |= {"counts": self.counts, "done": share(self.runs), "seconds_left": self.seconds_left}
        return found | {"runs": [asdict(run) for run in self.runs], "remarks": list(self.remarks)}


def counted(runs: Sequence[RunState]) -> dict[str, int]:
    """The number of runs in each state."""
    found = Counter(run.state for run in runs)
    return {state: found[state] for state in STATES}


def share(runs: Sequence[RunState]) -> float:
    """How much of runs is done, from 0 to 1."""
    return sum(run.done for run in runs) / len(runs) if runs else 0.0


def seconds_left(runs: Sequence[RunState]) -> float | None:
    """Seconds until all are finished, if as many go on as do now and take as long as the others did.

    None where none goes on, or where it is not known how long one takes.
    """
    going = [run for run in runs if run.state == RUNNING]
    whole = [run.seconds / run.done for run in runs if run.seconds is not None and run.done > 0.0]
    if not going or not whole:
        return None
    mean = sum(whole) / len(whole)
    own = [run.seconds_left if run.seconds_left is not None else (1.0 - run.done) * mean for run in going]
    others = sum((1.0 - run.done) * mean for run in runs if run.state in (BEGUN, MISSING))
    return max(max(own), (sum(own) + others) / len(going))
