"""Masses are the formulas of their docstrings, or normalised draws of the law they name, from the seed alone."""

import math
from collections.abc import Callable

import pytest
import torch
from scipy import special, stats
from torch import Tensor

from particles import MassError, masses
from tests.draws import uniforms, untouched_generators
from tests.tolerances import Z, assert_identical, z_score

Draw = Callable[[int, int], Tensor]

#: Laws of random masses, as functions of (count, seed).
RANDOM: dict[str, Draw] = {
    "stable-0.3": lambda count, seed: masses.stable(count, 0.3, seed=seed),
    "stable-0.7": lambda count, seed: masses.stable(count, 0.7, seed=seed),
    "gamma": lambda count, seed: masses.generalised_gamma(count, 0.4, 1.5, seed=seed),
    "beta": lambda count, seed: masses.beta(count, 0.3, 2.0, seed=seed),
    "horseshoe": lambda count, seed: masses.horseshoe(count, seed=seed),
}
FIXED: dict[str, Callable[[int], Tensor]] = {
    "uniform": masses.uniform,
    "zipf": lambda count: masses.zipf(count, 0.4),
    "asymmetrical": lambda count: masses.asymmetrical(count, 0.5, 0.7),
    "paired": lambda count: masses.paired(masses.zipf(count, 0.5)),
    "from_values": lambda count: masses.from_values(uniforms(count, seed=1)),
}
MANY = 200_000

random_law = pytest.mark.parametrize("draw", RANDOM.values(), ids=RANDOM.keys())


def assert_probabilities(lam: Tensor) -> None:
    """Float64, non-negative, sum one."""
    assert lam.dtype == torch.float64
    assert bool((lam >= 0.0).all())
    assert_identical(lam.sum(), torch.ones((), dtype=torch.float64))


@pytest.mark.parametrize("make", FIXED.values(), ids=FIXED.keys())
@pytest.mark.parametrize("count", [1, 2, 1000])
def test_masses_are_probabilities(make: Callable[[int], Tensor], count: int) -> None:
    """Assert that formulas give non-negative float64 masses that sum to one, one per particle."""
    lam = make(count)
    assert len(lam) == (2 * count if make is FIXED["paired"] else count)
    assert_probabilities(lam)


@random_law
def test_random_masses_are_probabilities(draw: Draw) -> None:
    """Assert that draws are positive and normalised: scipy's stable draws of index below one stay above zero."""
    lam = draw(MANY, 0)
    assert_probabilities(lam)
    assert bool((lam > 0.0).all())


@random_law
def test_random_masses_belong_to_the_seed(draw: Draw) -> None:
    """Assert that a seed gives the same masses again, another seed others, and no global generator is touched."""
    with untouched_generators():
        first, again, other = draw(50, 1), draw(50, 1), draw(50, 2)
    assert torch.equal(first, again)
    assert not bool((first == other).any())


def test_uniform_masses_are_one_over_count() -> None:
    """Assert that every mass is the float nearest to 1/m."""
    assert masses.uniform(7).tolist() == [1.0 / 7.0] * 7


