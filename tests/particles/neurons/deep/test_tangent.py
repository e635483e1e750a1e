"""Deep networks are torch's own layers, and their tangents are those of torch.func, in one tile of data or in many."""

import pytest
import torch
from torch import Tensor

from particles import NTK, Dataset, DeepLaw, Risk, Squared, Tanh, masses
from particles.neurons.deep import gram, tangent
from particles.neurons.deep.forward import ForwardPass
from particles.neurons.deep.layers import Convolution, Dense
from particles.neurons.deep.neuron import Deep
from particles.neurons.deep.tangent import DeepTangent
from tests.draws import normals
from tests.particles.neurons.deep.networks import DATA, NETWORKS, PARTICLES, Plain, jacobians
from tests.tolerances import assert_identical

EVERY = pytest.mark.parametrize("name", NETWORKS)
DTYPES = pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["float64", "float32"])


def at(plain: Plain, inputs: Tensor | None = None) -> DeepTangent:
    """A fresh tangent of the network."""
    phi = plain.net.embed(plain.inputs if inputs is None else inputs)
    return plain.net.tangent(plain.positions, phi)


def given(plain: Plain) -> tuple[Tensor, Tensor, Tensor]:
    """Factors, cotangents and velocities."""
    shapes = (PARTICLES,), (DATA, plain.net.outputs), (PARTICLES, plain.net.dim)
    return tuple(normals(*shape, seed=80 + n, dtype=plain.dtype) for n, shape in enumerate(shapes))  # type: ignore


def assert_close(actual: Tensor, expected: Tensor) -> None:
    """To the rounding of the dtype of the first; the second is in float64."""
    assert_identical(actual, expected.to(actual), operations=300.0)


@DTYPES
@EVERY
def test_network_is_that_of_torchs_layers(name: str, dtype: torch.dtype) -> None:
    """Assert that features, their weighted sums and pairings are those of torch's modules, layer by layer."""
    plain = Plain(NETWORKS[name], dtype)
    expected = torch.stack([plain.feature(theta, plain.inputs.double()) for theta in plain.positions.double()])
    factors, cotangents, _ = given(plain)
    assert_close(at(plain).features(), expected)
    assert_close(at(plain).predict(factors), torch.einsum("j,jic->ic", factors.double(), expected))
    assert_close(at(plain).pair(cotangents), torch.einsum("ic,jic->j", cotangents.double(), expected))


@DTYPES
@EVERY
def test_tangent_is_that_of_torch_func(name: str, dtype: torch.dtype) -> None:
    """Assert that pull and push are contractions of the Jacobian of torch.func, zero in what is not trained."""
    plain = Plain(NETWORKS[name], dtype)
    jacobian, _ = jacobians(name)
    factors, cotangents, velocities = given(plain)
    pulled, pushed = at(plain).pull(factors, cotangents), at(plain).push(factors, velocities)
    factors, cotangents, velocities = (one.double() for one in (factors, cotangents, velocities))
    assert_close(pulled, torch.einsum("j,ic,jicq->jq", factors, cotangents, jacobian))
    frozen = torch.ones(plain.net.dim, dtype=torch.bool)
    frozen[plain.net.trained_columns] = False
    assert bool((pulled[:, frozen] == 0.0).all())
    assert_close(pushed, torch.einsum("j,jicq,jq->ic", factors, jacobian, velocities))


@DTYPES
@EVERY
def test_gram_is_that_of_torch_func(name: str, dtype: torch.dtype) -> None:
    """Assert that Gram matrices with the same and other inputs are sums over groups, each with its rate."""
    plain = Plain(NETWORKS[name], dtype)
    weights, rates = given(plain)[0], tuple(1.0 + 0.5 * n for n, _ in enumerate(plain.net.groups))
    sizes = torch.tensor([part.stop - part.start for part in plain.net.groups.values()])
    spread = torch.tensor(rates, dtype=torch.float64).repeat_interleave(sizes)
    inputs = plain.others(4, seed=90)
    here, there = (gradients.flatten(1, 2) for gradients in jacobians(name))
    mine, its = at(plain), at(plain, inputs)
    for columns, other in ((here, mine), (there, its)):
        expected = torch.einsum("j,jrq,jsq,q->rs", weights.double(), here, columns, spread)
        assert_close(mine.gram(weights, other, rates), expected)
        assert_close(mine.gram(weights, other), torch.einsum("j,jrq,jsq->rs", weights.double(), here, columns))


