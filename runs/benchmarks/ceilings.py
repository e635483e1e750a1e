"""What the machine could do at the most: matrix products, exponentials and memory, measured beside one velocity.

A velocity of tanh neurons with one output takes, per particle and datum, two products with phi, 4 d floating-point
operations, and one with the output weights, 2; one activation; and where sigma is kept in memory, one number written
and one read. The ceiling is the time of each alone, at the speed measured for the same shapes, as if the three could
not overlap.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import torch

from particles.tiles import KEPT_ENTRIES, TILE_ENTRIES

REPEATED = 7


@dataclass(frozen=True)
class Ceilings:
    """Particles, data, inputs; seconds per particle and datum of products, activation and memory traffic."""

    count: int
    data: int
    inputs: int
    products: float
    activation: float
    traffic: float

    @classmethod
    def of(cls, count: int, data: int, inputs: int) -> "Ceilings":
        """Measured on a tile of this size, and traffic on the whole matrix where a cloud is kept."""
        rows = min(max(TILE_ENTRIES // data, 1), count)
        w, phi, z = torch.ones(rows, inputs), torch.ones(data, inputs), torch.ones(rows, data)
        a, slopes = torch.ones(rows, 1), torch.empty(rows, inputs)
        entries = rows * data
        forward = fastest(lambda: torch.mm(w, phi.T, out=z)) + fastest(lambda: torch.mm(z.T, a))
        backward = fastest(lambda: torch.mm(z, phi, out=slopes))
        exponentials = fastest(lambda: torch.sigmoid(z, out=z))
        kept = count * data <= KEPT_ENTRIES
        matrix = torch.zeros(count if kept else 1, data)
        other = matrix.clone()
        traffic = fastest(lambda: other.copy_(matrix)) / matrix.numel() if kept else 0.0
        return cls(count, data, inputs, (forward + backward) / entries, exponentials / entries, traffic)

    @property
    def flop(self) -> float:
        """Floating-point operations of the products: (4 d + 2) m n."""
        return (4.0 * self.inputs + 2.0) * self.count * self.data

    @property
    def bytes(self) -> float:
        """Bytes to and from memory: sigma where it is kept, positions twice, the velocity once; float32."""
        kept = 2.0 * self.count * self.data if self.traffic else 0.0
        return 4.0 * (kept + 3.0 * self.count * self.inputs)

    @property
    def seconds(self) -> float:
        """What the products, one activation and the traffic take one after another."""
        return (self.products + self.activation + self.traffic) * self.count * self.data

    def line(self, taken: float) -> str:
        """What a velocity that took so many seconds reached of it."""
        rate = f"{self.flop / self.products / self.count / self.data / 1e9:.0f} GFLOP/s in products"
        parts = f"{1e9 * self.activation:.2f} ns an activation, {1e9 * self.traffic:.2f} ns of traffic an entry"
        amount = f"{self.flop / 1e9:.2f} GFLOP, {self.bytes / 1e6:.0f} MB"
        return f"{amount}; ceilings: {rate}, {parts}; reached {self.seconds / taken:.0%} of them"


def fastest(work: Callable[[], object]) -> float:
    """Seconds of the fastest of some repetitions, after one to warm up."""
    work()
    taken = []
    for _ in range(REPEATED):
        began = perf_counter()
        work()
        taken.append(perf_counter() - began)
    return min(taken)
