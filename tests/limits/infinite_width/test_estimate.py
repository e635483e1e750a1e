"""The limit from levels: coverage, cost, verdicts and going on, on functionals whose limit is known."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from flows import RK4, GradientFlow, evolve_all
from limits import Coupled, Drawn, GaussianFlow, Halves, InfiniteWidth, InMemory, Nested, infinite_width
from limits.infinite_width.series import Series
from particles import (
    Dataset,
    Ensemble,
    GaussianLaw,
    Identity,
    Linear,
    MeanField,
    ParticleCloud,
    Perceptron,
    Risk,
    Squared,
    masses,
)
from tests.limits.infinite_width.toys import LIMITS, NAMES, Known, never, normal, of_means
from tests.problems import numbers
from tests.tolerances import Z


def known(seed: int, tolerance: float, first_width: int = 16, **changed: Any) -> InfiniteWidth:
    """An estimate from known samples."""
    samples = Known(
        seed, first_width, **{key: changed.pop(key) for key in ("independent", "counts", "of") if key in changed}
    )
    return infinite_width(
        never, normal, quantities=NAMES, tolerance=tolerance, first_width=first_width, samples=samples, **changed
    )


def coverage(estimates: Sequence[InfiniteWidth]) -> np.ndarray:
    """The share of intervals [quantities] that hold the limit."""
    return np.mean(
        [
            [value.low <= limit <= value.high for value, limit in zip(one.values, LIMITS, strict=True)]
            for one in estimates
        ],
        axis=0,
    )


@pytest.mark.validation
@pytest.mark.parametrize(("tolerance", "independent"), [(0.05, False), (0.02, False), (0.01, False), (0.05, True)])
def test_intervals_cover(tolerance: float, independent: bool) -> None:
    """Assert that intervals hold the limit in 95 of 100 of 400 estimates, for halves and for independent clouds.

    The binomial standard error is 1.1 of 100; the mean over three correlated quantities is no more certain.
    """
    counts = (2**15, 2**15) if independent else (2**15, 2**12)
    found = [known(seed, tolerance, independent=independent, counts=counts) for seed in range(400)]
    assert 0.93 < coverage(found).mean() < 0.97
    assert all(one.converged for one in found)
    assert all(value.standard_error <= tolerance for one in found for value in one.values)


def test_intervals_cover_for_everyone() -> None:
    """Assert that of 60 estimates no more miss than chance allows, and that errors are of the size they say."""
    found = [known(seed, 0.05, counts=(2**11, 2**9)) for seed in range(60)]
    assert coverage(found).min() > 0.95 - Z * math.sqrt(0.05 * 0.95 / 60)
    errors = np.array([[value.value for value in one.values] for one in found]) - LIMITS
    said = np.array([[value.standard_error for value in one.values] for one in found])
    assert 0.75 < np.sqrt((errors**2).mean() / (said**2).mean()) < 1.35
    assert np.abs(errors.mean(axis=0)).max() < Z * 0.05 / math.sqrt(60.0)


def test_the_variance_of_halves_falls_with_the_square_of_the_width() -> None:
    """Assert that the exponent is -2 for halves, and -1 for independent coarse clouds, the planted coupling."""
    exponents = []
    for independent in (False, True):
        levels = known(0, 0.05, pilot=2**12, independent=independent, counts=(2**14, 2**12), budget=1.0).levels
        exponents.append(math.log2(levels[2].variance[1] / levels[1].variance[1]))
    assert exponents == pytest.approx([-2.0, -1.0], abs=0.2)


def test_cost_grows_with_the_square_of_accuracy() -> None:
    """Assert that the cost is proportional to tolerance^(-2) for halves, over a factor of four in tolerance."""
    tolerances = (0.008, 0.004, 0.002)
    costs = [known(1, tolerance, counts=(2**17, 2**14)).cost for tolerance in tolerances]
    slope = np.polyfit(np.log(tolerances), np.log(costs), 1)[0]
    assert slope == pytest.approx(-2.0, abs=0.15)


class Strangers:
    """A planted coupling: coarse clouds of particles of their own."""

    def lowest(self, draw: Callable[[int, int], ParticleCloud], width: int, seed: int) -> Coupled:
        """One cloud."""
        return Halves().lowest(draw, width, seed)

    def coupled(self, draw: Callable[[int, int], ParticleCloud], width: int, seed: int) -> Coupled:
        """A cloud and another of half its width."""
        return Coupled((Drawn(draw(width, seed), seed),), (Drawn(draw(width // 2, seed + 1), seed + 1),))


def test_another_coupling_costs_more_and_gives_the_same() -> None:
    """Assert that any coupling of clouds of the right law estimates the same limit, at a higher cost."""
    near, far = (
        infinite_width(of_means, normal, quantities=NAMES, tolerance=0.2, first_width=4, coupling=coupling)
        for coupling in (Halves(), Strangers())
    )
    for one, other in zip(near.values, far.values, strict=True):
        error = math.hypot(one.standard_error, other.standard_error, one.bias, other.bias)
        assert abs(one.value - other.value) < Z * error
    assert far.cost > 1.5 * near.cost


def test_a_coupling_that_does_not_fit_the_masses_is_refused() -> None:
    """Assert that halves of asymmetrical clouds, which have other masses than clouds of m, are found out."""

    def draw(width: int, seed: int) -> ParticleCloud:
        return normal(width, seed).reweighted(masses.asymmetrical(width, 0.3, 0.6))

    ask: dict[str, Any] = {"quantities": NAMES, "tolerance": 0.05, "pilot": 200, "rate": 0.66}
    with pytest.raises(ValueError, match=r"the coupling does not fit the law; take Nested\(\)"):
        infinite_width(of_means, draw, **ask)
    found = infinite_width(of_means, draw, coupling=Nested(0.6), **ask)
    assert not found.finite_width.falls("exponential")
    law = found.law("exponential")
    assert law.quantile(0.1).high < law.quantile(0.5).low < law.quantile(0.9).low


def steep(tolerance: float, widest: int) -> InfiniteWidth:
    """An estimate of exp(2 x), of which E F = exp(1 + 2 / m), from four particles on."""
    samples = Known(0, 4, counts=(2**19, 2**17), of=lambda means: np.exp(2.0 * means)[..., None])
    return infinite_width(
        never, normal, quantities=["steep"], tolerance=tolerance, first_width=4, widest=widest, samples=samples
    )


def test_a_bias_that_is_left_is_in_the_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that clouds that are too narrow do not converge but hold the limit, and miss it without their bias."""
    found = steep(0.015, 16)
    value = found["steep"]
    assert found.verdict == "not converged"
    assert found.reason.startswith('"steep" may have a bias of')
    assert "left at width 16, the widest allowed" in found.reason
    assert value.low < math.e < value.high
    monkeypatch.setattr(Series, "bias", lambda self, tolerance: 0.0 * tolerance)
    silent = steep(0.015, 16)
    assert silent.converged
    assert not silent["steep"].low < math.e < silent["steep"].high