@pytest.mark.parametrize("alpha", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("gamma", [0.0, 0.2, 0.5])
def test_asymmetrical_masses_are_the_formula_entry_by_entry(gamma: float, alpha: float) -> None:
    """Assert that lambda_j = gamma/m + (1 - gamma) j^(-1/alpha) / sum_k k^(-1/alpha), j from 1, in plain arithmetic."""
    count = 20
    total = math.fsum(k ** (-1.0 / alpha) for k in range(1, count + 1))
    expected = [gamma / count + (1.0 - gamma) * j ** (-1.0 / alpha) / total for j in range(1, count + 1)]
    lam = masses.asymmetrical(count, gamma, alpha)
    assert lam.tolist() == pytest.approx(expected, rel=20 * torch.finfo(torch.float64).eps, abs=0.0)


def test_asymmetry_has_its_ends() -> None:
    """Assert that gamma = 1 is equal masses with any alpha or none, and gamma = 0 is Zipf."""
    for alpha in (None, 0.5):
        assert torch.equal(masses.asymmetrical(9, 1.0, alpha), masses.uniform(9))
    assert torch.equal(masses.asymmetrical(9, 0.0, 0.4), masses.zipf(9, 0.4))


#: Index alpha and sum of squared Zipf masses in the limit of many particles, as published (Caron et al. 2023, Fig. 5).
PUBLISHED = [(0.2, 0.931), (0.3, 0.768), (0.4, 0.576), (0.5, 0.400), (0.6, 0.254), (0.7, 0.143)]


@pytest.mark.parametrize(("alpha", "published"), PUBLISHED)
def test_sum_of_squared_zipf_masses_is_the_published_constant(alpha: float, published: float) -> None:
    """Assert that it is zeta(2/alpha) / zeta(1/alpha)^2, within half a unit of the last printed digit and the tail."""
    count, power = 1_000_000, 1.0 / alpha
    tail = count ** (1.0 - power) / (power - 1.0)  # bounds sum_{j > m} j^(-1/alpha), an integral
    measured = float(masses.zipf(count, alpha).square().sum())
    bound = 0.0005 + 2.0 * published * tail / float(special.zeta(power))
    assert bound < 1.2e-3
    assert abs(measured - published) < bound


@pytest.mark.parametrize("alpha", [0.2, 0.4, 0.5, 0.7, 0.8, 0.9])
def test_sums_of_zipf_masses_are_zeta_functions(alpha: float) -> None:
    """Assert that finite sums are differences of Hurwitz zeta functions, to rounding, for every index."""
    count, lam = 10_000, masses.zipf(10_000, alpha)

    def partial(power: float) -> float:
        return float(special.zeta(power, 1.0) - special.zeta(power, count + 1.0))

    expected = partial(2.0 / alpha) / partial(1.0 / alpha) ** 2
    assert float(lam.square().sum()) == pytest.approx(expected, rel=1e4 * torch.finfo(torch.float64).eps)


def test_half_is_exactly_two_fifths() -> None:
    """Assert that for alpha = 1/2 the sum of squares tends to zeta(4)/zeta(2)^2 = 2/5, the tail being 1/m."""
    count = 100_000
    gap = float(masses.zipf(count, 0.5).square().sum()) - 0.4
    # zeta(2) loses its tail 1/m: 2/5 (1 + 2 / (m zeta(2))), with corrections of order 1/m^2.
    assert abs(gap - 0.8 / (count * math.pi**2 / 6.0)) < 1.0 / count**2


@pytest.mark.parametrize(("gamma", "alpha"), [(0.0, 0.4), (0.2, 0.5), (0.5, 0.7)])
def test_mean_root_mass_is_bounded(gamma: float, alpha: float) -> None:
    """Assert that sqrt(gamma/m) <= mean sqrt(lambda_j) <= 1/sqrt(m) (Caron et al. 2023, Proposition A.2)."""
    for count in (10, 1000, 100_000):
        mean = float(masses.asymmetrical(count, gamma, alpha).sqrt().mean())
        assert math.sqrt(gamma / count) <= mean <= 1.0 / math.sqrt(count)


def test_values_are_divided_by_their_sum() -> None:
    """Assert that lists, arrays and tensors give masses in proportion, and are not written into."""
    values = torch.tensor([1.0, 0.0, 3.0])
    for given in ([1.0, 0.0, 3.0], values, values.numpy()):
        assert masses.from_values(given).tolist() == [0.25, 0.0, 0.75]
    assert values.tolist() == [1.0, 0.0, 3.0]


def test_paired_masses_repeat_themselves() -> None:
    """Assert that both halves carry half of each mass, bit for bit alike."""
    first, second = masses.paired(masses.zipf(5, 0.5)).chunk(2)
    assert torch.equal(first, second)
    assert_identical(2.0 * first, masses.zipf(5, 0.5))


# The laws of random masses are tested on ratios of two masses of one draw: the unknown total cancels.


def log_ratios(lam: Tensor) -> Tensor:
    """log(X / X') of independent pairs."""
    first, second = lam.reshape(-1, 2).T
    return (first / second).log()


@pytest.mark.parametrize("alpha", [0.3, 0.5, 0.7])
def test_stable_masses_have_stable_ratios(alpha: float) -> None:
    """Assert that E log(X/X')^2 = (pi^2 / 3)(1/alpha^2 - 1), and that P((X/X')^alpha <= r) is that of the stable law.

    The distribution function of the ratio is (arctan((r + cos) / sin) - arctan(cos / sin)) / (pi alpha) with the cosine
    and sine of pi alpha, angles from 0 to pi (Zolotarev 1957).
    """
    ratios = log_ratios(masses.stable(MANY, alpha, seed=5))
    assert abs(z_score(ratios.square(), math.pi**2 / 3.0 * (alpha**-2 - 1.0))) < Z
    sine, cosine = math.sin(math.pi * alpha), math.cos(math.pi * alpha)
    for r in (0.05, 0.5, 1.0, 3.0):
        angle = math.pi / 2.0 - math.atan((r + cosine) / sine)
        chance = (math.pi * alpha - angle) / (math.pi * alpha)
        assert abs(z_score((alpha * ratios <= math.log(r)).double(), chance)) < Z


def laplace_score(unit: Tensor, alpha: float, s: float) -> float:
    """log L(2s) - 2^alpha log L(s) in standard errors, L(s) the mean of exp(-s X); linear in the means near zero."""
    at_s, at_2s = torch.exp(-s * unit), torch.exp(-2.0 * s * unit)
    influence = at_2s / at_2s.mean() - 2.0**alpha * at_s / at_s.mean()
    gap = at_2s.mean().log() - 2.0**alpha * at_s.mean().log()
    return float(gap / influence.std() * math.sqrt(len(unit)))


@pytest.mark.parametrize("alpha", [0.3, 0.5, 0.7])
def test_stable_masses_have_the_stable_laplace_transform(alpha: float) -> None:
    """Assert that E exp(-s X) = exp(-c s^alpha) for one c: log-transforms at 2s and s have the ratio 2^alpha."""
    lam = masses.stable(MANY, alpha, seed=6)
    for s in (0.1, 0.5, 2.0):
        assert abs(laplace_score(lam / lam.median(), alpha, s)) < Z
        assert abs(laplace_score(lam / lam.median(), alpha + 0.05, s)) > Z


@pytest.mark.parametrize(("shape", "power"), [(0.4, 1.5), (2.0, 0.5), (1.0, 1.0)])
def test_generalised_gamma_masses_have_gamma_ratios(shape: float, power: float) -> None:
    """Assert that X^power is Gamma(shape): X^p / (X^p + X'^p) has moments of Beta(shape, shape)."""
    share = torch.sigmoid(power * log_ratios(masses.generalised_gamma(MANY, shape, power, seed=7)))
    law = stats.beta(shape, shape)
    for order in (2, 4):
        assert abs(z_score(share**order, float(law.moment(order)))) < Z


@pytest.mark.parametrize(("a", "b"), [(0.3, 2.0), (2.0, 0.7)])
def test_beta_masses_have_beta_ratios(a: float, b: float) -> None:
    """Assert that logs of Beta(a, b) have their variance trigamma(a) - trigamma(a + b), and a bounded largest draw."""
    ratios = log_ratios(masses.beta(MANY, a, b, seed=8))
    variance = float(special.polygamma(1, a) - special.polygamma(1, a + b))
    assert abs(z_score(ratios.square(), 2.0 * variance)) < Z


def test_beta_masses_have_the_declared_mean() -> None:
    """Assert that the largest of many draws is one, so that masses over the largest have mean a / (a + b)."""
    lam = masses.beta(MANY, 2.0, 0.7, seed=9)
    assert abs(z_score(lam / lam.max(), 2.0 / 2.7)) < Z


def test_horseshoe_masses_are_squares_of_half_cauchy() -> None:
    """Assert that log(C^2) has variance pi^2, and P(C^2/C'^2 <= r) is that of a ratio of Cauchy variables.

    The ratio R of two half-Cauchy variables has density (4 / pi^2) log(x) / (x^2 - 1), so P(R <= 1) = 1/2 and
    P(R <= x) = int_0^x.
    """
    ratios = log_ratios(masses.horseshoe(MANY, seed=10))
    assert abs(z_score(ratios.square(), 2.0 * math.pi**2)) < Z
    below = 4.0 / math.pi**2 * _dilogarithms(0.1)
    assert abs(z_score((ratios <= 2.0 * math.log(0.1)).double(), below)) < Z


def _dilogarithms(x: float) -> float:
    """int_0^x log(t) / (t^2 - 1) dt for x < 1, by the series sum_k x^(2k+1) (1/(2k+1) - log x) / (2k+1)."""
    return math.fsum(x**p * (1.0 / p - math.log(x)) / p for p in range(1, 60, 2))


@pytest.mark.parametrize("count", [0, -3, 2.5, True])
@pytest.mark.usefixtures("without_shape_checks")
def test_impossible_counts_are_refused(count: int) -> None:
    """Assert that every function that takes a number of particles refuses what is none."""
    makers = [*(lambda n, draw=draw: draw(n, 0) for draw in RANDOM.values()), masses.uniform, FIXED["zipf"]]
    for make in makers:
        with pytest.raises(ValueError, match=f"number of particles is {count!r}, but a positive integer is needed"):
            make(count)


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.5, math.nan])
def test_indices_outside_zero_and_one_are_refused(alpha: float) -> None:
    """Assert that Zipf and stable masses say which alpha came and the interval it must lie in."""
    with pytest.raises(ValueError, match=r"Zipf masses need alpha in \(0, 1\), but alpha is"):
        masses.zipf(5, alpha)
    with pytest.raises(ValueError, match=r"Positive stable masses need alpha in \(0, 1\), but alpha is"):
        masses.stable(5, alpha, seed=0)


