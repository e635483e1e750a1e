"""The benchmark of limits: its arithmetic, its table, and that its figures say what the theory says."""

import math

import pytest

from particles import Erf, ReLU
from runs.benchmarks.limit_kernels import (
    ACTIVATIONS,
    EARLY,
    LAYERS,
    Scale,
    Score,
    Slope,
    early_training,
    main,
    published_pair,
    sampled_variance,
    width_gaps,
    worst_entry,
)
from tests.tolerances import PUBLISHED, Z

TINY = Scale(means=5, clouds=5, widths=(4, 16), seeds=2, until=1.0, dims=(4, 8, 16), rows=30)


def test_published_pair_is_met() -> None:
    """Assert that NNGP and NTK of the published inputs have the published values."""
    assert all(abs(found - value) < PUBLISHED for found, value in published_pair())


def test_slope_and_its_interval_are_those_of_a_regression() -> None:
    """Assert that a power law gives its exponent, and scatter an interval by Student's law with n - 2 freedoms."""
    exact = Slope("", (10, 100, 1000), ((5.0,), (0.5,), (0.05,)))
    assert abs(exact.fitted[0] + 1.0) < 1e-12
    scattered = Slope("", (1, 10), ((1.0, math.e), (1.0, math.e)))
    slope, half = scattered.fitted
    # Residuals are +-1/2, the centred logarithms of the sizes +-log(10)/2, and t(0.975, 2) = 4.302653.
    assert abs(slope) < 1e-12
    assert abs(half - 4.302653 * math.sqrt(0.5) / math.log(10.0)) < 1e-5


def test_score_is_in_standard_errors() -> None:
    """Assert that z is (measured - predicted) / error."""
    assert Score("", 1.0, 0.4, 0.2).z == pytest.approx(-3.0)


def test_clouds_meet_the_limits() -> None:
    """Assert that kernel entries and total variances are within five standard errors of what clouds give."""
    scale = Scale(means=100, clouds=200)
    assert all(abs(worst_entry(ReLU(), trained, scale).z) < Z for trained in LAYERS)
    score = sampled_variance(Erf(), 0.2, 0.5, scale)
    assert abs(score.z) < Z and score.error < 0.1 * score.predicted


@pytest.mark.validation
def test_gaps_fall_with_the_width() -> None:
    """Assert that clouds near the kernel flow like m^(-1/2), and their own linearisation like 1/m, as intervals say."""
    slopes = [gap.fitted for gap in width_gaps(Scale(widths=(64, 256, 1024), seeds=6))]
    for slope, half in slopes[:3]:
        assert abs(slope + 0.5) < 2.0 * half < 0.4
    assert abs(slopes[3][0] + 1.0) < 0.1


def test_training_parts_from_the_early_model_less_in_higher_dimension() -> None:
    """Assert that the relative gap at t = 4 d, at the data and elsewhere, is a percent at d = 20 and falls with d."""
    at_data, elsewhere = zip(*early_training(Scale(dims=(10, 20, 40), rows=1500)).values, strict=True)
    for gaps in (at_data, elsewhere):
        assert gaps[2] < 0.7 * gaps[1] < 0.7 * 0.7 * gaps[0] and gaps[1] < 0.02


@pytest.mark.validation
def test_table_has_a_line_for_every_case(capsys: pytest.CaptureFixture[str]) -> None:
    """Assert that every activation, layer and setting is measured and printed, and that all numbers are finite."""
    scores, slopes = main(TINY)
    assert len(scores) == len(ACTIVATIONS) * (len(LAYERS) + 3)
    assert len(slopes) == 4 + len(EARLY) * len(LAYERS) + 1
    assert all(math.isfinite(score.z) for score in scores)
    assert all(math.isfinite(slope.fitted[0]) for slope in slopes)
    said = capsys.readouterr().out
    assert all(entry.line in said for entry in (*scores, *slopes))
