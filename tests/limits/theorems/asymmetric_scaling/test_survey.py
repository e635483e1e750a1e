"""Every theorem on one problem."""

from dataclasses import replace

import pytest

from limits.theorems import Verdict, every_theorem, observed
from limits.theorems.asymmetric_scaling.survey import first_rows
from particles import Activation, Dataset
from tests.draws import normals
from tests.limits.theorems.networks import ACTIVATIONS, SETTINGS, in_time, known_run, problem


@pytest.mark.parametrize(("gamma", "alpha"), SETTINGS)
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=["relu", "tanh"])
def test_nothing_is_violated(activation: Activation, gamma: float, alpha: float | None) -> None:
    """Assert that no theorem is violated in any of the four settings, and the decay and the movement do hold."""
    results = every_theorem(problem(activation, gamma, alpha), known_run(activation, gamma, alpha), seeds=range(15))
    verdicts = [result.verdict for result in results]
    assert Verdict.VIOLATED not in verdicts
    assert verdicts[:3] == [Verdict.HOLDS] * 3
    assert (Verdict.ASSUMPTION_FAILS in verdicts) == (gamma == 0.0 or not activation.smooth)


def test_every_statement_is_there_once() -> None:
    """Assert that each theorem of the paper is in the list, and no statement twice."""
    of = problem(ACTIVATIONS[1])
    results = every_theorem(of, known_run(ACTIVATIONS[1], 1.0, None), seeds=range(5))
    sources = " ".join(result.source for result in results)
    for name in ("D.1", "D.4", "4.2 a", "4.2 b", "4.2 c", "4.2 d", "A.2", "C.1", "3.3", "5.1", "5.2"):
        assert name in sources, name
    assert len({result.statement for result in results}) == len(results)


def test_wrong_time_is_found() -> None:
    """Assert that a run in the wrong unit of time has a violated theorem, whichever way it is wrong."""
    of, frames = problem(ACTIVATIONS[1]), known_run(ACTIVATIONS[1], 1.0, None)
    for factor in (8.0, 0.125):
        results = every_theorem(of, observed(of, in_time(frames, factor)), seeds=range(2))
        assert Verdict.VIOLATED in {result.verdict for result in results}


def test_first_rows_are_a_problem_of_their_own() -> None:
    """Assert that a problem of many data is cut to the first ones with equal weights, and a small one is not."""
    of = problem(ACTIVATIONS[0])
    assert first_rows(of, 8) is of
    few = first_rows(of, 3)
    assert few.data == 3 and few.weights.tolist() == pytest.approx([1.0 / 3.0] * 3)
    assert few.risk.data.inputs.tolist() == of.risk.data.inputs[:3].tolist()
    many = replace(of, risk=of.risk.on(Dataset(normals(40, 12, seed=8), normals(40, seed=9))))
    assert first_rows(many, 10).kappa > many.kappa
