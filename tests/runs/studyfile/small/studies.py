"""A small study and ways to write it down, for the tests of study files."""

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np

from runs.studyfile.model.config import RunConfig
from runs.studyfile.model.keys import set_key

#: A run of some milliseconds on data that lie beside the study file.
SMALL: dict[str, Any] = {
    "until": 1.0,
    "scaling": "ntk",
    "integrator": {"kind": "euler", "step": 0.125},
    "frames": {"steps": 2},
    "data": {"file": "data.npz"},
    "neuron": {"kind": "perceptron", "activation": "tanh"},
    "masses": {"kind": "uniform", "count": 5},
}


def values(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """The small study's values with some dotted keys set."""
    made = copy.deepcopy(SMALL)
    for key, value in (changes or {}).items():
        set_key(made, key, value)
    return made


def config(changes: dict[str, Any] | None = None) -> RunConfig:
    """One run of it."""
    return RunConfig.model_validate(values(changes))


def write_data(folder: Path, seed: int = 0, **more: np.ndarray) -> Path:
    """data.npz: eight rows of three inputs and one target."""
    draws = np.random.default_rng(seed).normal(size=(8, 4))
    np.savez(folder / "data.npz", inputs=draws[:, :3], targets=draws[:, 3], **more)
    return folder / "data.npz"


def write_study(folder: Path, changes: dict[str, Any] | None = None) -> Path:
    """study.toml and its data in a folder. Values of these tests read the same in TOML and, inline, in JSON."""
    write_data(folder)
    path = folder / "study.toml"
    path.write_text("\n".join(f"{key} = {_toml(value)}" for key, value in values(changes).items()))
    return path


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)
