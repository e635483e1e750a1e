"""One run: what it starts from, and what is measured of it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from particles import Dataset
from runs.datasets import load
from runs.studies.asymmetric_scaling.config import SETTINGS
from runs.studies.asymmetric_scaling.run import Run
from tests.runs.studies.asymmetric_scaling.test_training import small


def test_settings_share_the_initial_weights_of_a_seed(tmp_path: Path) -> None:
    """Assert that one seed starts all settings at the same positions, other masses, and another seed elsewhere."""
    config = small(tmp_path)
    starts = [Run(config, setting, 3).start for setting in SETTINGS]
    for start in starts[1:]:
        assert torch.equal(start.positions, starts[0].positions)
        assert not torch.equal(start.masses, starts[0].masses)
    assert not torch.equal(Run(config, SETTINGS[0], 4).start.positions, starts[0].positions)


def test_initial_weights_have_the_configured_law(tmp_path: Path) -> None:
    """Assert that hidden weights have variance 2 where asked (|z| < 5) and output weights are -1 or 1."""
    start = Run(small(tmp_path, count=2000, variance=2.0), SETTINGS[0], 0).start
    hidden, outputs = start.positions[:, :-1], start.positions[:, -1]
    error = 2.0 * (2.0 / hidden.numel()) ** 0.5
    assert abs(float(hidden.square().mean()) - 2.0) < 5.0 * error
    assert set(outputs.tolist()) == {-1.0, 1.0}


def test_network_with_several_outputs_is_measured_output_by_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Assert that risk and accuracies are numpy's over all outputs, and the Gram matrix is that of the first one."""
    split = load("simulated")
    digits = torch.arange(100) % 3
    hot = torch.eye(3, dtype=torch.float64)[digits]
    parts = {name: Dataset(getattr(split, name).inputs, hot) for name in ("train", "validation", "test")}
    run = Run(small(tmp_path, outputs=3), SETTINGS[1], 0)
    monkeypatch.setattr("runs.studies.asymmetric_scaling.run.load", lambda name: replace(split, **parts))
    start = run.start.to(dtype=torch.float64)
    found = {name: float(observable(start)) for name, observable in run.observables().items()}
    x, weights, outputs = parts["test"].inputs.numpy(), start.positions[:, :50].numpy(), start.positions[:, 50:].numpy()
    hidden = np.maximum(x @ weights.T / np.sqrt(50), 0.0)
    f = hidden @ (np.sqrt(start.masses.numpy())[:, None] * outputs)
    assert np.isclose(found["test_risk"], 0.5 * np.mean(np.sum((f - hot.numpy()) ** 2, axis=1)), rtol=1e-12)
    assert found["test_accuracy"] == np.mean(f.argmax(axis=1) == digits.numpy())
    first = parts["train"].inputs[:5].numpy()
    active = (first @ weights.T > 0.0).astype(float)
    gram = (first @ first.T / 50) * ((active * start.masses.numpy()) @ active.T)
    assert np.isclose(found["smallest_eigenvalue"], np.linalg.eigvalsh(gram)[0], rtol=1e-9)
    assert found["gram_change"] == 0.0
