"""Numba's kernels compute what plain torch does, to a stated accuracy, and the same bits on any number of threads."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from scipy.special import expit

from particles import Activation, Identity, LeakyReLU, Perceptron, SiLU, Tanh
from particles.fused import loops
from particles.fused.choice import NUMBA
from tests.particles.draws import normals
from tests.particles.members import ACTIVATIONS, TRAINED

KNOWN = [activation for activation, _ in ACTIVATIONS if type(activation) in NUMBA.activations]
#: Particles, data, features, outputs: one, below, at and above tiles of 256 and rows of 16, filled up to fours and not.
SIZES = [
    *((1, 1, 1, 1), (255, 1, 2, 1), (256, 16, 4, 1), (257, 17, 5, 2), (600, 50, 3, 1), (1500, 33, 20, 3)),
    *((70, 35, 130, 10),),
]


@contextmanager
def threads(number: int) -> Iterator[None]:
    """So many of torch's threads meanwhile."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    yield
    torch.set_num_threads(before)


def drawn(neuron: Perceptron, m: int, n: int, dtype: torch.dtype) -> tuple[torch.Tensor, ...]:
    """Positions, factors, embedded inputs and cotangents."""
    phi = normals(n, neuron.hidden, seed=3) / neuron.hidden**0.5
    numbers = normals(m, neuron.dim, seed=1), normals(m, seed=2), phi, normals(n, neuron.outputs, seed=4)
    return tuple(number.to(dtype) for number in numbers)


def differences(neuron: Perceptron, m: int, n: int, dtype: torch.dtype, *, kept: bool) -> tuple[float, float]:
    """Of the predictions and the pull from plain torch in float64, relative to the largest entry, in roundings."""
    positions, factors, phi, cotangents = drawn(neuron, m, n, dtype)
    tangent = neuron.tangent(positions.double(), phi.double())
    lease = {"kept": loops.memory(positions, phi)} if kept else {}
    found = (
        loops.predict(neuron, positions, factors, phi, **lease),
        loops.pull(neuron, positions, factors, phi, cotangents, **lease),
    )
    truth = tangent.predict(factors.double()), tangent.pull(factors.double(), cotangents.double())
    eps = torch.finfo(dtype).eps
    one, two = ((a.double() - b).abs().max() / b.abs().max() / eps for a, b in zip(found, truth, strict=True))
    return float(one), float(two)


@pytest.mark.parametrize("trained", TRAINED)
@pytest.mark.parametrize("activation", KNOWN, ids=repr)
def test_every_neuron_is_that_of_plain_torch(activation: Activation, trained: str) -> None:
    """Assert that predictions and pulls of one output and of three are right to some roundings; zero is exact."""
    for outputs in (1, 3):
        neuron = Perceptron(activation, Identity(3), outputs, trained)
        assert max(differences(neuron, 150, 33, torch.float64, kept=False)) < 20.0
        positions, factors, phi, cotangents = drawn(neuron, 150, 33, torch.float64)
        pulled = loops.pull(neuron, positions, factors, phi, cotangents)
        frozen = torch.ones(neuron.dim, dtype=torch.bool)
        frozen[neuron.trained_columns] = False
        assert not pulled[:, frozen].any() and (pulled[:, ~frozen] != 0.0).any()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize(("m", "n", "features", "outputs"), SIZES)
@pytest.mark.parametrize("kept", [True, False], ids=["kept", "anew"])
def test_every_size_is_that_of_plain_torch(
    dtype: torch.dtype, m: int, n: int, features: int, outputs: int, kept: bool
) -> None:
    """Assert the same of tanh at sizes around those of tiles, whether sigma is kept between the two or computed anew.

    Inner products and sums over m particles leave less than one rounding for each of their terms' square root.
    """
    neuron = Perceptron(Tanh(), Identity(features), outputs, "both")
    assert max(differences(neuron, m, n, dtype, kept=kept)) < 4.0 * (m + features) ** 0.5


def sampled(dtype: type[np.floating]) -> np.ndarray:
    """Numbers of both signs and every size: each thousandth of float32 below 80, as many of float64."""
    if dtype == np.float32:
        last = int(np.float32(80.0).view(np.int32))
        sizes = np.arange(0, last, 997, dtype=np.int64).astype(np.int32).view(np.float32)
    else:
        generator = np.random.default_rng(0)
        sizes = np.concatenate([10.0 ** generator.uniform(-30, 2.8, 500_000), generator.uniform(0, 40, 500_000)])
    return np.concatenate([sizes, -sizes, np.array([0.0, 800.0, -800.0], dtype)]).astype(dtype)