@pytest.mark.parametrize("name", ["biased", "circular", "planes", "trained ('layer1.bias', 'layer3')"])
def test_many_tiles_are_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that data that are streamed, one or two at a time, give what they give together."""
    plain = Plain(NETWORKS[name])
    factors, cotangents, velocities = given(plain)

    def answers(one: DeepTangent) -> list[Tensor]:
        return [
            *(one.features(), one.predict(factors), one.pair(cotangents), one.pull(factors, cotangents)),
            *(one.push(factors, velocities), one.gram(factors, one), one.gram(factors, at(plain, plain.inputs[:3]))),
        ]

    together = answers(at(plain))
    for module in (tangent, gram):
        monkeypatch.setattr(module, "KEPT_ENTRIES", 0)
    each = PARTICLES * plain.net.entries_per_datum
    for entries in (1, 2 * each):
        monkeypatch.setattr(tangent, "TILE_ENTRIES", entries)
        monkeypatch.setattr(gram, "GRAM_ENTRIES", entries)
        for actual, expected in zip(answers(at(plain)), together, strict=True):
            assert_identical(actual, expected)


def test_what_layers_see_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a velocity takes one forward pass, and one for each tile and product where it is not kept."""
    passes: list[int] = []
    made = ForwardPass.of

    def counted(*given: Tensor) -> ForwardPass:
        passes.append(1)
        return made(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(ForwardPass, "of", counted)
    net = NETWORKS["dense"]
    risk = Risk(net, NTK(), Squared(), Dataset(normals(8, 4, seed=1), normals(8, 1, seed=2)))
    risk.velocity(DeepLaw(net).sample(seed=0))
    assert len(passes) == 1
    monkeypatch.setattr(tangent, "KEPT_ENTRIES", 0)
    monkeypatch.setattr(tangent, "TILE_ENTRIES", 4 * net.entries_per_datum)
    risk.velocity(DeepLaw(net).sample(seed=1))
    assert len(passes) == 1 + 2 * 2


def test_rounded_tangent_is_not_evaluated_again() -> None:
    """Assert that in float32 what is rounded is the exact linearisation, not that at rounded positions."""
    net = Deep(2, [Dense(3), Dense(1)], Tanh(), "standard")
    positions, phi = 1e4 * normals(1, net.dim, seed=3), normals(4, 2, seed=4)
    phi[:, 1] = -phi[:, 0] * positions[0, 0] / positions[0, 1] + 1e-5
    positions[:, 6:] = 1.0
    one, exact = torch.ones(1, dtype=torch.float64), net.tangent(positions, phi)
    rounded = exact.to(torch.float32)
    assert_identical(rounded.gram(one.float(), rounded), exact.gram(one, exact).float())
    again = net.tangent(positions.float(), phi.float()).features()
    assert float((again - exact.features()).abs().max()) > 1e-4


def test_nothing_below_what_moves_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that the backward pass ends at the lowest trained layer, and a forward one of velocities begins there."""
    called: list[str] = []
    kind = type(NETWORKS["dense"].stages[0].map)
    plain_backward = kind.backward

    def counted(self: object, *given: object) -> Tensor:
        called.append("backward")
        return plain_backward(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(kind, "backward", counted)
    for trained, expected in (("all", 2), ("layer2", 1), ("output", 0)):
        called.clear()
        net = Deep(4, [Dense(5), Dense(3), Dense(1)], Tanh(), trained=trained)
        plain = Plain(net)
        at(plain).pull(*given(plain)[:2])
        assert len(called) == expected


def test_saturated_slopes_keep_their_digits() -> None:
    """Assert that where tanh is saturated everywhere gradients are those of 1 / cosh^2, which 1 - tanh^2 is not."""
    net = Deep(1, [Dense(1), Dense(1)], Tanh(), "standard", trained="hidden")
    positions = torch.tensor([[25.0, 1.0]], dtype=torch.float64)
    phi = torch.tensor([[1.0], [1.1]], dtype=torch.float64)
    pulled = net.tangent(positions, phi).pull(torch.ones(1).double(), torch.ones(2, 1).double())
    expected = (phi / torch.cosh(25.0 * phi).square()).sum()
    assert float(pulled[0, 0] / expected) == pytest.approx(1.0, rel=1e-12)
    assert float(1.0 - torch.tanh(25.0 * phi[0]).square()) == 0.0


def test_autograd_follows_the_tangent() -> None:
    """Assert that the derivative of what is pulled is that of torch's own layers, differentiated twice."""
    net = NETWORKS["circular"]
    plain = Plain(net)
    factors, cotangents, velocities = given(plain)
    theta = plain.positions.requires_grad_()
    pulled = net.tangent(theta, plain.inputs).pull(factors, cotangents)
    (actual,) = torch.autograd.grad((pulled * velocities).sum(), theta)

    other = plain.positions.requires_grad_()
    values = torch.stack([plain.feature(one, plain.inputs) for one in other])
    summed = torch.einsum("j,ic,jic->", factors, cotangents, values)
    (gradient,) = torch.autograd.grad(summed, other, create_graph=True)
    (expected,) = torch.autograd.grad((gradient * velocities).sum(), other)
    assert_identical(actual, expected)


def test_opposite_readouts_cancel_exactly() -> None:
    """Assert that two networks with opposite readouts and equal factors predict zero, bit for bit, at every width."""
    for net in (
        *(NETWORKS[name] for name in ("dense", "biased", "circular", "planes")),
        Deep(7, [Dense(33), Dense(17, bias=True), Dense(3, bias=True)], Tanh(), bias_variance=1.0),
        Deep((3, 9), [Convolution(17, 3), Convolution(5, 2, "zero"), Dense(2)], Tanh()),
    ):
        inputs = normals(13, Plain(net).inputs.shape[1], seed=5)
        for dtype in (torch.float64, torch.float32):
            one = DeepLaw(net).sample(seed=3).positions.to(dtype)
            flipped = torch.cat([one[:, : net.hidden], -one[:, net.hidden :]], dim=1)
            factors = masses.uniform(2).sqrt().to(dtype)
            predicted = net.tangent(torch.cat([one, flipped]), net.embed(inputs).to(dtype)).predict(factors)
            assert bool((predicted == 0.0).all())
