"""Measuring the samples of levels: seeds, batches, and a refusal of clouds that diverged."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from limits.infinite_width.coupling import Coupled, Coupling, Drawn, Measured
from limits.infinite_width.drawing import Draw
from limits.infinite_width.samples import Samples
from particles import ShapeError

Array = NDArray[np.float64]

#: The most particles of one call of `measured`, in clouds side by side; a single cloud may have more.
PARTICLES_AT_ONCE = 2**16


def seed_of(seed: int, level: int, number: int) -> int:
    """The seed of sample `number` of a level: 64 bits that depend on these three numbers and on nothing else."""
    keys = np.random.SeedSequence(seed, spawn_key=(crc32(b"infinite width"), level, number))
    return int(keys.generate_state(1, np.uint64)[0])


@dataclass(frozen=True, eq=False)
class Measuring:
    """Clouds of the widths m_l = m_0 2^l, drawn by seed, coupled, measured in batches and kept."""

    measured: Measured
    draw: Draw
    quantities: tuple[str, ...]
    first_width: int
    coupling: Coupling
    cost: Callable[[int], float]
    seed: int
    samples: Samples
    have: dict[int, int] = field(default_factory=dict, init=False)
    clouds: dict[int, tuple[int, int]] = field(default_factory=dict, init=False)

    def width(self, level: int) -> int:
        """The width of the fine clouds of a level."""
        return self.first_width << level

    def price(self, level: int) -> float:
        """The cost of one sample of a level: that of all its clouds, whose numbers are known from the first sample."""
        if level not in self.clouds:
            sample = self._sample(level, 0)
            self.clouds[level] = len(sample.fine), len(sample.coarse)
        fine, coarse = self.clouds[level]
        width = self.width(level)
        return fine * self.cost(width) + (coarse * self.cost(width // 2) if coarse else 0.0)

    def values(self, level: int, count: int, done: Callable[[], None] = lambda: None) -> tuple[Array, Array]:
        """Fine and coarse values, [count, clouds, quantities] each, of the first samples of a level.

        Those that are missing are measured in batches, after each of which `done` is called; `have` says how many there
        are. Raises ValueError for values that are not finite and what `measured` raises.
        """
        kept = self.samples.kept(level)
        self.have[level] = 0 if kept is None else len(kept[0])
        while (first := self.have[level]) < count:
            batch = [self._sample(level, first)]
            particles = self.width(level) * (len(batch[0].fine) + len(batch[0].coarse) / 2)
            together = min(count - first, max(1, int(PARTICLES_AT_ONCE // particles)))
            batch += [self._sample(level, number) for number in range(first + 1, first + together)]
            fine = self._measured(level, first, [sample.fine for sample in batch])
            self.samples.keep(level, fine, self._measured(level, first, [sample.coarse for sample in batch]))
            self.have[level] = first + together
            done()
        kept = self.samples.kept(level)
        if kept is None:
            raise TypeError(f"{type(self.samples).__name__} gave nothing back of level {level}; keep what it is given.")
        return kept[0][:count], kept[1][:count]

    def _sample(self, level: int, number: int) -> Coupled:
        seed = seed_of(self.seed, level, number)
        couple = self.coupling.coupled if level else self.coupling.lowest
        return couple(self.draw, self.width(level), seed)

    def _measured(self, level: int, first: int, clouds: Sequence[tuple[Drawn, ...]]) -> Array:
        """Values [samples, clouds, quantities] of one batch of fine or of coarse clouds."""
        each, known = len(clouds[0]), len(self.quantities)
        if not each:
            return np.empty((len(clouds), 0, known))
        flat = [one for sample in clouds for one in sample]
        given = self.measured(flat)
        if not isinstance(given, Tensor):
            raise TypeError(f"measured(clouds) gave {type(given).__name__}, but a tensor is needed; return one.")
        found = given.detach().double().cpu().numpy()
        if found.shape != (len(flat), known):
            raise ShapeError(
                f"measured(clouds) gave shape {found.shape} for {len(flat)} clouds and {known} quantities; give one "
                "row per cloud and one column per quantity."
            )
        values = found.reshape(len(clouds), each, known)
        broken = ~np.isfinite(values)
        if broken.any():
            where = np.unique(first + np.nonzero(broken)[0])
            name = self.quantities[int(np.nonzero(broken)[2][0])]
            width = flat[0].cloud.count
            raise ValueError(
                f"Samples {', '.join(map(str, where[:5]))} of level {level} have clouds of width {width} with a value "
                f'of "{name}" that is not finite; their training diverged, so take smaller steps or measure it earlier.'
            )
        return values
