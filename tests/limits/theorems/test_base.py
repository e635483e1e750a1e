"""Results: which verdict a bound and a measurement give, with which margin."""

import math

import pytest
import torch

from limits.theorems.base import (
    Assumption,
    Statement,
    Verdict,
    as_mean,
    fails,
    from_above,
    from_below,
    unchecked,
    vacuous,
)
from tests.draws import normals

SAID = Statement("a <= b", "somebody")
MET = (Assumption("m > 0", True),)


def test_bound_from_above_reports_its_tightest_entry() -> None:
    """Assert that bound, measurement and margin are those of the entry with the smallest relative room."""
    result = from_above(SAID, MET, torch.tensor([10.0, 2.0]), torch.tensor([5.0, 1.5]))
    assert (result.bound, result.measured, result.margin) == (2.0, 1.5, 0.25)
    assert result.verdict is Verdict.HOLDS
    assert (result.statement, result.source, result.assumptions) == ("a <= b", "somebody", MET)


def test_bound_from_above_broken_in_one_entry_is_violated() -> None:
    """Assert that one entry beyond its bound is enough, and rounding is not."""
    assert from_above(SAID, MET, torch.ones(3), torch.tensor([0.0, 1.5, 0.0])).verdict is Verdict.VIOLATED
    barely = torch.tensor([1.0 + 1e-12], dtype=torch.float64)
    assert from_above(SAID, MET, torch.ones(1), barely).verdict is Verdict.HOLDS


def test_particles_that_cannot_move_do_not_divide_by_zero() -> None:
    """Assert that a bound of zero holds for what is zero and is violated by anything else."""
    assert from_above(SAID, MET, torch.zeros(1), torch.zeros(1)).verdict is Verdict.HOLDS
    assert from_above(SAID, MET, torch.zeros(1), torch.full((1,), 1e-30)).verdict is Verdict.VIOLATED


def test_bound_that_exceeds_the_trivial_one_is_vacuous() -> None:
    """Assert that a bound is vacuous only where every entry is beyond what always holds."""
    measured = torch.tensor([0.1, 0.1])
    assert from_above(SAID, MET, torch.tensor([2.0, 3.0]), measured, 2.0).verdict is Verdict.VACUOUS
    assert from_above(SAID, MET, torch.tensor([1.9, 3.0]), measured, 2.0).verdict is Verdict.HOLDS
    assert from_below(SAID, MET, torch.zeros(1), torch.ones(1)).verdict is Verdict.VACUOUS


def test_bound_from_below_is_the_other_way_round() -> None:
    """Assert that falling short violates, with a negative margin relative to the bound."""
    short = from_below(SAID, MET, torch.tensor([2.0]), torch.tensor([1.0]))
    assert (short.verdict, short.margin) == (Verdict.VIOLATED, -0.5)
    assert from_below(SAID, MET, torch.tensor([2.0]), torch.tensor([3.0])).margin == 0.5


def test_mean_agrees_within_five_standard_errors() -> None:
    """Assert that the margin of a mean is 1 - |z| / 5, so that z = 5 is where violation begins."""
    draws = normals(400, seed=3)
    error = float(draws.std()) / 20.0
    for z, verdict in ((4.9, Verdict.HOLDS), (5.1, Verdict.VIOLATED)):
        result = as_mean(SAID, MET, float(draws.mean()) + z * error, draws)
        assert result.verdict is verdict
        assert result.margin == pytest.approx(1.0 - z / 5.0, abs=1e-9)
        assert result.measured == pytest.approx(float(draws.mean()))
        assert result.error == pytest.approx(error) and result.score == pytest.approx(-z)
    assert math.isnan(from_above(SAID, MET, torch.ones(1), torch.ones(1)).score)


def test_draws_that_do_not_vary_must_be_the_exact_value() -> None:
    """Assert that constant draws hold to rounding and are violated beyond."""
    assert as_mean(SAID, MET, 2.0 + 1e-13, torch.full((5,), 2.0)).verdict is Verdict.HOLDS
    assert as_mean(SAID, MET, 2.0 + 1e-6, torch.full((5,), 2.0)).verdict is Verdict.VIOLATED
    still = as_mean(SAID, MET, 0.0, torch.zeros(5))
    assert (still.margin, still.error, still.score) == (1.0, 0.0, 0.0)
    with pytest.raises(ValueError, match="there is 1 of them; give two or more"):
        as_mean(SAID, MET, 0.0, torch.zeros(1))


def test_failing_assumption_leaves_nothing_to_compare() -> None:
    """Assert that it is named, and that bound, measurement and margin are NaN."""
    assumptions = (*MET, Assumption("gamma > 0", False))
    assert fails(assumptions) and not fails(MET)
    result = unchecked(SAID, assumptions)
    assert (result.verdict, result.failing) == (Verdict.ASSUMPTION_FAILS, ("gamma > 0",))
    assert all(math.isnan(value) for value in (result.bound, result.measured, result.margin))


def test_vacuous_keeps_the_numbers() -> None:
    """Assert that calling a result vacuous changes its verdict alone."""
    result = from_above(SAID, MET, torch.tensor([2.0]), torch.tensor([1.0]))
    said = vacuous(result)
    assert (said.verdict, said.bound, said.measured, said.margin) == (Verdict.VACUOUS, 2.0, 1.0, 0.5)
