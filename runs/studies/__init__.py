"""The studies by name, known without importing torch."""

import importlib
from dataclasses import dataclass
from os.path import isdir, isfile
from pathlib import Path
from typing import Protocol, cast

from runs.system.refusal import Refusal, chosen


class StudyModule(Protocol):
    """What a study's module offers to the command line."""

    def command(
        self,
        *,
        data: str,
        scale: str,
        device: str,
        seeds: int | None,
        out: Path | None,
        integrator: str | None = None,
        code_conventions: bool = False,
    ) -> bool:
        """Run the study with these options, the last two if its entry names them; whether every run came to its end."""
        ...


@dataclass(frozen=True)
class StudyEntry:
    """One study: its name on the command line, what it asks in one line, where its code is, and options of its own."""

    name: str
    summary: str
    module: str
    options: frozenset[str] = frozenset()

    def load(self) -> StudyModule:
        """Import the study's module, torch included."""
        return cast(StudyModule, importlib.import_module(self.module))


STUDIES = {
    entry.name: entry
    for entry in (
        StudyEntry(
            name="asymmetric-scaling",
            summary="One network under four node scalings: do its particles move, and does its kernel change?",
            module="runs.studies.asymmetric_scaling.study",
            options=frozenset({"integrator", "code_conventions"}),
        ),
        StudyEntry(
            name="propagation-of-chaos",
            summary="Three flows, more and more particles: how fast do clouds approach their limit?",
            module="runs.studies.propagation_of_chaos.study",
        ),
        StudyEntry(
            name="kernel-limits",
            summary="Networks of growing width: how near are they to their kernel, random kernel and kernel flow?",
            module="runs.studies.kernel_limits.study",
        ),
    )
}


def named(name: str) -> StudyEntry:
    """The study of that name, or a Refusal that lists the names, and says so where a study file was meant."""
    if name not in STUDIES:
        if isdir(name):
            raise Refusal(f"{name} is a folder, and no study has that name: name a file in it that ends in .toml.")
        if isfile(name):
            raise Refusal(f"{name} is a file, but study files end in .toml: if it is one, call it {name}.toml.")
        if isfile(f"{name}.toml"):
            raise Refusal(f"No study has the name {name!r}, but there is a file: did you mean {name}.toml?")
    return STUDIES[chosen("study", name, tuple(STUDIES))]
