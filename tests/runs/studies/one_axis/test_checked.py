"""The networks on which identities are checked."""

import pytest
import torch

from particles import L2
from runs.studies.one_axis.checked import DATA, INPUTS, MODELS, STATEMENTS, drawn, ridged


def test_models_are_what_they_are_called() -> None:
    """Assert that they have their amplitudes, equal and unequal masses, float64 and data that seeds decide."""
    equal, unequal, lazy = MODELS
    for model in MODELS:
        network = model.network(7, 0)
        start = model.start(network, 0)
        alike = torch.allclose(start.masses, torch.full((7,), 1.0 / 7.0, dtype=torch.float64))
        assert alike == (model is not unequal) and start.dtype == torch.float64
        assert float(network.risk.scaling.factor(start.masses).sum()) == pytest.approx(10.0 if model is lazy else 1.0)
    assert equal.network(7, 0, trained="output").risk.network.trained_groups == ("output",)
    assert drawn(0).inputs.shape == (DATA, INPUTS)
    assert torch.equal(drawn(3).inputs, drawn(3).inputs) and not torch.equal(drawn(3).inputs, drawn(4).inputs)


def test_l2_is_added() -> None:
    """Assert that the risk has the strengths of its groups, and statements have names of their own."""
    risk = ridged(MODELS[0].network(7, 0).risk, {"output": 0.5})
    assert risk.regulariser == L2({"output": 0.5})
    assert len({(said.text, said.source) for said in STATEMENTS.values()}) == len(STATEMENTS)
