"""What `limits.theorems` offers to judge a statement by."""

import torch

from limits import Slope
from limits.theorems import (
    Assumption,
    Statement,
    as_mean,
    as_published,
    as_slope,
    as_value,
    from_above,
    from_below,
    in_order,
    slope_within,
)
from tests.front_door.case import Case

SAID = {"statement": Statement("a <= b", "figure 1", proven=False), "assumptions": (Assumption("m > 0", True),)}
PAIR = torch.tensor([1.0, 2.0], dtype=torch.float64)
SLOPE = Slope(-0.5, -0.6, -0.4)

CASES = [
    Case(
        "limits.theorems.from_above",
        from_above,
        {**SAID, "bound": PAIR, "measured": PAIR, "trivial": 9.0, "error": PAIR},
    ),
    Case(
        "limits.theorems.from_below",
        from_below,
        {**SAID, "bound": PAIR, "measured": PAIR, "trivial": 0.0, "error": PAIR},
    ),
    Case("limits.theorems.as_mean", as_mean, {**SAID, "exact": 1.5, "draws": PAIR}),
    Case("limits.theorems.as_value", as_value, {**SAID, "exact": 1.0, "measured": 1.1, "error": 0.1}),
    Case(
        "limits.theorems.in_order",
        in_order,
        {**SAID, "values": [1.0, 2.0], "errors": [0.1, 0.1], "increasing": True},
    ),
    Case("limits.theorems.as_slope", as_slope, {**SAID, "exact": -0.5, "slope": SLOPE, "rival": 0.0}),
    Case("limits.theorems.slope_within", slope_within, {**SAID, "slope": SLOPE, "least": -1.0, "most": 0.0}),
    Case(
        "limits.theorems.as_published",
        as_published,
        {**SAID, "published": 1.0, "reading": 0.1, "measured": 1.0, "error": 0.1},
    ),
]
