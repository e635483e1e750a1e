"""Every figure that is drawn within a context, looked at in the moment in which it would be written."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from matplotlib.figure import Figure

from runs.figures.written import DRAWN
from tests.runs.figures.judged.faults import faults_of


@dataclass
class Seen:
    """What was drawn: faults by the file's name, and the fingerprints of figures that have one."""

    faults: dict[str, list[str]] = field(default_factory=dict)
    fingerprints: dict[str, str] = field(default_factory=dict)

    @property
    def said(self) -> str:
        """All faults, a line each; empty where there is none."""
        return "\n".join(f"{name}: {one}" for name, found in self.faults.items() for one in found)


@contextmanager
def looked_at() -> Iterator[Seen]:
    """A context in which figures are judged instead of written; of a film its first picture is."""
    seen, write = Seen(), Figure.savefig

    def judged(figure: Figure, target: Any, **options: Any) -> None:
        if not isinstance(target, str | Path):  # a picture of a film
            if "film" not in seen.faults:
                seen.faults["film"] = faults_of(figure)
            write(figure, target, **options)
            return
        name = Path(target).name.removesuffix(".part")
        seen.faults[name] = faults_of(figure)
        if found := (options.get("metadata") or {}).get(DRAWN):
            seen.fingerprints[name] = found
        Path(target).write_text(json.dumps(seen.faults[name]))

    with mock.patch.object(Figure, "savefig", judged):
        yield seen
