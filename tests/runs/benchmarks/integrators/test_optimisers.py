"""The benchmark of optimisers at toy size: all kinds of step lead to one place, and the table has its ratios."""

import pytest

from runs.benchmarks.integrators.optimisers import main, problem, runs_of
from tests.tolerances import relative_error


def test_what_is_compared_is_the_same_step() -> None:
    """Assert that three steps of ours, of torch's loop and of its fused kernel end at one place, Adam's elsewhere."""
    risk, cloud = problem(20)
    ends = {name: run(3) for name, run in runs_of(risk, cloud).items()}
    for optimiser in ("adam", "momentum"):
        for name, end in ends.items():
            if name.startswith(optimiser):
                assert relative_error(end, ends[f"{optimiser} torch"]) < 1e-12
    assert relative_error(ends["adam ours"], ends["momentum ours"]) > 1e-6


def test_table_has_a_line_for_every_kind(capsys: pytest.CaptureFixture[str]) -> None:
    """Assert that each kind is measured in each round, the first left out, and compared with its own plain loop."""
    lines = main([(8, 1)], rounds=2)
    assert [line.name for line in lines] == list(runs_of(*problem(8)))
    assert all(len(line.ratios) == 2 and line.seconds > 0.0 and line.count == 8 for line in lines)
    assert [lines[place].ratios for place in (0, 3)] == [[1.0, 1.0]] * 2
    printed = capsys.readouterr().out
    assert all(printed.count(line.name) >= 1 for line in lines) and "2 rounds" in printed
