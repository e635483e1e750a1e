"""The benchmark of noise at toy size: every kind of step moves the cloud as it says, and the table has its ratios."""

import pytest

from flows import EulerMaruyama, LangevinFlow, evolve
from particles import ParticleCloud
from runs.benchmarks.integrators.noise_cost import EULER, STEP, TEMPERATURE, main, problem, works
from tests.tolerances import relative_error


def test_what_is_timed_are_the_steps() -> None:
    """Assert that the timed work is so many steps of its integrator, and that noise makes a difference."""
    risk, cloud = problem(20, 3)
    timed = works(risk, cloud)
    shaken, plain = timed["Euler-Maruyama"](3), timed[EULER](3)
    assert isinstance(shaken, ParticleCloud) and isinstance(plain, ParticleCloud)
    whole = evolve(LangevinFlow(risk, TEMPERATURE), cloud, EulerMaruyama(STEP), until=3 * STEP, seed=1)
    assert relative_error(shaken.positions, whole.positions) == 0.0
    assert relative_error(shaken.positions, plain.positions) > 1e-4


def test_table_has_a_line_for_every_kind(capsys: pytest.CaptureFixture[str]) -> None:
    """Assert that each kind is measured in each round, the first left out, and compared with a step of Euler's."""
    lines = main([(8, 2, 1)], rounds=2)
    assert [line.name for line in lines] == list(works(*problem(8, 2)))
    assert all(len(line.ratios) == 2 and line.seconds > 0.0 and line.numbers == 24 for line in lines)
    assert lines[0].ratios == [1.0, 1.0]
    printed = capsys.readouterr().out
    assert all(printed.count(line.name) >= 1 for line in lines) and "2 rounds" in printed
