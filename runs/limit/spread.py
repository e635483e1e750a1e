"""Clouds of one width in parts of a fixed size, measured here or by several processes, to the same bits."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from limits import Drawn, Measured
from runs.batch.crew import one_thread
from runs.batch.standing_processes import Spread

#: Particles of the clouds that are measured side by side, at most, if there is more than one cloud.
PARTICLES = 2**13


def in_parts(measured: Measured, spread: Spread | None = None) -> Measured:
    """The same measurement, part by part: by the processes of `spread`, or here where there are none.

    Which clouds share their operations, on which last bits depend, does not depend on who measures them. For processes
    `measured` is pickled.
    """
    return partial(_measured, measured, spread)


def _measured(measured: Measured, spread: Spread | None, clouds: Sequence[Drawn]) -> Tensor:
    parts = list(_parts(clouds))
    if spread is not None and len(parts) > 1:
        return torch.cat(spread(_one, [(measured, part) for part in parts]))
    with one_thread():
        return torch.cat([measured(part) for part in parts])


def _one(given: tuple[Measured, Sequence[Drawn]]) -> Any:
    measured, clouds = given
    return measured(clouds)


def _parts(clouds: Sequence[Drawn]) -> Iterator[Sequence[Drawn]]:
    size = max(1, PARTICLES // clouds[0].cloud.count)
    return (clouds[first : first + size] for first in range(0, len(clouds), size))
