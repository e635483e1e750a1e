"""Results as JSON for other programs, for the option --json: NaN is null, and an infinite number the text inf or -inf.

Numbers have full precision, keys stay as they are from version to version, and nothing else is on standard output.
"""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:  # torch takes seconds to import, and light commands do without it
    from limits.theorems import Result

AsJson = Annotated[
    bool,
    typer.Option(
        "--json", help="Print JSON and nothing else; NaN is null, infinite numbers are the texts inf and -inf."
    ),
]


def json_text(value: object) -> str:
    """JSON of nested mappings, sequences, texts and numbers, those of NumPy included; paths are texts.

    It is ASCII, so that any terminal shows it and none is steered by it.
    """
    return json.dumps(_plain(value), indent=2, allow_nan=False)


def _plain(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else None if math.isnan(value) else str(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str | Path):
        return str(value).encode("utf-8", "backslashreplace").decode()
    if isinstance(value, Mapping):
        return {str(_plain(str(name))): _plain(part) for name, part in value.items()}
    if isinstance(value, Sequence):
        return [_plain(part) for part in value]
    if hasattr(value, "tolist"):  # of NumPy
        return _plain(value.tolist())
    raise TypeError(f"A {type(value).__name__} has no form in JSON: make it a text or a number.")


def result_as_json(result: "Result") -> dict[str, Any]:
    """A statement beside what was measured; `stated` is its bound or exact value."""
    return {
        "statement": result.statement,
        "source": result.source,
        "proven": result.proven,
        "stated": result.bound,
        "measured": result.measured,
        "error": result.error,
        "margin": result.margin,
        "verdict": str(result.verdict),
        "assumptions": [{"text": each.text, "holds": each.holds} for each in result.assumptions],
    }
