"""Lemma 1: neurons stay active where little risk is to be lost."""

import pytest

from limits.theorems import Verdict
from limits.theorems.feature_learning import active_convergence, active_fraction, followed
from limits.theorems.feature_learning.active_neurons import ALLOWED
from particles import ReLU
from tests.limits.theorems.feature_learning.wide import MIDDLE, moving, moving_run, tame


def test_lemma_promises_and_holds_where_the_network_is_wide_and_tame() -> None:
    """Assert that with c = 120 neither statement is vacuous, and that fraction and risk keep to them."""
    of, frames = tame()
    seen = followed(of, frames, MIDDLE)
    results = (active_fraction(of, seen, MIDDLE), *active_convergence(of, seen, MIDDLE))
    assert [result.verdict for result in results] == [Verdict.HOLDS] * 3
    assert all(result.margin > 0.0 for result in results)
    assert float(seen.risks[-1] / seen.risks[0]) < 0.9


def test_constant_is_that_of_the_paper_in_its_own_units() -> None:
    """Assert that A sqrt(R_0) is (3 / sqrt(2)) sqrt(eig_max / eig_min) sqrt(L_0) / (gap c K), L_0 = n R_0."""
    of, frames = tame()
    seen = followed(of, frames, MIDDLE)
    rates, steepness = seen.rates, MIDDLE.steepness(of.neuron.activation)
    paper = 3.0 / 2.0**0.5 * (rates.largest / rates.least) ** 0.5
    paper *= (of.data * float(seen.risks[0])) ** 0.5 / (MIDDLE.gap * 120.0 * steepness)
    assert rates.drift(MIDDLE.gap, steepness) * float(seen.risks[0]) ** 0.5 == pytest.approx(paper)
    assert paper < ALLOWED * float(seen.middle) ** 1.5


def test_neurons_that_leave_and_risks_that_stay_are_violations() -> None:
    """Assert that pairs that all leave together, which costs no risk, and a risk that stays are found out."""
    of, frames = tame()
    (time, start), *later = frames
    gone = start.positions.clone()
    gone[:, : of.neuron.hidden] *= 100.0
    away = ((time, start), *((when, start.moved(gone)) for when, _ in later))
    assert active_fraction(of, away, MIDDLE).verdict is Verdict.VIOLATED
    assert active_convergence(of, away, MIDDLE)[0].verdict is Verdict.VIOLATED
    still = tuple((when, start) for when, _ in frames)
    assert active_convergence(of, still, MIDDLE)[1].verdict is Verdict.VIOLATED


def test_lemma_is_vacuous_where_features_may_move_far() -> None:
    """Assert that a mean-field network of 150 ReLU neurons is promised nothing, whatever it does."""
    of, frames = moving(ReLU()), moving_run(ReLU())
    assert active_fraction(of, frames).verdict is Verdict.VACUOUS
    half, decay = active_convergence(of, frames)
    assert half.verdict is Verdict.VACUOUS and decay.verdict is Verdict.VACUOUS
    assert "A sqrt(R_0)" in half.failing[0]
