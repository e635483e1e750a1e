"""The limit in one call, against limits that are known."""

import math

import pytest
import torch

from flows import RK4, EulerMaruyama, GradientFlow
from limits import InMemory, Nested
from particles import NTK, GaussianLaw, MeanField, ParticleCloud, SymmetricPairs, masses
from runs.limit import infinite_width_of
from tests.problems import Decay, Shaken, network_risk

RISK = network_risk(MeanField())
LAW = GaussianLaw(RISK.neuron)


def square(cloud: ParticleCloud) -> torch.Tensor:
    """The square of the mean square of the first coordinate: not linear in the measure."""
    return (cloud.masses @ cloud.positions[:, 0].square()) ** 2


@pytest.mark.parametrize("time", [0.0, 0.5])
def test_a_limit_that_is_known(time: float) -> None:
    """Assert that for particles that decay by themselves the limit is exp(-4 t), and its correction 2 exp(-4 t)."""
    found = infinite_width_of(
        Decay(), LAW, until=time, observables={"square": square}, integrator=RK4(0.125), widest=128, tolerance=0.1
    )
    truth = math.exp(-4.0 * time)
    value = found["square"]
    assert found.converged and value.low < truth < value.high and value.standard_error < 0.13 * truth
    correction = found.finite_width.correction("square")
    assert correction.low < 2.0 * truth < correction.high


def test_tolerances_are_absolute_where_asked() -> None:
    """Assert that the standard error is the tolerance in the units of the quantity."""
    found = infinite_width_of(
        *(Decay(), LAW),
        until=0.0,
        observables={"ten": lambda cloud: 10.0 * square(cloud)},
        tolerance=0.5,
        absolute=True,
        widest=64,
    )
    assert 0.2 < found["ten"].standard_error <= 0.5


def test_halves_see_the_noise_of_the_whole() -> None:
    """Assert that for particles on their own the mean over a noisy cloud is that over its halves, to rounding."""
    found = infinite_width_of(
        Shaken(),
        LAW,
        until=1.0,
        observables={"mean": lambda cloud: cloud.masses @ cloud.positions[:, 0].square()},
        integrator=EulerMaruyama(0.125),
        tolerance=1.0,
        widest=64,
    )
    assert all(float(level.variance[0]) < 1e-25 for level in found.levels[1:])
    assert found["mean"].low < 5.0 < found["mean"].high and float(found.levels[0].variance[0]) > 1.0


def test_masses_and_laws_of_the_user_are_taken() -> None:
    """Assert that falling masses are nested, pairs start at zero, and dtype and samples are those given."""
    seen: list[ParticleCloud] = []

    def look(cloud: ParticleCloud) -> torch.Tensor:
        seen.append(cloud)
        return cloud.masses[0]

    samples = InMemory()
    found = infinite_width_of(
        Decay(),
        LAW,
        until=0.0,
        observables={"heaviest": look},
        masses_of=lambda width: masses.zipf(width, 0.25),
        samples=samples,
        dtype=torch.float32,
        widest=64,
    )
    exact = 1.0 / sum(number**-4.0 for number in range(1, 1000))
    assert found["heaviest"].value == pytest.approx(exact, rel=1e-3)
    assert seen[0].dtype == torch.float32 and samples.kept(0) is not None
    kept = samples.kept(1)
    assert kept is not None and kept[1].shape[1] == 2 and Nested(0.5) != Nested(1.0)  # two nested coarse clouds
    risk = network_risk(NTK())
    start = infinite_width_of(
        GradientFlow(risk),
        SymmetricPairs(GaussianLaw(risk.neuron)),
        until=0.0,
        observables={"outputs": risk.predictions},
        tolerance=1.0,
        widest=64,
    )
    assert start.names == tuple(f"outputs[{number}]" for number in range(7))
    assert all(abs(value.value) < 1e-12 for value in start.values)


def test_random_starts_are_rotated() -> None:
    """Assert that outputs under NTK scaling, with a random start, have a limit whose cost does not grow."""
    risk = network_risk(NTK())
    found = infinite_width_of(
        GradientFlow(risk), GaussianLaw(risk.neuron), until=0.0, observables={"risk": risk}, tolerance=0.3, widest=64
    )
    assert found.converged and float(found.levels[-1].variance[0]) < 0.05 * float(found.levels[0].variance[0])


@pytest.mark.parametrize("tolerance", [0.0, -1.0, float("inf")])
def test_impossible_tolerances_are_refused(tolerance: float) -> None:
    """Assert that a tolerance is a positive number."""
    with pytest.raises(ValueError, match="The tolerance is .*, but a .*positive"):
        infinite_width_of(Decay(), LAW, until=0.0, observables={"square": square}, tolerance=tolerance)
