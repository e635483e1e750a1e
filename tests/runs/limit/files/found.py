"""A limit that was found of a small problem, for the tests of tables and figures."""

from collections.abc import Sequence

import torch

from limits import Drawn, infinite_width
from particles import ParticleCloud
from runs.limit.files.points import Point
from runs.limit.files.tables import Found
from runs.limit.moments import Quantity
from tests.problems import numbers
from tests.runs.studyfile.small.studies import config

TIMES = (0.0, 0.5, 1.0, 2.0)
#: One number at four times, and an array of two entries that are one number and the sign of another.
QUANTITIES = (
    *(Quantity("risk", None, time, False) for time in TIMES),
    *(Quantity("out_puts", entry, time, False) for time in TIMES for entry in (0, 1)),
)


def measured(clouds: Sequence[Drawn]) -> torch.Tensor:
    """The risk is exp(-t) + x^2 for the mean x of N(0, 1) coordinates; the outputs are 3 and the sign of the first."""
    means = torch.stack([one.cloud.positions.mean() for one in clouds])
    signs = torch.stack([one.cloud.positions[0, 0].sign() for one in clouds])
    risks = [means**2 + 2.718281828459045**-time for time in TIMES]
    return torch.stack([*risks, *[3.0 + 0.0 * means, signs] * len(TIMES)], dim=1)


def found(level: float = 0.1, times: int = len(TIMES), **varied: float) -> Found:
    """The limit, at the first of these times or at the last one alone."""
    chosen = [place for place, one in enumerate(QUANTITIES) if one.time in TIMES[-times:]]
    limit = infinite_width(
        lambda clouds: measured(clouds)[:, chosen],
        lambda width, seed: ParticleCloud(numbers(seed, width, 1)),
        quantities=[QUANTITIES[place].label for place in chosen],
        tolerance=level,
        first_width=4,
        widest=16,
        pilot=64,
    )
    point = Point(config(), (8, 32), TIMES[-times:], varied)
    return Found(point, tuple(QUANTITIES[place] for place in chosen), limit, 2.5)
