"""The three-layer network over frozen features."""

import torch

from limits import Drawn
from particles import RandomFeatures
from runs.studies.infinite_width.problems.features import FEATURES, features


def test_only_the_second_layer_moves_and_the_risk_falls() -> None:
    """Assert that features are frozen ones, that nothing moved at the start, and that training lowers the risk."""
    question = features()
    neuron = question.flow.risk.network.neuron  # type: ignore[attr-defined]
    assert isinstance(neuron.embedding, RandomFeatures) and neuron.hidden == FEATURES
    start = question.draw(16, 0)
    assert float(question.quantities["feature movement"](start, start)) == 0.0
    moved, risk = question.measured([Drawn(start, 0)])[0].tolist()
    assert moved > 0.5 and risk < 0.7 * float(question.quantities["risk"](start, start))
    assert torch.equal(start.positions[:, FEATURES:].abs(), torch.ones(16, 1, dtype=torch.float64))
