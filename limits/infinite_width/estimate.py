"""The limit of infinitely many trained particles, by multilevel Monte Carlo over widths, with an error bar."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from limits.infinite_width.agreement import check_laws
from limits.infinite_width.allocation import allocated
from limits.infinite_width.coupling import Coupling, Halves, Measured
from limits.infinite_width.drawing import Draw
from limits.infinite_width.measuring import Measuring
from limits.infinite_width.result import InfiniteWidth
from limits.infinite_width.samples import InMemory, Samples
from limits.infinite_width.series import Series, freedom
from limits.infinite_width.values import Level, LimitValue
from particles.arguments.integers import whole
from particles.arguments.reals import number, positive

Array = NDArray[np.float64]
Counts = NDArray[np.int64]
Report = Callable[[float, float], None]

#: So many levels are the fewest: two differences show a decay.
FEWEST = 3
#: The bias that is left may be this part of the tolerance.
SHARE = 0.5
#: The number of samples of a level grows at most by this factor before variances are looked at again.
GROWTH = 4


def infinite_width(
    measured: Measured,
    draw: Draw,
    *,
    quantities: Sequence[str],
    tolerance: float | Mapping[str, float],
    first_width: int = 16,
    widest: int = 4096,
    confidence: float = 0.95,
    coupling: Coupling = Halves(),
    rate: float = 1.0,
    pilot: int = 64,
    budget: float = math.inf,
    cost: Callable[[int], float] = float,
    seed: int = 0,
    report: Report | None = None,
    samples: Samples | None = None,
) -> InfiniteWidth:
    """Estimate quantities of a trained cloud of infinitely many particles, each with a standard error and an interval.

    `measured(clouds)` trains clouds of one width, `Drawn`, and measures them, [clouds, quantities]; `draw(width, seed)`
    draws a cloud. Widths are m_l = first_width 2^l. The limit is the telescoping sum E F(m_0) + sum_l E [F(m_l) -
    F(m_(l-1))] with independent samples of every term, made small by the `coupling` (Heinrich 2001; Giles 2008), plus
    the rest of the series by Richardson extrapolation at the `rate` r of E F(m) = F + c m^(-r) + ...: one where F is
    smooth in the measure and masses are equal. Every term has a pilot of samples, then as many as give the standard
    error `tolerance` (one number, or one for each quantity by name) at the least cost. Levels are added until the bias
    that is left is below half the tolerance.
    With a coupling whose variance falls as m^(-2) the cost, in particles, is proportional to tolerance^(-2). Where
    fluctuations are Sigma / m, one cloud of Sigma / tolerance^2 particles costs as much to that order; what is gained
    is the error bar, the bias, and clouds that are small. Where the limit is random, as under NTK scaling with a random
    start, one cloud says nothing, and averages of clouds wide enough for the bias cost tolerance^(-3). Draws by
    scrambled Sobol points, with a `first_width` that is a power of two, cost less than one random cloud where particles
    have few coordinates; their finite-width law is not that of random clouds.

    Intervals of level `confidence` are Student's, with the standard error and the bias in quadrature. The verdict is
    "not converged" where the bias is too large at width `widest`, where the differences of levels do not decay, or
    where the `budget` is spent; it is in units of `cost(width)`, the cost of one cloud, which by default is its number
    of particles. The pilots are made whatever the budget is. Every sample has a seed that depends on `seed`, its level
    and its number, so the result is the same wherever and in whatever batches it is made. `samples` keeps what was
    measured: with the same object or file an estimate that was stopped goes on, and one with a smaller tolerance begins
    with what there is. `report(done, total)` is told the cost so far and the planned one.

    Raises ValueError for numbers out of range, for values that are not finite, and where coarse clouds do not have the
    mean of fine clouds of their width, so that the coupling does not fit the law; TypeError and ShapeError where
    `measured` or `draw` give something else than asked for.
    """
    begun = time.perf_counter()
    names = tuple(quantities)
    measuring = Measuring(
        measured,
        draw,
        names,
        whole(first_width, "The first width"),
        coupling,
        cost,
        whole(seed, "The seed", least=0),
        InMemory() if samples is None else samples,
    )
    estimate = _Estimate(
        measuring,
        _tolerances(names, tolerance),
        whole(widest, "The widest width", least=measuring.width(FEWEST - 1)),
        _confidence(confidence),
        positive(rate, "The rate"),
        whole(pilot, "The number of pilot samples", least=8),
        _budget(budget),
        report,
    )
    return replace(estimate.made(), seconds=time.perf_counter() - begun)


@dataclass(frozen=True, eq=False)
class _Estimate:
    """An estimate under way: `counts`, the number of samples of each level, pass from step to step."""

    measuring: Measuring
    tolerance: Array
    widest: int
    confidence: float
    rate: float
    pilot: int
    budget: float
    report: Report | None

    def made(self) -> InfiniteWidth:
        """Go on until the standard errors and the biases are small enough, or until it is known that they will not."""
        counts = wanted = np.full(FEWEST, self.pilot)
        while True:
            values = self._values(counts, wanted)
            series = self._series(values)
            wanted = np.maximum(counts, self._wanted(series))
            large = bool((series.bias(self.tolerance) > SHARE * self.tolerance).any())
            enough = bool((wanted == counts).all())
            if enough and large and self.measuring.width(len(counts)) <= self.widest:
                counts, wanted = np.append(counts, self.pilot), np.append(wanted, self.pilot)
            elif enough:
                return self._result(values, series, self._narrow(series) if large else None)
            else:
                grown = self._affordable(counts, np.minimum(wanted, GROWTH * counts))
                if (grown == counts).all():
                    return self._result(values, series, self._spent(series, wanted))
                counts = grown

    def _values(self, counts: Counts, planned: Counts) -> list[tuple[Array, Array]]:
        """Fine and coarse values of every level, checked against those of the level below."""
        values: list[tuple[Array, Array]] = []
        for level, count in enumerate(counts):
            values.append(self.measuring.values(level, int(count), partial(self._tell, planned)))
            if level:
                width = self.measuring.width(level - 1)
                check_laws(values[-2][0], values[-1][1], width, self.measuring.quantities, self.tolerance)
        return values

    def _tell(self, planned: Counts) -> None:
        """Report the cost of the samples that there are, and of those that are planned."""
        if self.report is not None:
            have = [min(self.measuring.have.get(level, 0), int(count)) for level, count in enumerate(planned)]
            prices = self._prices(len(planned))
            self.report(float(prices @ have), float(prices @ planned))

    def _series(self, values: list[tuple[Array, Array]]) -> Series:
        samples = [differences(*pair) for pair in values]
        return Series(
            np.array([one.mean(axis=0) for one in samples]),
            np.array([one.var(axis=0, ddof=1) for one in samples]),
            np.array([len(one) for one in samples]),
            np.array([freedom(one) for one in samples]),
            self.rate,
        )

    def _prices(self, levels: int) -> Array:
        """The costs of one sample of each level [levels]."""
        return np.array([self.measuring.price(level) for level in range(levels)])

    def _wanted(self, series: Series) -> Counts:
        """The numbers of samples [levels] at which every standard error is what is asked for.

        Variances are taken one standard error too large: sampling that stops as soon as a variance seems small enough
        stops too early where it came out small by chance, and with it the error that is said.
        """
        likely = series.variances * (1.0 + 2.0 * np.sqrt(2.0 / series.freedoms))
        weighted = series.weights[:, None] ** 2 * likely
        return allocated(weighted, self._prices(len(weighted)), self.tolerance)

    def _affordable(self, counts: Counts, wanted: Counts) -> Counts:
        """The numbers of samples on the way to those wanted that the budget allows."""
        prices = self._prices(len(counts))
        missing = wanted - counts
        left = self.budget - float(prices @ counts)
        part = min(1.0, max(0.0, left / float(prices @ missing)))
        return np.asarray(counts + np.floor(part * missing), dtype=np.int64)

    def _result(self, values: list[tuple[Array, Array]], series: Series, reason: str | None) -> InfiniteWidth:
        """The result so far; a reason why it has not converged, or None."""
        costs = self._prices(len(values)) * series.counts
        levels = tuple(
            Level(self.measuring.width(level), int(count), mean, variance, float(cost))
            for level, (count, mean, variance, cost) in enumerate(
                zip(series.counts, series.means, series.variances, costs, strict=True)
            )
        )
        good = f"The standard error and bias of every quantity are small enough with widths up to {levels[-1].width}."
        return InfiniteWidth(
            self._limits(series),
            "converged" if reason is None else "not converged",
            good if reason is None else reason,
            levels,
            float(costs.sum()),
            0.0,
            self.confidence,
            tuple(fine for fine, _ in values),
        )

    def _limits(self, series: Series) -> tuple[LimitValue, ...]:
        """The quantities with their intervals."""
        bias = series.bias(self.tolerance)
        half = series.half(self.confidence, self.tolerance)
        numbers = np.stack([series.value, series.value - half, series.value + half], axis=1).tolist()
        errors = np.stack([series.standard_error, bias], axis=1).tolist()
        rows = zip(numbers, self.measuring.quantities, errors, series.rates(self.confidence), strict=True)
        return tuple(
            LimitValue(value, low, high, name, error, left, rate)
            for (value, low, high), name, (error, left), rate in rows
        )

    def _narrow(self, series: Series) -> str:
        """Why the widest clouds are not wide enough, for the quantity with the worst bias."""
        bias = series.bias(self.tolerance)
        worst = int(np.argmax(bias / self.tolerance))
        name, rate = self.measuring.quantities[worst], series.rates(self.confidence)[worst]
        measured = f"the measured rate is {rate.value:.2g} ({rate.low:.2g} to {rate.high:.2g})"
        width = self.measuring.width(len(series.means) - 1)
        if math.isinf(bias[worst]):
            return (
                f'The differences of "{name}" do not decay up to width {width}: {measured}, {self.rate:g} is assumed.'
            )
        return (
            f'"{name}" may have a bias of {bias[worst]:.2g} left at width {width}, the widest allowed, and should have '
            f"at most {SHARE * self.tolerance[worst]:.2g}; {measured}, {self.rate:g} is assumed."
        )

    def _spent(self, series: Series, wanted: Counts) -> str:
        """Why the budget is not enough, for the quantity with the worst standard error."""
        worst = int(np.argmax(series.standard_error / self.tolerance))
        return (
            f"The budget of {self.budget:g} is spent where the standard error of "
            f'"{self.measuring.quantities[worst]}" is {series.standard_error[worst]:.2g}; {self.tolerance[worst]:.2g} '
            f"costs about {float(self._prices(len(wanted)) @ wanted):.2g}."
        )


def differences(fine: Array, coarse: Array) -> Array:
    """The samples of a level [samples, quantities]: the mean over fine clouds minus that over coarse ones, if any."""
    means = fine.mean(axis=1)
    return np.asarray(means - coarse.mean(axis=1) if coarse.shape[1] else means)


def _tolerances(names: tuple[str, ...], tolerance: float | Mapping[str, float]) -> Array:
    """The tolerances [quantities]; raises ValueError unless there is a positive one for each of different names."""
    if not names or len(set(names)) < len(names):
        raise ValueError(f"The quantities are {list(names)}, but one or more different names are needed.")
    if not isinstance(tolerance, Mapping):
        return np.full(len(names), positive(tolerance, "The tolerance"))
    if set(tolerance) != set(names):
        raise ValueError(f"There are tolerances for {list(tolerance)}, but the quantities are {list(names)}.")
    return np.array([positive(tolerance[name], f'The tolerance of "{name}"') for name in names])


def _confidence(value: float) -> float:
    """The level of confidence; raises ValueError outside (0, 1)."""
    if not 0.0 < number(value) < 1.0:
        raise ValueError(f"The confidence is {value!r}, but a number between 0 and 1 is needed.")
    return number(value)


def _budget(value: float) -> float:
    """The budget, which may be infinite; raises ValueError unless it is positive."""
    if not number(value) > 0.0:
        raise ValueError(f"The budget is {value!r}, but a positive number is needed.")
    return number(value)