def evaluated(code: int, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """sigma and sigma' as the kernels have them."""
    value, slope = np.empty_like(z), np.empty_like(z)
    loops._values(code, 0.0, z, value, len(z))
    loops._slopes(code, 0.0, z, value, slope, len(z))
    return value, slope


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_errors_of_the_activations_are_those_stated(dtype: type[np.floating]) -> None:
    """Assert that tanh, the logistic function and softplus err by at most four units in their own last place.

    And their derivatives by four of 1, and SiLU by four of |z| and twenty of 1. Measured: tanh 2.5.
    """
    z = sampled(dtype)
    exact = z.astype(np.longdouble)
    tanh, logistic = np.tanh(exact), expit(exact)
    softplus = np.maximum(exact, 0.0) + np.log1p(np.exp(-np.abs(exact)))
    truths = {
        loops.TANH: (tanh, 1.0 - tanh * tanh),
        loops.SIGMOID: (logistic, logistic * (1.0 - logistic)),
        loops.SOFTPLUS: (softplus, logistic),
    }
    eps, smallest = np.finfo(dtype).eps, 4.0 * np.finfo(dtype).tiny
    for code, (value, slope) in truths.items():
        found = evaluated(code, z)
        normal = np.abs(value) > smallest
        units = np.spacing(np.abs(value[normal]).astype(dtype)).astype(np.longdouble)
        assert 0.5 < (np.abs(found[0] - value)[normal] / units).max() < 4.0
        assert np.abs(found[0] - value)[~normal].max(initial=0.0) <= smallest
        assert np.abs(found[1] - slope).max() < 4.0 * eps
    found = evaluated(loops.SILU, z)
    sizes = np.maximum(np.abs(exact), 1.0)
    assert (np.abs(found[0] - exact * logistic) / sizes).max() < 4.0 * eps
    assert np.abs(found[1] - logistic * (1.0 + exact * (1.0 - logistic))).max() < 20.0 * eps


@pytest.mark.parametrize("code", range(len(loops.CODES)))
def test_what_is_no_number_stays_none(code: int) -> None:
    """Assert that a NaN is not hidden by any activation, so that a run that diverged is seen."""
    z = np.full(40, np.nan)
    assert np.isnan(evaluated(code, z)[0]).all()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_threads_change_no_bit(dtype: torch.dtype) -> None:
    """Assert that one, two and three threads give the same predictions and pulls, and that particles do count."""
    neuron = Perceptron(Tanh(), Identity(3), 2, "both")
    positions, factors, phi, cotangents = drawn(neuron, 5000, 33, dtype)
    found = []
    for number in (1, 2, 3):
        with threads(number):
            pulled = loops.pull(neuron, positions, factors, phi, cotangents)
            found.append((loops.predict(neuron, positions, factors, phi), pulled))
    assert loops._chunk(5000) < 5000 / 3
    assert all(torch.equal(a, b) for other in found[1:] for a, b in zip(found[0], other, strict=True))
    fewer = loops.predict(neuron, positions[:-1], factors[:-1], phi)
    assert not torch.equal(fewer, found[0][0])


def test_what_is_kept_gives_the_same_bits() -> None:
    """Assert that the pull from what predictions left is the pull that computes it anew."""
    neuron = Perceptron(Tanh(), Identity(3), 1, "both")
    positions, factors, phi, cotangents = drawn(neuron, 600, 35, torch.float32)
    lease = loops.memory(positions, phi)
    lease.matrix.fill_(torch.nan)
    loops.predict(neuron, positions, factors, phi, lease)
    kept = loops.pull(neuron, positions, factors, phi, cotangents, lease)
    assert torch.equal(kept, loops.pull(neuron, positions, factors, phi, cotangents))


def test_rows_need_not_lie_together() -> None:
    """Assert that positions that are a view of others give what a copy of them gives."""
    neuron = Perceptron(Tanh(), Identity(3), 1, "both")
    positions, factors, phi, cotangents = drawn(neuron, 200, 9, torch.float64)
    wide = torch.cat([positions, positions], dim=1)
    view = wide[:, : neuron.dim]
    assert not view.is_contiguous()
    one, two = (loops.pull(neuron, at, factors, phi, cotangents) for at in (positions, view))
    assert torch.equal(one, two)
    assert torch.equal(loops.predict(neuron, view, factors, phi), loops.predict(neuron, positions, factors, phi))


def test_slopes_of_leaks_arrive() -> None:
    """Assert that the parameter of an activation reaches the kernel, and that SiLU, which needs z, is not confused."""
    one, two = (Perceptron(LeakyReLU(slope), Identity(2)) for slope in (0.1, 0.2))
    positions, factors, phi, _ = drawn(one, 20, 5, torch.float64)
    assert not torch.equal(loops.predict(one, positions, factors, phi), loops.predict(two, positions, factors, phi))
    assert loops.CODES[SiLU] == loops.SILU and loops.CODES[LeakyReLU] == loops.LEAKY_RELU
