"""What `runs` offers to Python."""

from pathlib import Path
from tempfile import mkdtemp

import torch

from flows import evolve
from limits import Drawn, Halves
from particles import GaussianLaw, Trajectory, masses
from runs.collect import collect
from runs.limit import infinite_width_of, trained
from tests.front_door.case import Case
from tests.front_door.parts import CLOUD, EULER, FLOW, NEURON, RISK


def finished() -> Path:
    """A folder with one finished run."""
    folder = Path(mkdtemp())
    with Trajectory.create(folder / "run.h5", seed=0) as file:
        evolve(FLOW, CLOUD, EULER, until=0.2, observers=[file, file.trace(risk=RISK)])
        file.complete()
    return folder


def in_training(measured):
    """Two clouds, trained and measured."""
    return measured([Drawn(CLOUD, 0), Drawn(CLOUD, 1)])


TRAINED = {
    "flow": FLOW,
    "integrator": EULER,
    "until": 0.2,
    "observables": {"risk": RISK},
    "times": [0.1],
}
ASKED = {
    "flow": FLOW,
    "law": GaussianLaw(NEURON),
    "until": 0.1,
    "observables": {"risk": RISK},
    "tolerance": 10.0,
    "absolute": True,
    "masses_of": masses.uniform,
    "integrator": EULER,
    "times": [0.1],
    "first_width": 2,
    "widest": 8,
    "confidence": 0.9,
    "coupling": Halves(),
    "rate": 1.0,
    "seed": 0,
    "budget": 100.0,
    "dtype": torch.float64,
    "device": "cpu",
    "samples": None,
    "report": lambda done, total: None,
}

CASES = [
    Case("runs.collect.collect", collect, {"folder": finished()}),
    Case("runs.limit.trained", trained, TRAINED, in_training),
    Case("runs.limit.infinite_width_of", infinite_width_of, ASKED),
]
