"""A small study that is done, for the tests of what is made of its files."""

from pathlib import Path
from typing import Any

from runs.studyfile.model.identity import Identity
from runs.studyfile.model.reading import read_study
from runs.studyfile.running import Job, perform
from runs.studyfile.study import jobs_of
from tests.runs.studyfile.small.studies import write_study

#: Two counts of particles, two seeds, a number and an array recorded.
SWEPT: dict[str, Any] = {
    "seeds": 2,
    "observables": ["risk", "largest_movement"],
    "sweep": {"over": {"masses.count": [6, 4]}},
}


def asked(folder: Path, changes: dict[str, Any] | None = None) -> tuple[Job, ...]:
    """The runs that a study asks for, in a folder beside its file that says what it is of."""
    study = read_study(write_study(folder, {**SWEPT, **(changes or {})}))
    Identity.of(study.sweep, study.runs[0]).write(folder / "out")
    return jobs_of(study, folder / "out")


def done(folder: Path, changes: dict[str, Any] | None = None) -> tuple[Job, ...]:
    """The same, done."""
    jobs = asked(folder, changes)
    for job in jobs:
        perform(job, lambda steps: None)
    return jobs
