"""Where runs come from, in rows: versions, commits, libraries, devices, times of start and of work, and commands."""

import math
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from runs.pages.part import Rows
from runs.pages.words import counted, moment, said, time_said
from runs.system.printable import printable

#: What is shown of several values at most.
MOST = 4
#: Digits of a commit.
DIGITS = 12


def rows_of(notes: Sequence[Mapping[str, Any]], noted: str) -> Rows:
    """The provenance of one or several files, or whatever each is `noted` of; seconds are added up."""
    if not notes:
        return ()
    found = [
        ("version", _several(f"meanfield-particles {said(note['version'])}" for note in notes if note.get("version"))),
        ("commit", _several(_commit(note.get("git")) for note in notes)),
        ("libraries", _several(_libraries(note.get("libraries")) for note in notes)),
        ("device", _several(said(note["device"]) for note in notes if note.get("device"))),
        ("started", _ends([note["started"] for note in notes if isinstance(note.get("started"), str)])),
        ("work", _work([note.get("wall_seconds") for note in notes], noted)),
    ]
    return [(name, text) for name, text in found if text]


def commands_of(notes: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The different commands that wrote files, as they are typed; a few of them where there are many."""
    lines = (typed(note["command"]) for note in notes if isinstance(note.get("command"), list) and note["command"])
    return tuple(dict.fromkeys(lines))[:MOST]


def typed(arguments: Sequence[object]) -> str:
    """A command line, the program without its folder."""
    program, *rest = map(str, arguments)
    name = PurePath(program).name
    if name in ("__main__.py", "-m", "-c"):
        name = "python -m runs" if PurePath(program).parent.name == "runs" else "python"
    return printable(" ".join([name, *map(shlex.quote, rest)]))


def _commit(git: object) -> str:
    if not isinstance(git, Mapping) or not git.get("commit"):
        return ""
    return printable(str(git["commit"])[:DIGITS]) + (
        ", with changes that are not committed" if git.get("dirty") else ""
    )


def _libraries(libraries: object) -> str:
    return ", ".join(f"{n} {said(v)}" for n, v in libraries.items()) if isinstance(libraries, Mapping) else ""


def _several(texts: Iterable[str]) -> str:
    found = list(dict.fromkeys(text for text in texts if text))
    more = [f"and {len(found) - MOST} more"] if len(found) > MOST else []
    return "; ".join([*found[:MOST], *more])


def _ends(times: Sequence[str]) -> str:
    """The first and the last of times in ISO form."""
    if not times:
        return ""
    first, last = moment(min(times)), moment(max(times))
    return first if first == last else f"{first} to {last}"


def _work(seconds: Sequence[object], noted: str) -> str:
    known = [float(one) for one in seconds if isinstance(one, int | float) and math.isfinite(one)]
    if not known:
        return ""
    return time_said(sum(known)) + (f" for {counted(len(known), noted)}" if len(known) > 1 else "")