def test_levels_are_added_until_the_bias_is_small() -> None:
    """Assert that a smaller tolerance needs wider clouds where the expansion is slow to set in."""
    loose, sharp = steep(0.1, 256), steep(0.015, 256)
    assert len(loose.levels) == 3 < len(sharp.levels)
    assert sharp.converged
    assert sharp["steep"].low < math.e < sharp["steep"].high


def test_a_mean_that_grows_does_not_converge() -> None:
    """Assert that means growing like log m have an infinite bias, and that the sentence says what was measured."""

    def growing(clouds: Sequence[Drawn]) -> Tensor:
        return torch.tensor([[math.log(one.cloud.count) + 0.01 * float(one.cloud.positions[0, 0])] for one in clouds])

    found = infinite_width(growing, normal, quantities=["log"], tolerance=0.01, first_width=2, widest=16)
    assert (found.verdict, found["log"].bias) == ("not converged", math.inf)
    assert found.reason.startswith('The differences of "log" do not decay up to width 16: the measured rate is')


def test_a_budget_ends_the_estimate() -> None:
    """Assert that no more is spent, and what the tolerance would cost is said."""
    found = known(0, 0.002, budget=50_000.0)
    assert 40_000.0 < found.cost <= 50_000.0
    assert found.reason.startswith("The budget of 50000 is spent where the standard error of")
    assert coverage([found]).all()
    assert not found.converged


def test_constants_are_exact() -> None:
    """Assert that a quantity that is the same for all clouds, but for rounding, has its value and no error."""

    def constant(clouds: Sequence[Drawn]) -> Tensor:
        return torch.stack([torch.stack([one.cloud.masses.sum() / 3.0, one.cloud.positions.mean()]) for one in clouds])

    found = infinite_width(constant, normal, quantities=["total", "mean"], tolerance=0.1)
    assert found.converged
    assert found["total"].value == pytest.approx(1.0 / 3.0, rel=1e-14)
    assert found["total"].high - found["total"].low < 1e-12


