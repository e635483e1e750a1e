"""Propagation of chaos: this module measures how fast clouds of m particles approach their limit.

The user gives a function `make(count, seed)` that returns a cloud of `count` particles, taken from some flow at some
time. Every cloud is made with a seed of its own, because under one seed a law gives clouds of different counts the same
first particles. Distances come with the floor that independent particles have, and with standard errors.
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

#: The seeds of stand-ins begin at this number, far from the seeds of the clouds that are compared with them.
STAND_INS = 10**6


@dataclass(frozen=True)
class Mean:
    """A mean over repetitions, `value`, and its standard error, `error`."""

    value: float
    error: float


@dataclass(frozen=True)
class Slope:
    """An exponent of a power law in the count, `value`, with a confidence interval from `low` to `high`.

    The exponent is negative where a quantity falls with the count: -1/2 for one that is proportional to m^(-1/2).
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class StandIn:
    """Two or more independent clouds of one large count, which stand for the limit of infinitely many particles.

    Made by `stand_in`.
    """

    clouds: tuple[ParticleCloud, ...]

    @property
    def count(self) -> int:
        """The number of particles of each cloud."""
        return self.clouds[0].count

    def estimate(self, observable: Observable) -> Mean:
        """Mean of an observable over the clouds, with its standard error.

        The error does not hold the bias of the observable at this count, which is large but finite. Raises TypeError
        where the observable gives something else than one number.
        """
        values = np.array([_number(observable, cloud) for cloud in self.clouds])
        return Mean(float(values.mean()), float(values.std(ddof=1)) / math.sqrt(len(values)))

    def error(self, parts: Parts = None) -> float:
        """W_2 between the first two clouds A and B, which estimates how far A is from the limit that it stands for.

        In mean square it is an upper bound: E W_2(A, E B)^2 <= E W_2(A, B)^2, because W_2^2 is convex in each measure
        (Villani 2009, theorem 4.8). `parts` selects the coordinates compared, as in `wasserstein`, whose errors this
        raises.
        """
        return float(wasserstein(self.clouds[0], self.clouds[1], parts=parts))


