"""The law of integrators: on any problem an adaptive integrator is within ten times its tolerance, or refuses.

Problems are judged in a process of their own, without the checks of shapes that tests otherwise run under: these take
several times as long as steps on problems so small.
"""

import subprocess
import sys

import pytest

from tests.flows.law.exact_problems import FAMILIES
from tests.flows.law.integrator_law import Table, in_turn
from tests.flows.law.law_judge import METHODS, Judgement
from tests.long import long_after

#: How many random problems the fast suite judges, and how many the long one; the same for those with exact paths. Two
#: thousand and more are for `python -m tests.flows.law.integrator_law`.
FEW, MANY, EXACT, MANY_EXACT = 40, 400, 10, 60
#: The same of problems whose groups of coordinates differ.
GROUPED = 40
#: Problems of one test.
TOGETHER = 20


def broken_by(family: str, first: int, count: int) -> str:
    """A line for every run on these problems that does not keep the law: of `Adaptive`, and of the others in turn."""
    command = [sys.executable, "-m", "tests.flows.law.integrator_law", "--family", family]
    asked = [*command, "--first", str(first), "--count", str(count), "--turn"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return done.stderr if done.returncode else ""


@pytest.mark.validation
@pytest.mark.parametrize("first", range(0, FEW, TOGETHER))
def test_integrators_keep_the_law(first: int) -> None:
    """Assert that every adaptive integrator is within ten times rtol on these problems, or refuses, and ends."""
    said = broken_by("random", first, TOGETHER)
    assert not said, said


@pytest.mark.validation
@pytest.mark.parametrize("first", range(FEW, MANY, TOGETHER))
def test_integrators_keep_the_law_on_many(first: int) -> None:
    """Assert that they do on these problems too."""
    said = broken_by("random", first, TOGETHER)
    assert not said, said


@pytest.mark.validation
@pytest.mark.parametrize("first", range(0, GROUPED, TOGETHER))
def test_integrators_keep_the_law_with_rates_of_groups(first: int) -> None:
    """Assert that they do where hidden and output weights have rates and strengths of L2 of their own."""
    said = broken_by("grouped", first, TOGETHER)
    assert not said, said


@pytest.mark.parametrize("family", long_after(1, sorted(FAMILIES, key=lambda family: family != "linearised")))
def test_integrators_keep_the_law_where_the_path_is_known(family: str) -> None:
    """Assert that they do from saturated starts, for tiny targets and for units up to 10^14 apart."""
    said = broken_by(family, 0, EXACT)
    assert not said, said


@pytest.mark.validation
@pytest.mark.parametrize("first", range(EXACT, MANY_EXACT, TOGETHER))
@pytest.mark.parametrize("family", FAMILIES)
def test_integrators_keep_the_law_where_many_paths_are_known(family: str, first: int) -> None:
    """Assert that they do on many of these."""
    said = broken_by(family, first, TOGETHER)
    assert not said, said


def test_known_runs_are_passed_over_by_number_and_method() -> None:
    """Assert that only the run that is named is passed over."""
    table = Table("random", [("random", 3, "BDF"), ("linear", 4, "BDF"), ("random", 4, "Chebyshev")])
    for seed in (3, 4):
        table.rows["BDF"][seed], table.described[seed] = Judgement("wrong", 1.0, 2.0, 3.0), f"problem {seed}"
    assert [line.split("|")[1].strip() for line in table.broken.splitlines()] == ["problem 4"]


def test_broken_law_is_told() -> None:
    """Assert that wrong and hung runs are said to break the law, with the problem, and others are not."""
    table = Table()
    for seed, verdict in enumerate(("held", "refused", "amplified", "wrong", "hung")):
        table.rows["BDF"][seed], table.described[seed] = Judgement(verdict, 1.0, 2.0, 3.0), f"problem {seed}"
    said = table.broken.splitlines()
    assert [line.split("|")[1].strip() for line in said] == ["problem 4", "problem 3"]
    assert "1 held" not in table.failures and "problem 1" in table.failures


def test_every_method_has_its_turn() -> None:
    """Assert that Adaptive is asked always and every other method once in as many problems as there are others."""
    asked = [in_turn(seed) for seed in range(len(METHODS) - 1)]
    assert all(methods[0] == "Adaptive" for methods in asked)
    assert {method for methods in asked for method in methods} == set(METHODS)
