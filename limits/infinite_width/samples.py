"""Samples of the levels, kept: what was measured once is not measured again when an estimate goes on."""

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from particles import ShapeError
from particles.arguments.integers import whole

Array = NDArray[np.float64]


@runtime_checkable
class Samples(Protocol):
    """A place where measured samples are kept, by level and in order of their numbers."""

    def kept(self, level: int) -> tuple[Array, Array] | None:
        """Fine and coarse values, [samples, clouds, quantities] each, of samples 0, 1, ...; None before the first."""
        ...

    def keep(self, level: int, fine: Array, coarse: Array) -> None:
        """Add the next samples of a level, [samples, clouds, quantities] each; `coarse` has no clouds at level 0."""
        ...


class InMemory:
    """Samples that are kept as long as the object lives."""

    def __init__(self) -> None:
        self._levels: dict[int, tuple[Array, Array]] = {}

    def _shown(self) -> dict[str, object]:
        return {"samples": {level: len(fine) for level, (fine, _) in self._levels.items()}}

    def kept(self, level: int) -> tuple[Array, Array] | None:
        """Fine and coarse values of a level, [samples, clouds, quantities] each; None before the first."""
        return self._levels.get(whole(level, "The level", least=0))

    def keep(self, level: int, fine: Array, coarse: Array) -> None:
        """Add samples to those of the level; raises ShapeError for another number of clouds or quantities."""
        level = whole(level, "The level", least=0)
        before = self._levels.get(level)
        if before is not None:
            for old, new in zip(before, (fine, coarse), strict=True):
                if old.shape[1:] != new.shape[1:]:
                    raise ShapeError(f"Samples of shape {new.shape} were added to {old.shape}; keep one problem here.")
            fine, coarse = np.concatenate([before[0], fine]), np.concatenate([before[1], coarse])
        self._levels[level] = fine, coarse