def test_a_killed_estimate_goes_on_with_the_same_numbers() -> None:
    """Assert that an estimate stopped in the middle gives the bits of one that was not, and measures only the rest."""
    ask: dict[str, Any] = {"quantities": NAMES, "tolerance": 0.1, "first_width": 4, "seed": 7}
    whole = infinite_width(of_means, normal, **ask)
    samples, trained = InMemory(), [0]

    def dying(clouds: Sequence[Drawn]) -> Tensor:
        trained[0] += sum(one.cloud.count for one in clouds)
        if trained[0] > 0.6 * whole.cost:
            raise KeyboardInterrupt("killed")
        return of_means(clouds)

    with pytest.raises(KeyboardInterrupt, match="killed"):
        infinite_width(dying, normal, samples=samples, **ask)
    trained[0] = -math.inf  # type: ignore[call-overload]
    rest = [0]

    def going_on(clouds: Sequence[Drawn]) -> Tensor:
        rest[0] += sum(one.cloud.count for one in clouds)
        return of_means(clouds)

    again = infinite_width(going_on, normal, samples=samples, **ask)
    assert again.values == whole.values
    assert [level.samples for level in again.levels] == [level.samples for level in whole.levels]
    assert rest[0] < whole.cost


def test_reports_rise_to_the_planned_cost() -> None:
    """Assert that the cost done rises up to the total, which ends as the cost of the result."""
    told: list[tuple[float, float]] = []
    found = infinite_width(
        of_means, normal, quantities=NAMES, tolerance=0.1, first_width=4, report=lambda *pair: told.append(pair)
    )
    done = [one for one, _ in told]
    assert done == sorted(done)
    assert told[-1] == (found.cost, found.cost)
    assert found.seconds > 0.0


def test_tolerances_are_of_quantities() -> None:
    """Assert that each quantity reaches its own, and that a loose one costs less."""
    mixed = {"square": 0.05, "exponential": 1.0, "cube": 1.0}
    found = [known(0, tolerance) for tolerance in (mixed, 0.05)]  # type: ignore[arg-type]
    assert found[0]["square"].standard_error <= 0.05
    assert found[0].cost < found[1].cost


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"quantities": []}, r"quantities are \[\], but one or more different names"),
        ({"quantities": ["a", "a"]}, r"quantities are \['a', 'a'\], but one or more different names"),
        ({"tolerance": {"a": 0.1}}, r"tolerances for \['a'\], but the quantities are \['square'"),
        ({"tolerance": 0.0}, r"The tolerance is 0.0, but a positive finite number"),
        ({"widest": 32}, r"The widest width is 32, but an integer of at least 64"),
        ({"confidence": 1.0}, r"The confidence is 1.0, but a number between 0 and 1"),
        ({"budget": 0.0}, r"The budget is 0.0, but a positive number"),
        ({"rate": 0.0}, r"The rate is 0.0, but a positive finite number"),
        ({"pilot": 4}, r"The number of pilot samples is 4, but an integer of at least 8"),
    ],
)
def test_refusals(changed: dict[str, Any], sentence: str) -> None:
    """Assert that numbers out of range are refused at the door, before anything is drawn."""
    with pytest.raises(ValueError, match=sentence):
        infinite_width(never, normal, **{"quantities": NAMES, "tolerance": 0.1, **changed})


def test_linear_neurons_have_the_limit_of_gaussian_flow() -> None:
    """Assert that trained outputs of linear neurons are those of `GaussianFlow`, and that one wide cloud is not it."""
    neuron = Perceptron(Linear(), Identity(2), trained="both")
    risk = Risk(neuron, MeanField(), Squared(), Dataset(2.0 * numbers(1, 5, 2), numbers(2, 5, 1)))
    law = GaussianLaw(neuron)

    def measured(clouds: Sequence[Drawn]) -> Tensor:
        ends = evolve_all(GradientFlow(risk), Ensemble.of([one.cloud for one in clouds]), RK4(), until=2.0, step=0.1)
        return torch.stack([risk.predictions(end)[:2, 0] for end in ends])

    found = infinite_width(
        measured,
        lambda width, seed: law.sample(masses=masses.uniform(width), seed=seed),
        quantities=["first", "second"],
        tolerance=0.005,
    )
    limit = GaussianFlow(risk, law).predictions(2.0)[:2, 0].tolist()
    assert found.converged
    for value, truth in zip(found.values, limit, strict=True):
        assert value.standard_error <= 0.005
        assert abs(value.value - truth) < Z * value.standard_error
    assert min(abs(mean - truth) for mean, truth in zip(found.levels[0].mean, limit, strict=True)) > 0.004
