"""Dropout stability: the identity of the mean, and slopes that do not keep the rates."""

from dataclasses import replace

import pytest
import torch

from limits import Slope
from limits.chaos import Mean
from limits.theorems import Verdict, dropout_rate, kept_alone, subset_mean
from particles import NTK, Logistic, ParticleCloud
from particles.risk.dataset import Dataset
from tests.draws import unequal
from tests.limits.landscape.clouds import DATA, INPUTS, cloud, risk

COUNTS = (50, 100, 200)


@pytest.mark.parametrize("scaling", [risk().scaling, NTK()], ids=["mean-field", "ntk"])
def test_subsets_have_the_mean_of_the_identity(scaling: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that drawn subsets agree, and that the mean of draws with replacement is found out."""
    of, at = risk(scaling), cloud(20, 0)  # type: ignore[arg-type]
    result = subset_mean(of, at, 10)
    assert result.verdict is Verdict.HOLDS and result.proven
    whole = float(of(at))
    replaced = Mean(whole + (result.bound - whole) * 19.0 / 10.0, 0.0)
    monkeypatch.setattr("limits.theorems.vignettes.dropout.mean_dropout_risk", lambda *_: replaced)
    assert subset_mean(of, at, 10).verdict is Verdict.VIOLATED


def test_what_the_identity_does_not_know_is_told() -> None:
    """Assert that unequal masses and other losses fail an assumption each."""
    assert subset_mean(risk(), cloud(20, 0, unequal(20)), 10).failing == ("masses are equal",)
    signs = Dataset(INPUTS, torch.where(DATA.targets > 0.0, 1.0, -1.0))
    logistic = replace(risk(), loss=Logistic(), data=signs)
    assert subset_mean(logistic, cloud(20, 0), 10).failing == ("the loss is squared",)


def test_single_precision_masses_are_equal() -> None:
    """Assert that thirds in float32 count as equal."""
    single = ParticleCloud(cloud(3, 0).positions.float())
    assert subset_mean(risk(), single, 2).verdict is Verdict.HOLDS


def test_excess_must_fall() -> None:
    """Assert that a slope of -1/2 agrees, that one which may be -1/4 is undecided, and that -1/4 violates."""
    slopes = (Slope(-0.55, -0.6, -0.5), Slope(-0.4, -0.6, -0.2), Slope(-0.25, -0.3, -0.2))
    assert [dropout_rate(slope).verdict for slope in slopes] == [
        Verdict.HOLDS,
        Verdict.UNDECIDED,
        Verdict.VIOLATED,
    ]
    assert not dropout_rate(slopes[0]).proven


def test_fixed_numbers_must_stay() -> None:
    """Assert that a factor of 1.5 over the counts agrees and that one of four, up or down, is a violation."""
    for factor, verdict in ((1.5, Verdict.HOLDS), (4.0, Verdict.VIOLATED), (0.25, Verdict.VIOLATED)):
        power = float(torch.tensor(factor).log() / torch.tensor(4.0).log())
        assert kept_alone(Slope(power, power - 0.05, power + 0.05), COUNTS).verdict is verdict
