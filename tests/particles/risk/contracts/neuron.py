"""What every neuron keeps: seven ways to ask for its features and gradients, one answer.

The gradients of reference are differences of `features`; everything else is compared with sums over dense tensors.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from particles import Neuron, Tangent
from particles.neurons.groups import groups_of
from tests.draws import normals
from tests.particles.risk.contracts.romberg import derivative
from tests.tolerances import SLOPE, assert_identical, relative_error

PARTICLES, DATA, INPUTS = 6, 4, 3


@dataclass(frozen=True, eq=False)
class Place:
    """Where a neuron is looked at: positions, inputs, and numbers to contract with."""

    neuron: Neuron
    positions: Tensor
    inputs: Tensor
    factors: Tensor
    cotangents: Tensor
    velocities: Tensor

    @property
    def phi(self) -> Tensor:
        """The embedded inputs."""
        return self.neuron.embed(self.inputs)

    def tangent(self) -> Tangent:
        """A fresh tangent, which has computed nothing yet."""
        return self.neuron.tangent(self.positions, self.phi)

    def slopes(self) -> Tensor:
        """d g_jc(x_i) / d theta_jq by differences of `features` [particles, data, outputs, dim], all coordinates."""
        axes = torch.eye(self.neuron.dim).to(self.positions)

        def moved(axis: Tensor, step: float) -> Tensor:
            return self.neuron.tangent(self.positions + step * axis, self.phi).features()

        return torch.stack([derivative(lambda step, axis=axis: moved(axis, step)) for axis in axes], dim=-1)

    def gradients(self) -> Tensor:
        """The same by `pull`, one datum and output at a time: what training sees."""
        k = self.neuron.outputs
        tangent, ones = self.tangent(), torch.ones_like(self.positions[:, 0])
        units = torch.eye(DATA * k).to(self.positions).reshape(DATA, k, DATA, k)
        pulled = [torch.stack([tangent.pull(ones, units[i, c]) for c in range(k)], dim=1) for i in range(DATA)]
        return torch.stack(pulled, dim=1)


def place(neuron: Neuron, dtype: torch.dtype = torch.float64) -> Place:
    """Random places; no pre-activation of a kinked neuron lies near a kink for this seed, or differences would say."""
    return Place(
        neuron=neuron,
        positions=normals(PARTICLES, neuron.dim, seed=31, dtype=dtype),
        inputs=normals(DATA, INPUTS, seed=32, dtype=dtype),
        factors=normals(PARTICLES, seed=33, dtype=dtype),
        cotangents=normals(DATA, neuron.outputs, seed=34, dtype=dtype),
        velocities=normals(PARTICLES, neuron.dim, seed=35, dtype=dtype),
    )


def gradients_are_slopes_of_features(at: Place) -> None:
    """`pull` sees the slopes of `features` in trained coordinates and zero in the others."""
    trained = torch.zeros(at.neuron.dim).to(at.positions)
    trained[at.neuron.trained_columns] = 1.0
    gradients, slopes = at.gradients(), at.slopes() * trained
    error = relative_error(gradients, slopes)
    assert error < SLOPE, f"The gradients are not the slopes of the features: relative error {error:.2g}."
    assert bool((gradients[..., trained == 0.0] == 0.0).all()), "A frozen coordinate has a gradient."


def predict_sums_features(at: Place) -> None:
    """predict = sum_j factors_j g_j(x_i)."""
    expected = torch.einsum("j,jic->ic", at.factors, at.tangent().features())
    assert_identical(at.tangent().predict(at.factors), expected, claim="predict is not the sum of features.")


def pair_contracts_features(at: Place) -> None:
    """pair = sum_i c_i . g_j(x_i)."""
    expected = torch.einsum("ic,jic->j", at.cotangents, at.tangent().features())
    assert_identical(at.tangent().pair(at.cotangents), expected, claim="pair is not the contraction of features.")


def pull_contracts_gradients(at: Place) -> None:
    """pull = factors_j sum_i c_i . grad g_j(x_i)."""
    expected = torch.einsum("j,ic,jicq->jq", at.factors, at.cotangents, at.gradients())
    actual = at.tangent().pull(at.factors, at.cotangents)
    assert_identical(actual, expected, claim="pull is not linear in factors and cotangents.")


def push_contracts_gradients(at: Place) -> None:
    """push = sum_j factors_j grad g_j(x_i) . v_j."""
    expected = torch.einsum("j,jicq,jq->ic", at.factors, at.gradients(), at.velocities)
    actual = at.tangent().push(at.factors, at.velocities)
    assert_identical(actual, expected, claim="push does not contract the gradients.")


def gram_contracts_gradients(at: Place) -> None:
    """gram = sum_j weights_j grad g_j(x_i) . grad g_j(x'_l) with rows i k + c, other inputs x' included."""
    there = replace(at, inputs=normals(DATA, INPUTS, seed=36))
    for other in (at, there):
        rows, columns = at.gradients().flatten(1, 2), other.gradients().flatten(1, 2)
        expected = torch.einsum("j,jrq,jsq->rs", at.factors, rows, columns)
        actual = at.tangent().gram(at.factors, other.tangent())
        assert_identical(actual, expected, claim="gram is not the sum of products of gradients.")


def gram_multiplies_groups_by_their_rates(at: Place) -> None:
    """gram with rates = sum_j weights_j sum_q rate(q) d_q g_j(x_i) d_q g_j(x'_l), also where a rate is zero."""
    groups = groups_of(at.neuron)
    rows = at.gradients().flatten(1, 2)
    for seed in (38, 39):
        rates = normals(len(groups), seed=seed).abs().tolist()
        rates[0] = 0.0 if seed == 39 else rates[0]
        each = rows.new_zeros(at.neuron.dim)
        for part, rate in zip(groups.values(), rates, strict=True):
            each[part] = rate
        expected = torch.einsum("j,jrq,q,jsq->rs", at.factors, rows, each, rows)
        tangent = at.tangent()
        actual = tangent.gram(at.factors, tangent, tuple(rates))
        assert_identical(actual, expected, claim="gram does not multiply groups by their rates.")


def rounding_keeps_the_linearisation(at: Place) -> None:
    """In another dtype Gram matrix and features are the float64 ones to that dtype's rounding."""
    rounded, there = at.tangent().to(torch.float32), replace(at, inputs=normals(DATA, INPUTS, seed=36)).tangent()
    exact = at.tangent().gram(at.factors, there)
    narrow = rounded.gram(at.factors.float(), there.to(torch.float32))
    assert_identical(narrow, exact.float(), operations=1e3, claim="rounding changes the Gram matrix.")
    assert_identical(rounded.features(), at.tangent().features().float(), claim="rounding changes the features.")


def order_of_questions_changes_nothing(at: Place) -> None:
    """What a tangent keeps from one question does not change its next answer, bit for bit."""
    asked = at.tangent()
    asked.predict(at.factors)
    first, then = (tangent.pull(at.factors, at.cotangents) for tangent in (at.tangent(), asked))
    assert torch.equal(first, then), "pull depends on whether predict was asked before."
    assert torch.equal(at.tangent().predict(at.factors), asked.predict(at.factors)), "predict depends on pull."


def particles_stand_alone(at: Place) -> None:
    """A tile of particles answers as in the whole cloud, so permuted particles give permuted answers."""
    order = torch.randperm(PARTICLES, generator=torch.Generator().manual_seed(37))
    tile = at.neuron.tangent(at.positions[order][:3], at.phi)
    whole = at.tangent()
    pulled = whole.pull(at.factors, at.cotangents)[order][:3]
    assert_identical(tile.pull(at.factors[order][:3], at.cotangents), pulled, claim="pull mixes particles.")
    assert_identical(tile.pair(at.cotangents), whole.pair(at.cotangents)[order][:3], claim="pair mixes particles.")
    assert_identical(tile.features(), whole.features()[order][:3], claim="features mix particles.")


def nothing_given_is_written(at: Place) -> None:
    """Positions, inputs and everything contracted with are what they were."""
    before = {name: value.clone() for name, value in vars(at).items() if isinstance(value, Tensor)}
    _answers(at)
    for name, value in before.items():
        assert torch.equal(value, getattr(at, name)), f"The neuron writes into {name}."


def float32_is_kept(at: Place) -> None:
    """float32 in, float32 out, with float32's precision."""
    narrow = place(at.neuron, torch.float32)
    wide = replace(
        narrow, **{name: value.double() for name, value in vars(narrow).items() if isinstance(value, Tensor)}
    )
    for actual, expected in zip(_answers(narrow), _answers(wide), strict=True):
        assert_identical(actual, expected.float(), operations=200, claim="float32 is not kept.")


Law = Callable[[Place], None]
LAWS: list[Law] = [
    gradients_are_slopes_of_features,
    predict_sums_features,
    pair_contracts_features,
    pull_contracts_gradients,
    push_contracts_gradients,
    gram_contracts_gradients,
    gram_multiplies_groups_by_their_rates,
    rounding_keeps_the_linearisation,
    order_of_questions_changes_nothing,
    particles_stand_alone,
    nothing_given_is_written,
    float32_is_kept,
]


def _answers(at: Place) -> list[Tensor]:
    tangent = at.tangent()
    return [
        tangent.features(),
        tangent.predict(at.factors),
        tangent.pair(at.cotangents),
        tangent.pull(at.factors, at.cotangents),
        tangent.push(at.factors, at.velocities),
        tangent.gram(at.factors, tangent),
    ]
