"""Connectivity: paths through dropout keep their bound, and others are found out."""

from dataclasses import replace

import pytest
import torch

from limits import DropoutPath, LayerDropoutPath, Slope, StraightPath, barrier, dropout_risk
from limits.theorems import Verdict, barrier_rate, dropout_connectivity
from particles import L2, Dataset, MeanField, ParticleCloud, Risk, Squared
from tests.limits.landscape.clouds import DATA, INPUTS, cloud, deep, networks, risk

#: Neurons that are nearly the same up to (w, a) -> (-w, -a), in turns, so that the straight line goes through zero.
SIGNS = torch.tensor([1.0, -1.0] * 20, dtype=torch.float64)[:, None]
START = ParticleCloud(SIGNS * (cloud(1, 0).positions + 0.3 * cloud(40, 1).positions))
TAUGHT = risk().on(Dataset(INPUTS, risk().predictions(START)))
END = ParticleCloud(START.positions.flip(0))


def halves(of: Risk) -> list[float]:
    """The risks of the networks of half of the particles."""
    return [float(dropout_risk(at, of, 20)) for at in (START, END)]


def test_dropout_bounds_the_barrier_of_its_path() -> None:
    """Assert that the bound holds with margin zero between two perfect networks, which no rounding may spoil."""
    result = dropout_connectivity(TAUGHT, barrier(DropoutPath(START, END, TAUGHT), TAUGHT), halves(TAUGHT))
    assert result.verdict is Verdict.HOLDS and result.proven
    assert result.measured == pytest.approx(max(halves(TAUGHT)), rel=1e-9)


def test_the_straight_line_is_found_out() -> None:
    """Assert that a path that does not go through dropout violates the bound, and one that stops halfway as well."""
    straight = barrier(StraightPath(START, END), TAUGHT)
    assert straight.height > 3.0 * max(halves(TAUGHT))
    assert dropout_connectivity(TAUGHT, straight, halves(TAUGHT)).verdict is Verdict.VIOLATED
    found = barrier(DropoutPath(START, END, TAUGHT), TAUGHT)
    low = [0.9 * each for each in halves(TAUGHT)]
    assert dropout_connectivity(TAUGHT, found, low).verdict is Verdict.VIOLATED


def test_several_layers_have_the_same_bound() -> None:
    """Assert that the path of a deep network keeps it, and needs the networks with all layers dropped."""
    neuron = deep(6, 8)
    of = Risk(neuron=neuron, scaling=MeanField(), loss=Squared(), data=DATA)
    start, end = networks(neuron)
    path = LayerDropoutPath(start, end, neuron)
    dropped = [float(of(at)) for cloud in (start, end) for at in path.stages(cloud)]
    assert dropout_connectivity(of, barrier(path, of), dropped).verdict is Verdict.HOLDS


def test_a_regulariser_fails_the_assumption() -> None:
    """Assert that nothing is said with a penalty, and that no risks, or none that are numbers, are refused."""
    penalised = replace(TAUGHT, regulariser=L2(1.0))
    found = barrier(DropoutPath(START, END, penalised), penalised, points=3)
    assert dropout_connectivity(penalised, found, [1.0]).failing == ("there is no regulariser",)
    with pytest.raises(ValueError, match="no risks of dropout networks; give those of both ends"):
        dropout_connectivity(TAUGHT, found, [])
    with pytest.raises(ValueError, match="risk of a dropout network is nan, but a finite number"):
        dropout_connectivity(TAUGHT, found, [float("nan")])


def test_barriers_must_fall() -> None:
    """Assert that slopes above the rate violate."""
    assert barrier_rate(Slope(-0.7, -0.8, -0.6)).verdict is Verdict.HOLDS
    assert barrier_rate(Slope(0.0, -0.1, 0.1)).verdict is Verdict.VIOLATED
