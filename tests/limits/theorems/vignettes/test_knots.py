"""Knots between inputs: at most three, and a fourth is seen."""

from itertools import pairwise

from limits import ReLUGibbs, knots
from limits.theorems import Verdict, knot_count
from tests.limits.mean_field.rectified.line_problems import random_points


def test_three_at_most() -> None:
    """Assert that laws of random data keep the bound, and that four knots are a violation."""
    counts = []
    for seed in range(3):
        risk = random_points(5, seed)
        inputs = risk.data.inputs[:, 0].sort().values.tolist()
        found = knots(ReLUGibbs(risk, 1e-5, 0.01).solve())
        counts += [found.between(*pair) for pair in pairwise(inputs)]
    result = knot_count(counts)
    assert result.verdict is Verdict.HOLDS and result.proven
    assert knot_count([0, 3, 2]).verdict is Verdict.HOLDS
    assert knot_count([0, 4, 2]).verdict is Verdict.VIOLATED
