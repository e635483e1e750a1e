"""Results: which verdict a bound and a measurement give, with which margin."""

import math
from collections.abc import Callable

import pytest
import torch

from limits.theorems.base import (
    Assumption,
    Result,
    Statement,
    Verdict,
    as_mean,
    as_value,
    fails,
    from_above,
    from_below,
    unchecked,
    vacuous,
)
from particles import ShapeError
from tests.draws import normals

SAID = Statement("a <= b", "somebody")
FOUND = Statement("a <= b", "figure 1", proven=False)
MET = (Assumption("m > 0", True),)


def one(value: float) -> torch.Tensor:
    """A tensor of one number."""
    return torch.tensor([value], dtype=torch.float64)


def above(statement: Statement, measured: float, error: float) -> Result:
    """Whether a number with a standard error is one at the most."""
    return from_above(statement, MET, one(1.0), one(measured), error=one(error))


def below(statement: Statement, measured: float, error: float) -> Result:
    """Whether a number with a standard error is one at least."""
    return from_below(statement, MET, one(1.0), one(measured), error=one(error))


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


@pytest.mark.parametrize(("statement", "reach"), [(SAID, 5.0), (FOUND, 2.0)], ids=["theorem", "empirical"])
def test_bound_is_decided_where_the_interval_lies_on_one_side(statement: Statement, reach: float) -> None:
    """Assert that five standard errors to either side decide of a theorem, two of what is empirical."""
    for bounded, side in ((above, 1.0), (below, -1.0)):
        for errors, verdict in (
            (-1.01, Verdict.HOLDS),
            (-0.99, Verdict.UNDECIDED),
            (0.99, Verdict.UNDECIDED),
            (1.01, Verdict.VIOLATED),
        ):
            result = bounded(statement, 1.0 + side * errors * reach * 0.1, 0.1)
            assert result.verdict is verdict, (side, errors)
            assert result.margin == pytest.approx(-errors * reach * 0.1) and result.error == pytest.approx(0.1)
            assert result.proven is statement.proven


@pytest.mark.parametrize("error", [math.nan, math.inf])
def test_error_that_is_not_known_decides_nothing(error: float) -> None:
    """Assert that a number without a finite standard error, as of one seed, is undecided on either side."""
    for measured in (-1e9, 1e9):
        assert above(FOUND, measured, error).verdict is Verdict.UNDECIDED
        assert below(SAID, measured, error).verdict is Verdict.UNDECIDED
        unknown = from_above(FOUND, MET, one(0.0), one(measured), error=one(error))
        assert unknown.verdict is Verdict.UNDECIDED
    assert as_value(SAID, MET, 1.0, 1.0, error).verdict is Verdict.UNDECIDED


def test_number_that_is_none_violates_a_theorem_only() -> None:
    """Assert that NaN is an alarm where a theorem is checked, and decides nothing of a statement that is empirical."""
    assert from_above(SAID, MET, one(1.0), one(math.nan)).verdict is Verdict.VIOLATED
    assert from_above(FOUND, MET, one(1.0), one(math.nan)).verdict is Verdict.UNDECIDED


def test_entry_that_decides_is_reported() -> None:
    """Assert that a violation is reported before what is undecided, and that before what has the smallest margin."""
    bound, error = torch.ones(3), torch.tensor([0.01, 0.5, 0.01])
    broken = from_above(FOUND, MET, bound, torch.tensor([0.9, 1.1, 1.05]), error=error)
    assert (broken.verdict, broken.measured) == (Verdict.VIOLATED, pytest.approx(1.05))
    open_ = from_above(FOUND, MET, bound, torch.tensor([0.9, 0.5, 0.95]), error=error)
    assert (open_.verdict, open_.measured, open_.error) == (Verdict.UNDECIDED, 0.5, 0.5)
    unknown = from_above(FOUND, MET, bound, torch.tensor([0.9, 0.5, 2.0]), error=torch.tensor([0.01, math.nan, 0.01]))
    assert (unknown.verdict, unknown.measured) == (Verdict.VIOLATED, 2.0)


def test_negative_errors_are_refused() -> None:
    """Assert that a standard error below zero is turned away in a sentence."""
    with pytest.raises(ValueError, match="A standard error is -0.1; give numbers that are zero or more"):
        above(FOUND, 1.0, -0.1)
    with pytest.raises(ValueError, match="A standard error is -0.1; give numbers that are zero or more"):
        as_value(FOUND, MET, 1.0, 1.0, -0.1)


def test_bound_from_below_may_be_negative() -> None:
    """Assert that a bound below zero says something of what can be negative, if it is told so."""
    assert from_below(FOUND, MET, one(-1.0), one(-2.0), -math.inf).verdict is Verdict.VIOLATED
    assert from_below(FOUND, MET, one(-1.0), one(-0.5)).verdict is Verdict.VACUOUS


def test_empirical_mean_has_two_standard_errors() -> None:
    """Assert that a mean that is not proven is violated beyond two of them, and its results say that it is not."""
    for z, verdict in ((1.9, Verdict.HOLDS), (2.1, Verdict.VIOLATED)):
        result = as_value(FOUND, MET, 1.0, 1.0 - 0.1 * z, 0.1)
        assert (result.verdict, result.proven) == (verdict, False)
        assert result.margin == pytest.approx(1.0 - z / 2.0) and result.score == pytest.approx(-z)
    assert as_value(SAID, MET, 1.0, 1.21, 0.1).verdict is Verdict.HOLDS
    assert not unchecked(FOUND, (Assumption("m > 0", False),)).proven


@pytest.mark.parametrize(("check", "sign"), [(from_above, 1.0), (from_below, -1.0)])
def test_python_numbers_keep_their_digits(check: Callable[..., Result], sign: float) -> None:
    """Assert that a bound is not rounded to float32, which 0.3 is further from than what was measured here."""
    for number in (0.3, 0.7):
        measured = number * (1.0 + sign * 1e-8)
        for given in (measured, torch.tensor([measured], dtype=torch.float64)):
            result = check(SAID, (), number, given)
            assert result.bound == number and result.measured == measured and result.verdict is Verdict.VIOLATED


def test_bounds_and_errors_of_another_number_are_refused() -> None:
    """Assert that three bounds, or errors, for two measurements are turned away, and so is what holds nothing."""
    two, three, none = torch.ones(2), torch.ones(3), torch.ones(0)
    with pytest.raises(ShapeError, match=r"The bounds have shape \[3\], what was measured \[2\]; give one for each"):
        from_above(SAID, MET, three, two)
    with pytest.raises(ShapeError, match=r"The standard errors have shape \[3\], what was measured \[2\]"):
        from_below(SAID, MET, two, two, error=three)
    with pytest.raises(ShapeError, match=r"The bounds have shape \[1\], what was measured \[0\]"):
        from_above(SAID, MET, torch.ones(1), none)
