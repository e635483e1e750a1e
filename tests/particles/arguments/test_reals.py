"""Real numbers of Python, NumPy and torch are plain floats wherever a step, rate, time or strength is asked for."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch

from flows import (
    BDF,
    Adaptive,
    BirthDeathFlow,
    Chebyshev,
    DormandPrince,
    Draws,
    Euler,
    Every,
    Exponential,
    GradientFlow,
    LangevinFlow,
    LogSpaced,
    MinibatchFlow,
    StepBound,
    StopAfter,
    StopStationary,
    UnderdampedFlow,
    evolve,
)
from particles import L2, GaussianLaw, GaussianOutputs, Lazy, LeakyReLU, Power
from particles.arguments.integers import whole
from particles.arguments.reals import finite, non_negative, positive
from tests.problems import Clock, network_cloud, network_risk, small_cloud

RISK = network_risk()
KINDS: dict[str, Callable[[float], Any]] = {
    "float64": np.float64,
    "float32": np.float32,
    "fraction": Fraction,
}
#: What takes a real number, and the number it keeps.
TAKERS: dict[str, Callable[[Any], Any]] = {
    "step": lambda x: Euler(x).size,
    "batch": lambda x: MinibatchFlow(RISK, Draws(2), x).step,
    "temperature": lambda x: LangevinFlow(RISK, x).temperature,
    "changing": lambda x: LangevinFlow(RISK, lambda time: x).temperature_at(0.0),
    "confinement": lambda x: LangevinFlow(RISK, 1.0, x).confinement,
    "friction": lambda x: UnderdampedFlow(RISK, 1.0, x).friction,
    "heat": lambda x: UnderdampedFlow(RISK, x, 1.0).temperature,
    "rate": lambda x: BirthDeathFlow(RISK, x).rate,
    "rest": lambda x: StopStationary(LangevinFlow(RISK, 1.0), x).below,
    "seconds": lambda x: StopAfter(x).seconds,
    "safety": lambda x: StepBound(x).safety,
    "every": lambda x: Every(time=x, observer=print).time,
    "first": lambda x: LogSpaced(x, 9.0, 3, print).first,
    "last": lambda x: LogSpaced(0.1, x, 3, print).last,
    "L2": lambda x: L2(x).strength,
    "lazy": lambda x: Lazy(x).scale,
    "power": lambda x: Power(x).exponent,
    "slope": lambda x: LeakyReLU(x).slope,
    "law": lambda x: GaussianLaw(RISK.neuron, variance=x).variance,
    "outputs": lambda x: GaussianOutputs(x).variance,
}


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", TAKERS)
def test_numbers_of_every_kind_are_kept_as_floats(name: str, kind: str) -> None:
    """Assert that every place keeps the plain float that a number is."""
    kept = TAKERS[name](KINDS[kind](0.625))
    assert type(kept) is float and kept == 0.625


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("value", [True, np.True_, "0.5", math.nan, math.inf, 1j, np.array([0.5])], ids=repr)
@pytest.mark.parametrize("name", TAKERS)
def test_what_is_no_finite_number_is_refused(name: str, value: object) -> None:
    """Assert that truth values, words, lists and what is not finite are refused everywhere in one kind of sentence."""
    told = r" is .*, but a (positive |)finite (non-negative |)number is needed| was given .*, but .*number.* is needed"
    with pytest.raises((ValueError, TypeError), match=told):
        TAKERS[name](value)


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("kind", KINDS)
def test_times_of_a_run_are_floats(kind: str) -> None:
    """Assert that a run from and until numbers of any kind counts its times in float64."""
    times: list[Any] = []
    make = KINDS[kind]
    see = [lambda step, time, cloud: times.append(time)]
    evolve(Clock(lambda time: 1.0), small_cloud(), Euler(make(0.125)), until=make(0.75), time=make(0.25), observers=see)
    assert times == [0.25, 0.375, 0.5, 0.625, 0.75] and {type(time) for time in times} == {float}


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", [Adaptive, BDF, Chebyshev, DormandPrince, Exponential])
def test_tolerances_are_floats(method: type[Any], kind: str) -> None:
    """Assert that a tolerance of any kind is kept as a float, so that steps chosen by it are counted in float64."""
    times: list[Any] = []
    integrator = method(KINDS[kind](0.125), KINDS[kind](0.0625))
    assert (type(integrator.rtol), integrator.rtol, type(integrator.atol)) == (float, 0.125, float)
    see = [lambda step, time, cloud: times.append(time)]
    evolve(GradientFlow(RISK), network_cloud(), integrator, until=1.0, observers=see)
    assert {type(time) for time in times} == {float}


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("rtol", [True, "1e-4", np.array([1e-4]), 1j])
def test_what_is_no_tolerance_is_refused(rtol: object) -> None:
    """Assert that truth values, words and lists are refused in the sentence of tolerances."""
    told = (
        r"The tolerance is rtol=.*, atol=0\.0, but 0 <= rtol < 1|Adaptive was given .* as rtol, but a number is needed"
    )
    with pytest.raises((ValueError, TypeError), match=told):
        Adaptive(rtol)


def test_each_says_what_is_needed() -> None:
    """Assert that bounds are inclusive where they say so, and that sentences name the value."""
    assert (finite(-2, "x"), positive(5e-324, "x"), non_negative(0, "x")) == (-2.0, 5e-324, 0.0)
    for check, value, kind in (
        (finite, math.inf, "a finite number"),
        (positive, 0.0, "a positive finite number"),
        (non_negative, -1e-300, "a finite non-negative number"),
    ):
        with pytest.raises(ValueError, match=f"^The rate is {value}, but {kind} is needed.$"):
            check(value, "The rate")


@pytest.mark.parametrize("check", [finite, positive, non_negative, whole])
def test_an_array_in_place_of_a_number_is_not_written_out(check: Callable[[object, str], object]) -> None:
    """Assert that the refusal names dtype and shape of tensors and arrays, and the number of entries of a list."""
    for value, said in (
        (torch.zeros(500, 3), r"float32\[500, 3\]"),
        (np.zeros(500), r"float64\[500\]"),
        ([0.5] * 500, r"\[0\.5, .*\.\.\. 500 in all\]"),
    ):
        with pytest.raises(ValueError, match=f"^The rate is {said}, but .* is needed.$"):
            check(value, "The rate")
