"""What ends a command early: input that is turned down (exit code 2), a worker process that died (exit code 1)."""

from collections.abc import Sequence
from difflib import get_close_matches


class Refusal(ValueError):
    """Input that a study, a data source or the command line turns down; the text is one sentence for the user."""


class WorkerLost(RuntimeError):
    """A worker process died without a word; what it had written is kept."""


def chosen(kind: str, name: str, names: Sequence[str]) -> str:
    """The name itself where it is one of the names; otherwise a Refusal that lists them and suggests the nearest."""
    if name in names:
        return name
    nearest = get_close_matches(name.lower(), names, n=1, cutoff=0.5)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else "."
    raise Refusal(f"Unknown {kind} {name!r}: choose one of {', '.join(names)}{hint}")
