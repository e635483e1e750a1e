"""Errors that end a command early: refused input (exit code 2), and a worker process that died (exit code 1)."""

from collections.abc import Sequence
from difflib import get_close_matches


class Refusal(ValueError):
    """Raised for input that a study, a data source or the command line refuses; its text is a sentence for the user."""


class WorkerLost(RuntimeError):
    """Raised where a worker process died without an error; the files that it had written stay."""


def chosen(kind: str, name: str, names: Sequence[str]) -> str:
    """The name if it is one of `names`; otherwise raises Refusal, which lists them and suggests the nearest."""
    if name in names:
        return name
    nearest = get_close_matches(name.lower(), names, n=1, cutoff=0.5)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else "."
    raise Refusal(f"Unknown {kind} {name!r}: choose one of {', '.join(names)}{hint}")
