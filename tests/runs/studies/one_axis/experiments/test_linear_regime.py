"""Figure 5: what breaks the linear regime."""

import math
from dataclasses import replace

import numpy as np
import pytest

from limits.theorems import Verdict
from runs.studies.one_axis.experiments.linear_regime import ACCURACY, SHOWN, LinearRegime, settings, trained
from runs.studies.one_axis.linearised import FORMS
from runs.studies.one_axis.networks import PRACTICAL
from runs.studies.one_axis.statements import FULL
from runs.studies.one_axis.training import Training
from runs.study.table import Row, Table
from tests.runs.studies.claimed import verdicts
from tests.runs.studies.one_axis.small import paper, small

PLACES = {"rate": (0.01, 0.1, 1.0), "momentum": (0.0, 0.5, 0.9), "variance": (1.0 / 784, 1.0)}


def table(*, lazy: float = 1.0, gap: float = 1.0) -> Table:
    """The paper's numbers for two seeds, departures as movements; what is farthest from linear times `lazy`.

    Gaps between the accuracies of network and linearisation are multiplied by `gap`.
    """
    rows = []
    for knob, places in PLACES.items():
        far = 0 if knob == "variance" else len(places) - 1
        for form in FORMS:
            accuracies = ACCURACY.get(form, ACCURACY["code"])[knob]
            for place, x in enumerate(places):
                moved = SHOWN[knob][place] * (lazy if place == far else 1.0)
                ours = ACCURACY["network"][knob][place]
                values = {"theta": moved, "test accuracy": ours + gap * (accuracies[place] - ours)}
                if form != "network":
                    values["departure"] = moved
                for quantity, value in values.items():
                    for seed in (0, 1):
                        if knob == "variance" and place == 0:
                            small_rate = Row("E4.4", quantity, f"rate from small variance, {form}", seed, 1.0, value)
                            rows.append(small_rate)
                        rows.append(Row("E4.4", quantity, f"{knob}, {form}", seed, x, value * (1.0 + 1e-6 * seed)))
    return Table(tuple(reversed(rows)))


def test_what_leaves_the_linear_regime_moves_farther() -> None:
    """Assert that the paper's numbers have their orders, and that a lazy network at the far end is found out."""
    for words in ("movement of theta rises", "movement of theta falls", "departure"):
        assert verdicts(LinearRegime(), small(), table(), words) == {Verdict.HOLDS}
        assert verdicts(LinearRegime(), small(), table(lazy=1e-3), words) == {Verdict.VIOLATED}


def test_linearisations_are_less_accurate_where_the_regime_is_left() -> None:
    """Assert that the paper's accuracies say so, and that a linearisation as accurate as the network is found out."""
    for words in ("less accurate", "of test accuracy to that from", "loses 5 points to the network"):
        assert verdicts(LinearRegime(), small(image_test=1000), table(), words) == {Verdict.HOLDS}
        assert verdicts(LinearRegime(), small(image_test=1000), table(gap=-0.5), words) == {Verdict.VIOLATED}


def test_published_numbers_are_compared_at_the_paper_s_sizes() -> None:
    """Assert that 24 numbers are claimed at paper scale with the full set alone, and half a movement is a violation."""
    full = paper(**FULL)
    claims = [claim for claim in LinearRegime().claims(full, table()) if " is 0" in claim.statement]
    assert len(claims) == 24 and {claim.verdict for claim in claims} == {Verdict.HOLDS}
    assert not [claim for claim in LinearRegime().claims(small(), table()) if " is 0" in claim.statement]
    assert verdicts(LinearRegime(), full, table(lazy=0.5), "movement of theta at rate = 1 ") == {Verdict.VIOLATED}


def test_settings_differ_from_the_usual_one_in_one_knob() -> None:
    """Assert that five differ from the usual one by the values of the paper, and the last is the largest rate."""
    usual, *others = settings(paper(), 784)
    assert (usual.rate, usual.momentum, usual.variance) == (0.1, 0.0, 1.0) and len(usual.knobs) == 3
    assert [one.value(one.knobs[0]) for one in others] == [1.0, 0.01, 0.9, 0.5, 1.0 / 784, 1.0]
    assert others[-1].variance == others[-2].variance and others[-1].knobs == ("rate from small variance",)
    for one in others[:-1]:
        knob = one.knobs[0]
        assert replace(one, **{knob: usual.value(knob)}, knobs=usual.knobs) == usual


def test_a_form_that_diverges_has_no_accuracy() -> None:
    """Assert that numbers of a run that is not finite are NaN and its accuracy zero."""
    training = Training.of(small(), 16, 4.0, PRACTICAL, epochs=20, seed=0, rate=1e9)
    found, outputs = trained(replace(training, axis=replace(training.axis, variance=1e-2)), "code")
    assert found["test accuracy"] == 0.0 and math.isnan(found["theta"]) and bool(np.isnan(outputs).all())


def test_measured_network_departs_with_the_rate(axis_table: Table) -> None:
    """Assert that at smoke scale the network is nearer to its linearisations at a small rate than at a large one."""
    for form in ("code", "strict"):
        curve = axis_table.at("E4.4", "departure", f"rate, {form}")
        departure = dict(zip(curve.x.tolist(), curve.mean.tolist(), strict=True))
        assert departure[0.01] < departure[0.1] < departure[1.0]
    assert axis_table.at("E4.4", "departure", "rate, network").mean.tolist() == pytest.approx([0.0] * 3)
    panels = LinearRegime().panels(small(), axis_table)
    assert [len(panel.lines) for panel in panels] == [3, 3, 3, 2, 2, 2, 3, 3, 3]
