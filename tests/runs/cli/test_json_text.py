"""JSON on standard output: what becomes of numbers, texts and arrays."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from limits.theorems import Assumption, Statement, from_above
from runs.cli.json_text import json_text, result_as_json


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (math.nan, None),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (0.1 + 0.2, 0.1 + 0.2),
        (np.float64(1.0) / 3.0, 1.0 / 3.0),
        (np.float32(0.5), 0.5),
        (np.int64(7), 7),
        (True, True),
        (2**70, 2**70),
        (None, None),
        (Path("a") / "b", "a/b"),
        ("\u65e5\u672c \x1b[2J", "\u65e5\u672c \x1b[2J"),
        ("half \ud800", "half \\ud800"),
        ((1, [math.nan, {"x": math.inf}]), [1, [None, {"x": "inf"}]]),
        ("\x9b2J", "\x9b2J"),
        (np.array([1.0, np.nan]), [1.0, None]),
        ({3: 1}, {"3": 1}),
    ],
)
def test_values_are_read_back(value: object, read: object) -> None:
    """Assert that strict JSON comes out, with full precision, null for NaN and texts for infinite numbers."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    text = json_text({"value": value})
    assert json.loads(text, parse_constant=refuse) == {"value": read}
    assert text.isascii() and text.replace("\n", " ").isprintable()


def test_what_has_no_form_is_said() -> None:
    """Assert that an object of another kind is no silent text."""
    with pytest.raises(TypeError, match="A object has no form in JSON"):
        json_text([object()])


def test_results_have_every_part() -> None:
    """Assert that a result is told with all its numbers, and the assumptions with whether they hold."""
    said = Statement("risk falls", "somebody, figure 1", True)
    result = from_above(said, (Assumption("m is large", True),), torch.tensor(2.0), torch.tensor(0.5))
    told = json.loads(json_text(result_as_json(result)))
    assert told == {
        "statement": "risk falls",
        "source": "somebody, figure 1",
        "proven": True,
        "stated": 2.0,
        "measured": 0.5,
        "error": None,
        "margin": 0.75,
        "verdict": "holds",
        "assumptions": [{"text": "m is large", "holds": True}],
    }
