"""The law of integrators: on any problem an adaptive integrator is within ten times its tolerance, or refuses."""

from collections.abc import Sequence

import pytest

from tests.flows.integrator_law import line
from tests.flows.law_judge import METHODS, Case
from tests.flows.random_problems import random_problem

#: How many problems the fast suite judges, and how many the long one.
FEW, MANY, TOGETHER = 60, 2000, 20


pytestmark = pytest.mark.usefixtures("without_shape_checks")


def broken_by(seeds: Sequence[int]) -> str:
    """A line for every run on these problems that does not keep the law."""
    said = []
    for seed in seeds:
        case = Case.of(random_problem(seed))
        for method, make in METHODS.items() if case else ():
            found = case.judged(make) if case.asked(method) else None
            if found and found.verdict in ("wrong", "hung"):
                said.append(f"{method} {seed}: {line(found)}\n  {case.problem.described}")
    return "\n".join(said)


@pytest.mark.parametrize("seed", range(FEW))
def test_integrators_keep_the_law(seed: int) -> None:
    """Assert that every adaptive integrator is within ten times rtol on this problem, or refuses, and ends."""
    said = broken_by([seed])
    assert not said, said


@pytest.mark.validation
@pytest.mark.parametrize("first", range(FEW, MANY + FEW, TOGETHER))
def test_integrators_keep_the_law_on_many(first: int) -> None:
    """Assert the same of many problems."""
    said = broken_by(range(first, first + TOGETHER))
    assert not said, said
