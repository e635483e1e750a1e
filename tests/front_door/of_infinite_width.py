"""What `limits` offers for the limit of infinitely many trained particles."""

import math

import numpy as np
import torch

from limits import (
    Coupled,
    Drawn,
    Estimated,
    FiniteWidth,
    Halves,
    InfiniteWidth,
    InMemory,
    Level,
    LimitLaw,
    LimitValue,
    Nested,
    Rotated,
    infinite_width,
)
from limits.infinite_width.series import Rate
from tests.front_door.case import Case
from tests.front_door.parts import *


def mean_squares(clouds):
    """One quantity: the mean square of positions."""
    return torch.stack([one.cloud.positions.square().mean()[None] for one in clouds])


def told(done, total):
    """Nothing is done."""


class Kept(InMemory):
    """Samples that are there already."""

    def __init__(self):
        super().__init__()
        self.keep(0, np.ones((2, 1, 1)), np.ones((2, 0, 1)))


ASKED = {
    "measured": mean_squares,
    "draw": made,
    "quantities": ["square"],
    "tolerance": 0.5,
    "first_width": 2,
    "widest": 8,
    "confidence": 0.9,
    "coupling": Halves(),
    "rate": 1.0,
    "pilot": 8,
    "budget": 1e4,
    "seed": 0,
}
FOUND = infinite_width(**ASKED)
FINITE = FOUND.finite_width
ONE = Drawn(CLOUD, 0)
SAMPLES = np.arange(8.0)
VALUE = {
    "value": 1.0,
    "low": 0.5,
    "high": 1.5,
    "name": "square",
    "standard_error": 0.1,
    "bias": 0.0,
    "rate": Rate(1.0, -math.inf, math.inf),
}
ONE_LEVEL = {"width": 4, "samples": 8, "mean": np.ones(1), "variance": np.ones(1), "cost": 32.0}

CASES = [
    Case("limits.infinite_width", infinite_width, ASKED, lambda found: found.finite_width),
    Case(
        "limits.infinite_width(stored)",
        infinite_width,
        {
            **ASKED,
            "tolerance": {"square": 0.5},
            "cost": lambda width: float(width),
            "report": lambda done, total: None,
            "samples": InMemory(),
        },
    ),
    Case("limits.Drawn", Drawn, {"cloud": CLOUD, "seed": 0, "first": 4}),
    Case("limits.Coupled", Coupled, {"fine": (ONE,), "coarse": (ONE, ONE)}),
    Case("limits.Halves.lowest", Halves().lowest, {"draw": made, "width": 4, "seed": 0}),
    Case("limits.Halves.coupled", Halves().coupled, {"draw": made, "width": 4, "seed": 0}),
    Case("limits.Rotated", Rotated, {"neuron": NEURON}, lambda coupling: coupling.coupled(made, 4, 0)),
    Case("limits.Rotated.lowest", Rotated(NEURON).lowest, {"draw": made, "width": 4, "seed": 0}),
    Case("limits.Rotated.coupled", Rotated(NEURON).coupled, {"draw": made, "width": 4, "seed": 0}),
    Case("limits.Nested", Nested, {"shared": 0.5, "neuron": NEURON}, lambda coupling: coupling.coupled(made, 4, 0)),
    Case("limits.Nested.lowest", Nested(0.5).lowest, {"draw": made, "width": 4, "seed": 0}),
    Case("limits.Nested.coupled", Nested(0.5).coupled, {"draw": made, "width": 4, "seed": 0}),
    Case("limits.InMemory.kept", Kept().kept, {"level": 0}),
    Case("limits.InMemory.keep", Kept().keep, {"level": 0, "fine": np.ones((1, 1, 1)), "coarse": np.ones((1, 0, 1))}),
    Case("limits.Estimated", Estimated, {"value": 1.0, "low": 0.5, "high": 1.5}),
    Case("limits.LimitValue", LimitValue, VALUE),
    Case("limits.Level", Level, ONE_LEVEL),
    Case(
        "limits.LimitLaw",
        LimitLaw,
        {"width": 8, "samples": SAMPLES, "confidence": 0.9},
        lambda law: (law.mean, law.variance, law.quantile(0.5)),
    ),
    Case("limits.LimitLaw.quantile", LimitLaw(8, SAMPLES, 0.9).quantile, {"level": 0.5}),
    Case("limits.InfiniteWidth", InfiniteWidth, {name: getattr(FOUND, name) for name in FOUND.__dataclass_fields__}),
    Case("limits.InfiniteWidth.law", FOUND.law, {"name": "square"}),
    Case("limits.FiniteWidth", FiniteWidth, {name: getattr(FINITE, name) for name in FINITE.__dataclass_fields__}),
    Case("limits.FiniteWidth.correction", FINITE.correction, {"name": "square"}),
    Case("limits.FiniteWidth.fluctuation", FINITE.fluctuation, {"name": "square", "other": "square"}),
    Case("limits.FiniteWidth.width_for", FINITE.width_for, {"name": "square", "error": 0.1, "relative": True}),
    Case("limits.FiniteWidth.falls", FINITE.falls, {"name": "square"}),
]
