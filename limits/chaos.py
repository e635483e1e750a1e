"""Propagation of chaos: how fast clouds of m particles approach their limit, with floors and errors measured too.

Clouds come from a function `make(count, seed)`; it says which flow and which time. Every cloud gets a seed of its own:
laws give clouds of different counts common particles under one seed.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Real

import numpy as np
import torch
from numpy.typing import NDArray

from limits.power_law import Fit, interval
from limits.transport import wasserstein
from limits.transport.problem import Parts
from particles import ParticleCloud, ShapeError, generator
from particles.arguments.integers import whole
from particles.shapes import Scalar

Array = NDArray[np.float64]
Maker = Callable[[int, int], ParticleCloud]
Observable = Callable[[ParticleCloud], Scalar | float]

#: Seeds of stand-ins begin here, far from those of the clouds compared with them.
STAND_INS = 10**6


@dataclass(frozen=True)
class Mean:
    """A mean over repetitions and its standard error."""

    value: float
    error: float


@dataclass(frozen=True)
class Slope:
    """A power of the count, with a confidence interval from `low` to `high`."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class StandIn:
    """Independent clouds of one large count, two or more, standing for the limit of infinitely many particles."""

    clouds: tuple[ParticleCloud, ...]

    @property
    def count(self) -> int:
        """Particles of each cloud."""
        return self.clouds[0].count

    def estimate(self, observable: Observable) -> Mean:
        """Mean of an observable over the clouds, and its standard error; what the large count leaves is beside it."""
        values = np.array([_number(observable, cloud) for cloud in self.clouds])
        return Mean(float(values.mean()), float(values.std(ddof=1)) / math.sqrt(len(values)))

    def error(self, parts: Parts = None) -> float:
        """W_2 between the first two clouds: how far the first is from the limit it stands for, in mean square at most.

        E W_2(A, E B)^2 <= E W_2(A, B)^2, since W_2^2 is convex in each measure (Villani 2009, theorem 4.8).
        """
        return float(wasserstein(self.clouds[0], self.clouds[1], parts=parts))


@dataclass(frozen=True, eq=False)
class Approach:
    """Squared distances [counts, repetitions] of clouds from a stand-in, and of as many independent particles.

    `floors` are W_2^2 between the stand-in and particles drawn from further ones: what remains of the distance where
    particles are independent with the limit as their law. In many dimensions W_2 falls as m^(-1/dim) for that
    reason alone (Fournier and Guillin 2015); the rate of chaos is in the excess.
    """

    counts: tuple[int, ...]
    squares: Array
    floors: Array

    def __post_init__(self) -> None:
        shapes = np.shape(self.squares), np.shape(self.floors)
        if shapes[0] != shapes[1] or len(shapes[0]) != 2 or shapes[0][0] != len(self.counts):
            raise ShapeError(f"Squares and floors have shapes {shapes}, but both [counts, repetitions] are needed.")

    @property
    def excess(self) -> tuple[Mean, ...]:
        """E W_2^2 - floor for each count, with the standard error of the difference; below zero by chance where small.

        Both share one stand-in, whose own randomness is common to them and not in the error.
        """
        repetitions = self.squares.shape[1]
        values = self.squares.mean(axis=1) - self.floors.mean(axis=1)
        variances = self.squares.var(axis=1, ddof=1) + self.floors.var(axis=1, ddof=1)
        errors = np.sqrt(variances / repetitions)
        return tuple(Mean(float(value), float(error)) for value, error in zip(values, errors, strict=True))


def stand_in(make: Maker, count: int, *, clouds: int = 2, seed: int = 0) -> StandIn:
    """Independent clouds of a large count, from seeds that no cloud compared with them gets."""
    if whole(clouds, "The number of clouds") < 2:
        raise ValueError(f"A stand-in of {clouds!r} clouds cannot tell its own error; make two or more.")
    first = STAND_INS + whole(seed, "The seed", least=0)
    return StandIn(tuple(_made(make, count, first + number) for number in range(clouds)))


def sampled(make: Maker, observable: Observable, counts: Sequence[int], repetitions: int, *, seed: int = 0) -> Array:
    """The observable of independent clouds [counts, repetitions]."""
    _check(counts, repetitions)
    seeds = iter(range(whole(seed, "The seed", least=0), seed + len(counts) * repetitions))
    clouds = ((_made(make, count, next(seeds)) for _ in range(repetitions)) for count in counts)
    return np.array([[_number(observable, cloud) for cloud in row] for row in clouds])


