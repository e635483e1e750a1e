"""Distances between clouds: exact ones beside direct calls of POT, and how often error bars cover a known distance.

Run as `python -m runs.benchmarks.transport_distances`; 4000 and 8000 particles take minutes and 4 GiB.
"""

import importlib
import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import torch

from limits.transport import Transport, transport
from particles import ParticleCloud, generator

DIM = 10
#: The library behind the exact solver, which is called here as its documentation says.
PEER = "ot"
#: Numbers of pivots: more than any problem of these sizes needs, and the peer's default.
HUGE, DEFAULT = 10**9, 10**5
#: Half the length of a 95 % interval, in standard errors.
TWO_SIDED = 1.96


@dataclass(frozen=True)
class Exact:
    """The result at one size: our distance and gap, the peer's with many and with default pivots, and seconds."""

    count: int
    ours: float
    gap: float
    peer: float
    default: float
    seconds: tuple[float, float, float]

    @property
    def line(self) -> str:
        """One line of the table, with the error of the peer's default in percent."""
        wrong = 100.0 * (self.default / self.peer - 1.0)
        times = "".join(f"{seconds:8.1f}" for seconds in self.seconds)
        difference = self.ours - self.peer
        shown = f"{self.count:6}{self.ours:14.9f}{difference:+10.1e}{self.gap:10.1e}{self.default:10.5f}"
        return f"{shown}{wrong:+8.2f}{times}"


@dataclass(frozen=True)
class Coverage:
    """The number of intervals of 1.96 standard errors that hold the known distance."""

    method: str
    count: int
    repetitions: int
    covered: int
    truth: float
    mean: float
    error: float
    seconds: float

    @property
    def line(self) -> str:
        """One line of the table: estimates beside the truth, and seconds for one distance."""
        shown = f"{self.method:10}{self.count:8}{self.covered:6} of {self.repetitions:<4}{self.truth:10.5f}"
        return f"{shown}{self.mean:10.5f}{self.error:10.5f}{self.seconds:8.2f}"


def drawn(
    count: int, stream: str, seed: int, *, shift: float = 0.0, scale: float = 1.0, dim: int = DIM
) -> ParticleCloud:
    """A cloud of particles from N(shift e_1, scale^2 I) with equal masses."""
    positions = scale * torch.from_numpy(generator(seed, stream).standard_normal((count, dim)))
    positions[:, 0] += shift
    return ParticleCloud(positions)


def weighted(cloud: ParticleCloud, stream: str, seed: int) -> ParticleCloud:
    """The cloud with random masses, proportional to uniform numbers."""
    values = torch.from_numpy(generator(seed, stream).random(cloud.count))
    return cloud.reweighted(values / values.sum())


def exact(count: int, seed: int = 0) -> Exact:
    """The distances of two standard normal clouds with random masses, whose means have distance 1."""
    first = weighted(drawn(count, "first", seed), "first masses", seed)
    second = weighted(drawn(count, "second", seed, shift=1.0), "second masses", seed)
    found = transport(first, second, method="simplex")
    (peer, slow), (default, fast) = (_peer(first, second, cap) for cap in (HUGE, DEFAULT))
    gap = math.nan if found.gap is None else found.gap
    return Exact(count, float(found.distance), gap, peer, default, (found.seconds, slow, fast))


def _peer(first: ParticleCloud, second: ParticleCloud, cap: int) -> tuple[float, float]:
    """The peer's W_2 and its seconds; its warnings are ignored, as users overlook them in a long log."""
    library = importlib.import_module(PEER)
    began = perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cost = library.dist(first.positions.numpy(), second.positions.numpy())
        square = library.emd2(first.masses.numpy(), second.masses.numpy(), cost, numItermax=cap)
    return math.sqrt(float(square)), perf_counter() - began


def sliced(count: int, seed: int) -> tuple[Transport, float]:
    """The sliced distance of N(0, I) and N(2 e_1, 1.5^2 I) in five dimensions, and its truth: SW_2^2 = 4/5 + 1/4."""
    first = drawn(count, "first", seed, dim=5)
    second = drawn(count, "second", seed, shift=2.0, scale=1.5, dim=5)
    return transport(first, second, method="sliced", projections=50, seed=seed), math.sqrt(1.05)


def debiased(count: int, seed: int) -> tuple[Transport, float]:
    """The divergence of N(0, I) and N(e_1, I) in two dimensions, and its truth: W_2^2 = 1 at any temperature."""
    first = drawn(count, "first", seed, dim=2)
    second = drawn(count, "second", seed, shift=1.0, dim=2)
    return transport(first, second, method="debiased"), 1.0


def coverage(
    method: str, count: int, repetitions: int, draw: Callable[[int, int], tuple[Transport, float]]
) -> Coverage:
    """Repeat a method with other particles and projections, and count the intervals that hold the truth."""
    found = [draw(count, seed) for seed in range(repetitions)]
    distances = np.array([float(result.distance) for result, _ in found])
    errors = np.array([result.standard_error or 0.0 for result, _ in found])
    truth = found[0][1]
    covered = int((np.abs(distances - truth) <= TWO_SIDED * errors).sum())
    seconds = sum(result.seconds for result, _ in found) / repetitions
    return Coverage(method, count, repetitions, covered, truth, float(distances.mean()), float(errors.mean()), seconds)


@dataclass(frozen=True)
class Scale:
    """The counts of the exact table, and the counts and repetitions of the tables of error bars."""

    exact: Sequence[int] = (2000, 4000, 8000)
    sliced: tuple[int, int] = (100_000, 100)
    debiased: Sequence[tuple[int, int]] = ((1000, 100), (20_000, 2))


def main(scale: Scale = Scale()) -> tuple[list[Exact], list[Coverage]]:
    """Measure everything and print the tables."""
    print(f"random masses, {DIM} dimensions, {torch.get_num_threads()} thread(s)")
    print(" count          ours     -peer       gap   default     in %    ours    peer default (s)")
    rows = []
    for count in scale.exact:
        rows.append(exact(count))
        print(rows[-1].line, flush=True)
    print("method       count   covered        truth      mean  st.error       s")
    covered = [coverage("sliced", *scale.sliced, sliced)]
    print(covered[-1].line, flush=True)
    for count, repetitions in scale.debiased:
        covered.append(coverage("debiased", count, repetitions, debiased))
        print(covered[-1].line, flush=True)
    return rows, covered


if __name__ == "__main__":
    main()
