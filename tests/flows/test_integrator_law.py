"""The law of integrators: on any problem an adaptive integrator is within ten times its tolerance, or refuses."""

from collections.abc import Sequence

import pytest

from tests.flows.exact_problems import FAMILIES
from tests.flows.integrator_law import drawn, line
from tests.flows.law_judge import METHODS

#: How many random problems the fast suite judges, and how many the long one; the same for those with exact paths.
FEW, MANY, EXACT, MANY_EXACT = 60, 2000, 10, 200
#: Problems of one test of the long suite.
TOGETHER = 20
TURN = [method for method in METHODS if method != "Adaptive"]


pytestmark = pytest.mark.usefixtures("without_shape_checks")


def broken_by(seeds: Sequence[int], family: str = "random") -> str:
    """A line for every run on these problems that does not keep the law: of `Adaptive`, and of the others in turn."""
    said = []
    for seed in seeds:
        case = drawn(family, seed)
        for method in {"Adaptive", TURN[seed % len(TURN)]} if case else ():
            found = case.judged(METHODS[method]) if case.asked(method) else None
            if found and found.verdict in ("wrong", "hung"):
                said.append(f"{method} {family} {seed}: {line(found)}\n  {case.problem.described}")
    return "\n".join(said)


@pytest.mark.parametrize("seed", range(FEW))
def test_integrators_keep_the_law(seed: int) -> None:
    """Assert that every adaptive integrator is within ten times rtol on this problem, or refuses, and ends."""
    said = broken_by([seed])
    assert not said, said


@pytest.mark.validation
@pytest.mark.parametrize("first", range(FEW, MANY + FEW, TOGETHER))
def test_integrators_keep_the_law_on_many(first: int) -> None:
    """Assert that they do on these problems too."""
    said = broken_by(range(first, first + TOGETHER))
    assert not said, said


@pytest.mark.parametrize("seed", range(EXACT))
@pytest.mark.parametrize("family", FAMILIES)
def test_integrators_keep_the_law_where_the_path_is_known(family: str, seed: int) -> None:
    """Assert that they do from saturated starts, for tiny targets and for units up to 10^14 apart."""
    said = broken_by([seed], family)
    assert not said, said


@pytest.mark.validation
@pytest.mark.parametrize("first", range(EXACT, MANY_EXACT + EXACT, TOGETHER))
@pytest.mark.parametrize("family", FAMILIES)
def test_integrators_keep_the_law_where_many_paths_are_known(family: str, first: int) -> None:
    """Assert that they do on many of these."""
    said = broken_by(range(first, first + TOGETHER), family)
    assert not said, said