def approach(
    make: Maker, limit: StandIn, counts: Sequence[int], repetitions: int, *, seed: int = 0, parts: Parts = None
) -> Approach:
    """W_2^2 of clouds from the limit's first cloud, beside particles drawn from its other clouds in turn.

    A drawn particle has the law of one particle of the large cloud, and a mass of the cloud it is compared with; for
    the floor to be that of independent particles the counts must be well below the stand-in's. With as many further
    clouds as repetitions the floors are independent of each other. Exact distances.
    """
    _check(counts, repetitions)
    if max(counts) > limit.count:
        raise ValueError(f"Clouds of {max(counts)} particles need a stand-in that is larger than {limit.count}.")
    seeds = iter(range(whole(seed, "The seed", least=0), seed + len(counts) * repetitions))
    squares, floors = np.empty((len(counts), repetitions)), np.empty((len(counts), repetitions))
    for row, count in enumerate(counts):
        for column in range(repetitions):
            number = next(seeds)
            cloud = _made(make, count, number)
            source = limit.clouds[1 + column % (len(limit.clouds) - 1)]
            independent = ParticleCloud(_drawn(source, count, number), cloud.masses)
            squares[row, column] = float(wasserstein(cloud, limit.clouds[0], parts=parts)) ** 2
            floors[row, column] = float(wasserstein(independent, limit.clouds[0], parts=parts)) ** 2
    return Approach(tuple(counts), squares, floors)


def slope(
    counts: Sequence[int],
    samples: Array,
    statistic: Callable[[Array], Array],
    *,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Slope:
    """Least-squares slope of log statistic(samples) against log count, with its interval.

    samples [counts, repetitions]; the statistic, `deviation` or `root_mean`, reduces the last axis. The interval holds
    the right slope with probability `level` also for two repetitions, where samples have one law but for its size: by
    exchanging samples between counts, `resamples` times, for a root mean, and by what the line leaves for a deviation
    (`limits.power_law`). Raises ValueError where a statistic does not grow as a power of the samples.
    """
    if samples.ndim != 2 or samples.shape[0] != len(counts):
        raise ShapeError(f"Samples have shape {samples.shape}, but [counts, repetitions] is needed.")
    if not 0.0 < level < 1.0:
        raise ValueError(f"The level is {level!r}, but a number between 0 and 1 is needed.")
    _check(counts, samples.shape[1])
    resamples = whole(resamples, "The number of resamples")
    if (reduced := np.shape(statistic(samples))) != samples.shape[:1]:
        raise ShapeError(f"The statistic gave shape {reduced}, but it must reduce the last axis of {samples.shape}.")
    fit = Fit(np.log(np.asarray(counts, dtype=np.float64)), samples, statistic)
    low, high = interval(fit, level, resamples, seed)
    return Slope(fit.value, low, high)


def deviation(samples: Array) -> Array:
    """Standard deviation over the last axis: the size of fluctuations."""
    return np.asarray(_repeated(samples).std(axis=-1, ddof=1))


def root_mean(samples: Array) -> Array:
    """Root of the mean over the last axis: the distance that belongs to squared ones."""
    return np.asarray(np.sqrt(_repeated(samples).mean(axis=-1)))


def _repeated(samples: Array) -> Array:
    """Samples with an axis of repetitions, the last one."""
    if samples.ndim == 0:
        raise ShapeError("One number was given for samples, but an array [..., repetitions] is needed.")
    return samples


def _drawn(cloud: ParticleCloud, count: int, seed: int) -> torch.Tensor:
    """Positions of different particles of a cloud, drawn by mass."""
    shares = cloud.masses.double().cpu().numpy()
    chosen = generator(seed, "floor").choice(cloud.count, size=count, replace=False, p=shares / shares.sum())
    return cloud.positions[torch.from_numpy(chosen).to(cloud.device)]


def _made(make: Maker, count: int, seed: int) -> ParticleCloud:
    """A cloud as a user's function makes it."""
    cloud = make(count, seed)
    if not isinstance(cloud, ParticleCloud):
        raise TypeError(f"make(count, seed) gave {type(cloud).__name__}, but a ParticleCloud is needed; return one.")
    return cloud


def _number(observable: Observable, cloud: ParticleCloud) -> float:
    """An observable of one number, as a user's function computes it."""
    value = observable(cloud)
    if not (isinstance(value, Real) or getattr(value, "shape", None) in ((), (1,))):
        raise TypeError(f"The observable gave {type(value).__name__}, but a number is needed; reduce it to one.")
    return float(value)


def _check(counts: Sequence[int], repetitions: int) -> None:
    for count in counts:
        whole(count, "A count")
    if len(counts) < 2 or len(set(counts)) < len(counts) or min(counts) < 1:
        raise ValueError(f"The counts are {list(counts)}, but two or more different positive ones are needed.")
    if whole(repetitions, "The number of repetitions") < 2:
        raise ValueError(f"There are {repetitions!r} repetitions, but two or more are needed for an error.")