@dataclass(frozen=True, eq=False)
class Approach:
    """Squared distances of clouds from a stand-in, and the same for independent particles; made by `approach`.

    `squares` [counts, repetitions] are W_2^2 between a cloud of each count and the stand-in's first cloud. `floors`, of
    the same shape, are W_2^2 between that cloud and as many particles drawn from the stand-in's other clouds: the
    distance that remains where particles are independent and have the limit as their law. In many dimensions W_2 falls
    as m^(-1/dim) for that reason alone (Fournier and Guillin 2015), so the rate of chaos is read from `excess`.
    Raises ShapeError where squares and floors are not both [counts, repetitions].
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
        """Mean of the squares minus mean of the floors for each count, with the standard error of the difference.

        A small excess may be below zero by chance. Squares and floors share one stand-in; its randomness is common to
        both and is not part of the error.
        """
        repetitions = self.squares.shape[1]
        values = self.squares.mean(axis=1) - self.floors.mean(axis=1)
        variances = self.squares.var(axis=1, ddof=1) + self.floors.var(axis=1, ddof=1)
        errors = np.sqrt(variances / repetitions)
        return tuple(Mean(float(value), float(error)) for value, error in zip(values, errors, strict=True))


def stand_in(make: Maker, count: int, *, clouds: int = 2, seed: int = 0) -> StandIn:
    """Make the independent clouds of a large count that stand for the limit, from seeds kept for stand-ins.

    `clouds` is their number, and `seed` numbers the first of their seeds. Raises ValueError for fewer than two clouds
    and for a seed that is not a non-negative integer, TypeError where `make` returns something else than a cloud.
    """
    if whole(clouds, "The number of clouds") < 2:
        raise ValueError(f"A stand-in of {clouds!r} clouds cannot tell its own error; make two or more.")
    first = STAND_INS + whole(seed, "The seed", least=0)
    return StandIn(tuple(_made(make, count, first + number) for number in range(clouds)))


def sampled(make: Maker, observable: Observable, counts: Sequence[int], repetitions: int, *, seed: int = 0) -> Array:
    """Values [counts, repetitions] of an observable of independent clouds, in float64; every cloud has its own seed.

    Raises ValueError for fewer than two counts or repetitions and for counts that are equal, TypeError where `make`
    returns something else than a cloud or the observable something else than one number.
    """
    _check(counts, repetitions)
    seeds = iter(range(whole(seed, "The seed", least=0), seed + len(counts) * repetitions))
    clouds = ((_made(make, count, next(seeds)) for _ in range(repetitions)) for count in counts)
    return np.array([[_number(observable, cloud) for cloud in row] for row in clouds])


def approach(
    make: Maker, limit: StandIn, counts: Sequence[int], repetitions: int, *, seed: int = 0, parts: Parts = None
) -> Approach:
    """Measure W_2^2 [counts, repetitions] between clouds of each count and the limit's first cloud, and its floor.

    Every distance is exact, with the masses of both clouds. For the floor, particles are drawn without replacement
    from the limit's other clouds in turn, by mass, and get the masses of the cloud that they are compared with. They
    are close to independent where the counts are well below the stand-in's. The floors of different repetitions are
    independent of each other where the stand-in has at least one cloud more than there are repetitions.
    `parts` selects the coordinates compared, as in `wasserstein`.
    Raises ValueError for fewer than two counts or repetitions, for equal counts and for a count above the stand-in's,
    TypeError where `make` returns something else than a cloud, and what `wasserstein` raises.
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
    """Least-squares slope of log statistic(samples) against log count, with a confidence interval.

    `samples` are [counts, repetitions], and the statistic, `deviation` or `root_mean`, reduces their last axis. The
    slope is that of the statistic: -1/2 for fluctuations of size m^(-1/2). Where samples of all counts have one law up
    to its size, the interval holds the right slope with probability `level`, for two repetitions too. For a root mean
    it comes from exchanging samples between counts, `resamples` times (Pitman 1937), for a deviation from Student's law
    and the residuals of the line; see `limits.power_law`.
    Raises ShapeError for samples or a statistic of another shape, ValueError for a level outside (0, 1), for fewer than
    two counts or repetitions, for sizes that are not positive and for a statistic that is not homogeneous, that is, one
    where twice the samples do not give a power of two times the statistic.
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
    """Standard deviation of samples [..., repetitions] over the last axis, with r - 1 in the denominator: [...].

    It measures the size of fluctuations. Raises ShapeError for a single number.
    """
    return np.asarray(_repeated(samples).std(axis=-1, ddof=1))


def root_mean(samples: Array) -> Array:
    """Square root of the mean of samples [..., repetitions] over the last axis: [...].

    Of squared distances it is the distance in mean square. Raises ShapeError for a single number.
    """
    return np.asarray(np.sqrt(_repeated(samples).mean(axis=-1)))


def _repeated(samples: Array) -> Array:
    """The samples; raises ShapeError where they have no axis of repetitions."""
    if samples.ndim == 0:
        raise ShapeError("One number was given for samples, but an array [..., repetitions] is needed.")
    return samples


def _drawn(cloud: ParticleCloud, count: int, seed: int) -> torch.Tensor:
    """Positions [count, dim] of `count` different particles of a cloud, drawn with probabilities given by mass."""
    shares = cloud.masses.double().cpu().numpy()
    chosen = generator(seed, "floor").choice(cloud.count, size=count, replace=False, p=shares / shares.sum())
    return cloud.positions[torch.from_numpy(chosen).to(cloud.device)]


def _made(make: Maker, count: int, seed: int) -> ParticleCloud:
    """The cloud that the user's function returns; raises TypeError for anything else."""
    cloud = make(count, seed)
    if not isinstance(cloud, ParticleCloud):
        raise TypeError(f"make(count, seed) gave {type(cloud).__name__}, but a ParticleCloud is needed; return one.")
    return cloud


def _number(observable: Observable, cloud: ParticleCloud) -> float:
    """The number that the user's observable gives; raises TypeError for anything else."""
    value = observable(cloud)
    if not (isinstance(value, Real) or getattr(value, "shape", None) in ((), (1,))):
        raise TypeError(f"The observable gave {type(value).__name__}, but a number is needed; reduce it to one.")
    return float(value)


def _check(counts: Sequence[int], repetitions: int) -> None:
    """Raise ValueError unless there are two or more different positive counts and two or more repetitions."""
    for count in counts:
        whole(count, "A count")
    if len(counts) < 2 or len(set(counts)) < len(counts) or min(counts) < 1:
        raise ValueError(f"The counts are {list(counts)}, but two or more different positive ones are needed.")
    if whole(repetitions, "The number of repetitions") < 2:
        raise ValueError(f"There are {repetitions!r} repetitions, but two or more are needed for an error.")
