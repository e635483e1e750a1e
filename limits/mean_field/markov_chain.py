"""A Markov chain on the cells of a grid that approximates diffusion in a potential and keeps masses non-negative.

Mass jumps between neighbouring cells at the rates of Scharfetter and Gummel (1969; Chang and Cooper 1970), so the Gibbs
measure of the potential is stationary on the grid. A time step applies the exponential of the rates, that is, the
transition probabilities of the chain. These keep total mass and sign for any step; no rational scheme of order above
one does (Bolley and Crouzeix 1978).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy
from numpy.typing import NDArray

from limits.mean_field.grid import Grid

Array = NDArray[np.float64]

#: The Poisson number of jumps is followed up to so many standard deviations plus so many jumps; 1e-16 is left out.
DEVIATIONS, BESIDES = 9.0, 25


@dataclass(frozen=True, eq=False)
class Chain:
    """A chain by its jump rates along each moving axis: `up` to the next cell and `down` to the one before.

    An array of rates has the shape of the grid, but one entry less along its axis.
    """

    shape: tuple[int, ...]
    axes: tuple[int, ...]
    up: tuple[Array, ...]
    down: tuple[Array, ...]

    @classmethod
    def of(
        cls,
        potential: Array,
        temperature: float,
        grid: Grid,
        axes: Sequence[int],
        rates: Sequence[float] | None = None,
    ) -> "Chain":
        """The chain of a potential g [cells]: from cell i to i + 1 along an axis of width h the rate is

            (T / h^2) B((g_{i+1} - g_i) / T),  B(u) = u / (e^u - 1),

        and max(g_i - g_{i+1}, 0) / h^2 at T = 0, times the axis's own number of `rates`, where they are given. The
        Gibbs weights exp(-g_i / T) are in detailed balance.
        """
        shaped = potential.reshape(grid.shape)
        rises = [np.diff(shaped, axis=axis) for axis in axes]
        own = [1.0] * len(axes) if rates is None else rates
        scales = [rate * grid.axes[axis].width ** -2 for axis, rate in zip(axes, own, strict=True)]
        up = tuple(scale * _climbing(rise, temperature) for scale, rise in zip(scales, rises, strict=True))
        down = tuple(scale * _climbing(-rise, temperature) for scale, rise in zip(scales, rises, strict=True))
        return cls(grid.shape, tuple(axes), up, down)

    @cached_property
    def leaving(self) -> Array:
        """The total rate out of every cell, in the shape of the grid."""
        total = np.zeros(self.shape)
        for axis, up, down in zip(self.axes, self.up, self.down, strict=True):
            total[_low(axis)] += up
            total[_high(axis)] += down
        return total

    @property
    def fastest(self) -> float:
        """The largest rate out of a cell."""
        return float(self.leaving.max())

    def carried(self, masses: Array, time: float) -> Array:
        """The masses exp(time Q^T) masses [cells] after a time, by uniformisation (Jensen 1953).

        exp(t Q^T) = sum_k w_k P^k, where Lambda is the largest rate out of a cell, w_k are Poisson weights of mean
        Lambda t, and P = 1 + Q^T / Lambda. All terms are non-negative.
        """
        jumps = self.fastest * time
        if jumps == 0.0:
            return masses
        first, weights = _poisson(jumps)
        moves = self._scaled(1.0 / self.fastest)
        stays = np.maximum(1.0 - self.leaving / self.fastest, 0.0)
        now, total = masses.reshape(self.shape), np.zeros(self.shape)
        for number in range(first + len(weights)):
            if number >= first:
                total += weights[number - first] * now
            now = _moved(now, stays, moves)
        return total.reshape(-1)

    def _scaled(self, scale: float) -> list["Move"]:
        triples = zip(self.axes, self.up, self.down, strict=True)
        return [(_low(axis), _high(axis), scale * up, scale * down) for axis, up, down in triples]


Slices = tuple[slice, ...]
Move = tuple[Slices, Slices, Array, Array]


def _moved(masses: Array, stays: Array, moves: list[Move]) -> Array:
    """The masses P masses after one jump."""
    after = stays * masses
    for low, high, up, down in moves:
        after[high] += up * masses[low]
        after[low] += down * masses[high]
    return after


def _low(axis: int) -> Slices:
    """All cells but the last along an axis."""
    return (slice(None),) * axis + (slice(None, -1),)


def _high(axis: int) -> Slices:
    """All cells but the first along an axis."""
    return (slice(None),) * axis + (slice(1, None),)


def _climbing(rise: Array, temperature: float) -> Array:
    """T B(rise / T), or max(-rise, 0) at T = 0; B as in `Chain.of`."""
    falling = np.maximum(-rise, 0.0)
    if temperature == 0.0:
        return falling
    # B(u) = max(-u, 0) + |u| / (e^|u| - 1), without overflow and without loss near u = 0.
    height = np.abs(rise) / temperature
    safe = np.where(height == 0.0, 1.0, np.minimum(height, 700.0))
    rest: Array = np.where(height == 0.0, 1.0, safe / np.expm1(safe))
    return falling + temperature * rest


def _poisson(mean: float) -> tuple[int, Array]:
    """The first number of jumps with a relevant probability, and the probabilities from there on, with sum one."""
    reach = DEVIATIONS * math.sqrt(mean) + BESIDES
    first = max(int(mean - reach), 0)
    numbers = np.arange(first, int(mean + reach) + 1)
    logs = numbers * math.log(mean) - mean - scipy.special.gammaln(numbers + 1.0)
    weights: Array = np.exp(logs)
    return first, weights / weights.sum()
