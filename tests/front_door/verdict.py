"""Whether what came of a call is ours: a value, a refusal in a sentence, or an exception from inside."""

import ast
import re
import traceback
from functools import cache
from pathlib import Path

from particles import RankFailed, RankLost, TransportUnsolved

ROOT = Path(__file__).resolve().parents[2]
ROOMS = tuple(str(ROOT / room) + "/" for room in ("particles", "flows", "limits", "runs"))
#: What Python says itself of a call with the wrong arguments.
PYTHONS = re.compile(r"missing \d+ required|unexpected keyword|takes .* positional argument|multiple values")
REFUSALS = (ValueError, TypeError, ArithmeticError, OSError, RankLost, RankFailed, TransportUnsolved)
INSIDE = (ZeroDivisionError, OverflowError, UnicodeError)


@cache
def raise_lines(path: str) -> frozenset[int]:
    """The lines of a file that belong to raise statements."""
    tree = ast.parse(Path(path).read_text())
    return frozenset(
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise) and node.exc is not None
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    )


def from_inside(error: BaseException) -> str | None:
    """Why an exception is one from inside; None where it is a refusal of ours, or Python's own of the arguments."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{last.filename.removeprefix(str(ROOT) + '/')}:{last.lineno}"
    said = f"{type(error).__name__} at {where}: {str(error)[:150]}"
    if isinstance(error, TypeError) and PYTHONS.search(str(error)) and "/tests/" in last.filename:
        return None
    if not last.filename.startswith(ROOMS) or last.lineno not in raise_lines(last.filename):
        return said
    if not isinstance(error, REFUSALS) or isinstance(error, INSIDE):
        return said
    return None if str(error).rstrip().endswith((".", "?")) and " " in str(error) else said
