"""Statements in the terminal: a table where there is room, and blocks that use all of the line where there is none."""

import io

import pytest
from rich.console import Console
from rich.table import Table

from runs.study.statements import UNSEEN, Shown, fitted, result_console

NAMES = ("bound", "measured", "margin")
SENTENCE = "R_t <= R_0 exp(-2 Int_0^t eig_min(P^(1/2) K_s P^(1/2)) ds)"
ROWS = [
    Shown(("lemma 1, sharper form", SENTENCE), ("0.595", "0.5 ± 0.069\nz = 0.57", "0.15"), "[green]holds[/]"),
    Shown(("theorem 2", "a \\[b]"), ("-", "-", "-"), "[dim]assumption fails[/]: a smooth activation"),
]


def drawn(width: int) -> list[str]:
    """The lines that are shown in a terminal of so many letters, without blanks at their ends."""
    table = Table(*("theorem", *NAMES, "verdict"), caption="2 claims")
    for row in ROWS:
        table.add_row("\n".join(row.texts), *row.numbers, row.verdict)
    text = io.StringIO()
    Console(file=text, width=width).print(fitted(table, ROWS, NAMES, width))
    return [line.rstrip() for line in text.getvalue().splitlines()]


def test_narrow_lines_have_a_block_for_each_statement() -> None:
    """Assert that at 80 letters a statement stands on one line and its numbers below, with none where there is none."""
    lines = drawn(80)
    assert lines[:3] == [
        "lemma 1, sharper form",
        f"  {SENTENCE}",
        "  bound 0.595   measured 0.5 ± 0.069, z = 0.57   margin 0.15   holds",
    ]
    assert lines[4:7] == ["theorem 2", "  a [b]", "  assumption fails: a smooth activation"]
    assert lines[-1] == "2 claims"


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_no_line_is_longer_than_the_terminal(width: int) -> None:
    """Assert that everything is told in every width, in lines that fit, and that wide ones have a table."""
    lines = drawn(width)
    assert all(len(line) <= width for line in lines)
    whole = " ".join(" ".join(lines).split())
    assert all(word in whole for word in ("lemma 1", "0.595", "0.5 ± 0.069", "0.15", "holds", "theorem 2", "2 claims"))
    assert any("theorem" in line and "verdict" in line for line in lines) == (width >= 120)


def test_width_is_that_of_the_terminal_or_of_a_long_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that output that no terminal shows has long lines, unless somebody says how long."""
    monkeypatch.delenv("COLUMNS", raising=False)
    assert result_console().width == UNSEEN
    monkeypatch.setenv("COLUMNS", "70")
    assert result_console().width == 70
