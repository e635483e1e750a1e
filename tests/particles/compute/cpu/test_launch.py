"""Numba's kernels compute what plain torch does, to a stated accuracy, and the same bits on any number of threads."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from particles import Activation, Identity, LeakyReLU, Perceptron, Ranks, Softplus, Tanh
from particles.compute.backend_choice import NUMBA
from particles.compute.cpu import launch
from tests.draws import normals
from tests.particles.risk.contracts.members import ACTIVATIONS, TRAINED
from tests.ranks import needs_fork, on_ranks

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
    lease = {"kept": launch.memory(neuron, positions, phi)} if kept else {}
    found = (
        launch.predict(neuron, positions, factors, phi, **lease),
        launch.pull(neuron, positions, factors, phi, cotangents, **lease),
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
        for kept in (True, False):
            assert max(differences(neuron, 150, 33, torch.float64, kept=kept)) < 20.0
        positions, factors, phi, cotangents = drawn(neuron, 150, 33, torch.float64)
        pulled = launch.pull(neuron, positions, factors, phi, cotangents)
        frozen = torch.ones(neuron.dim, dtype=torch.bool)
        frozen[neuron.trained_columns] = False
        assert not pulled[:, frozen].any() and (pulled[:, ~frozen] != 0.0).any()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize(("m", "n", "features", "outputs"), SIZES)
@pytest.mark.parametrize("kept", [True, False], ids=["kept", "anew"])
def test_every_size_is_that_of_plain_torch(
    dtype: torch.dtype, m: int, n: int, features: int, outputs: int, kept: bool
) -> None:
    """Assert that the same is true of tanh at sizes around those of tiles, with sigma kept between the two or not.

    Inner products and sums over m particles leave less than one rounding for each of their terms' square root.
    """
    neuron = Perceptron(Tanh(), Identity(features), outputs, "both")
    assert max(differences(neuron, m, n, dtype, kept=kept)) < 4.0 * (m + features) ** 0.5


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_threads_change_no_bit(dtype: torch.dtype) -> None:
    """Assert that one, two and three threads give the same predictions and pulls, and that particles do count."""
    neuron = Perceptron(Tanh(), Identity(3), 2, "both")
    positions, factors, phi, cotangents = drawn(neuron, 5000, 33, dtype)
    found = []
    for number in (1, 2, 3):
        with threads(number):
            pulled = launch.pull(neuron, positions, factors, phi, cotangents)
            found.append((launch.predict(neuron, positions, factors, phi), pulled))
    assert launch._chunk(5000) < 5000 / 3
    assert all(torch.equal(a, b) for other in found[1:] for a, b in zip(found[0], other, strict=True))
    fewer = launch.predict(neuron, positions[:-1], factors[:-1], phi)
    assert not torch.equal(fewer, found[0][0])


@pytest.mark.parametrize("trained", TRAINED)
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("activation", [Tanh(), Softplus()], ids=repr)
def test_what_is_kept_gives_the_same_bits(activation: Activation, outputs: int, trained: str) -> None:
    """Assert that the pull from what predictions left is the pull that computes it anew, and once more so.

    Of softplus sigma, sigma' or both are left, as the pull needs them, and no memory for more.
    """
    neuron = Perceptron(activation, Identity(3), outputs, trained)
    positions, factors, phi, cotangents = drawn(neuron, 600, 35, torch.float32)
    lease = launch.memory(neuron, positions, phi)
    lease.matrix.fill_(torch.nan)
    launch.predict(neuron, positions, factors, phi, lease)
    kept = launch.pull(neuron, positions, factors, phi, cotangents, lease)
    assert torch.equal(kept, launch.pull(neuron, positions, factors, phi, cotangents))
    assert torch.equal(kept, launch.pull(neuron, positions, factors, phi, cotangents, lease))
    parts = 2 if trained == "both" and activation == Softplus() else 1
    assert lease.matrix.shape == (3 * parts, 36 * launch.LANES) and not lease.matrix.isnan().any()


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "anew"])
@pytest.mark.parametrize(("m", "outputs"), [(70, 1), (256, 3), (1500, 2)])
@pytest.mark.parametrize("activation", [Tanh(), Softplus()], ids=repr)
def test_members_have_the_bits_they_have_alone(activation: Activation, m: int, outputs: int, kept: bool) -> None:
    """Assert that three clouds in one call, on two threads, give to the bit what each gives by itself."""
    neuron = Perceptron(activation, Identity(3), outputs, "both")
    phi = drawn(neuron, 1, 33, torch.float32)[2]
    positions, factors = normals(3 * m, neuron.dim, seed=5).float(), normals(3 * m, seed=6).float()
    cotangents = normals(3 * 33, outputs, seed=7).float()
    lease = {"kept": launch.memory(neuron, positions, phi, 3)} if kept else {}
    with threads(2):
        predicted = launch.predict(neuron, positions, factors, phi, members=3, **lease).chunk(3)
        pulled = launch.pull(neuron, positions, factors, phi, cotangents, members=3, **lease).chunk(3)
    parts = zip(positions.chunk(3), factors.chunk(3), cotangents.chunk(3), strict=True)
    for e, (own, weights, heard) in enumerate(parts):
        assert torch.equal(launch.predict(neuron, own, weights, phi), predicted[e])
        assert torch.equal(launch.pull(neuron, own, weights, phi, heard), pulled[e])
    assert not torch.equal(predicted[0], predicted[1]) and not torch.equal(pulled[0], pulled[1])


def test_rows_need_not_lie_together() -> None:
    """Assert that positions that are a view of others give what a copy of them gives."""
    neuron = Perceptron(Tanh(), Identity(3), 1, "both")
    positions, factors, phi, cotangents = drawn(neuron, 200, 9, torch.float64)
    wide = torch.cat([positions, positions], dim=1)
    view = wide[:, : neuron.dim]
    assert not view.is_contiguous()
    one, two = (launch.pull(neuron, at, factors, phi, cotangents) for at in (positions, view))
    assert torch.equal(one, two)
    assert torch.equal(launch.predict(neuron, view, factors, phi), launch.predict(neuron, positions, factors, phi))


def test_slopes_of_leaks_arrive() -> None:
    """Assert that the parameter of an activation reaches the kernel."""
    one, two = (Perceptron(LeakyReLU(slope), Identity(2)) for slope in (0.1, 0.2))
    positions, factors, phi, _ = drawn(one, 20, 5, torch.float64)
    assert not torch.equal(launch.predict(one, positions, factors, phi), launch.predict(two, positions, factors, phi))


@needs_fork
def test_forked_processes_have_threads_of_their_own(tmp_path: Path) -> None:
    """Assert that processes forked after threads were used get the same numbers and do not wait for ever."""
    neuron = Perceptron(Tanh(), Identity(3))
    positions, factors, phi, _ = drawn(neuron, 5000, 33, torch.float64)

    def predicted(ranks: Ranks) -> torch.Tensor:
        with threads(2):
            return launch.predict(neuron, positions, factors, phi)

    expected = predicted(Ranks())
    assert all(torch.equal(found, expected) for found in on_ranks(2, predicted, tmp_path))