@pytest.mark.parametrize("gamma", [-0.1, 1.1, math.nan])
def test_gamma_outside_zero_and_one_is_refused(gamma: float) -> None:
    """Assert that gamma must lie in [0, 1]."""
    with pytest.raises(ValueError, match=r"Asymmetrical masses need gamma in \[0, 1\], but gamma is"):
        masses.asymmetrical(5, gamma, 0.5)


def test_asymmetry_without_an_index_is_refused() -> None:
    """Assert that gamma below one asks for the alpha it needs."""
    with pytest.raises(ValueError, match=r"gamma = 0.5 need the Zipf index alpha in \(0, 1\) as well"):
        masses.asymmetrical(5, 0.5)


@pytest.mark.parametrize("number", [0.0, -1.0, math.nan])
def test_parameters_that_are_not_positive_are_refused(number: float) -> None:
    """Assert that each parameter of the gamma and beta laws is refused by its name."""
    for name, parameters in [("shape", (number, 1.0)), ("power", (1.0, number))]:
        with pytest.raises(ValueError, match=f"Generalised gamma masses need {name} > 0, but {name} is"):
            masses.generalised_gamma(5, *parameters, seed=0)
    for name, parameters in [("a", (number, 1.0)), ("b", (1.0, number))]:
        with pytest.raises(ValueError, match=f"Beta masses need {name} > 0, but {name} is"):
            masses.beta(5, *parameters, seed=0)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([1.0, -0.5], "finite non-negative values, but these span -0.5 to 1"),
        ([1.0, math.nan], "finite non-negative values, but these span nan"),
        ([1.0, math.inf], "finite non-negative values, but these span 1 to inf"),
        ([0.0, 0.0], "The values sum to 0.0, so they cannot be normalised"),
        ([1e308, 1e308], "The values sum to inf, so they cannot be normalised"),
        ([], r"from a list of values, but the shape given is \(0,\)"),
        (torch.ones(2, 2), r"from a list of values, but the shape given is \(2, 2\)"),
    ],
    ids=["negative", "nan", "infinite", "zero", "overflow", "empty", "table"],
)
def test_values_that_are_no_masses_are_refused(values: list[float] | Tensor, sentence: str) -> None:
    """Assert that values that cannot be normalised are refused with what shows it."""
    with pytest.raises(MassError, match=sentence):
        masses.from_values(values)
