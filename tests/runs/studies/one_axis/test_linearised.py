"""The linearisations beside plain torch, and the tangent of the bilinear neuron beside autograd."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from flows import Euler, HeavyBall, Minibatches, evolve
from flows.fields.batches import Epochs
from particles import Dataset
from particles.neurons.perceptron_tangent import PerceptronTangent
from runs.studies.one_axis.linearised import CODE, FORMS, NETWORK, STRICT, Bilinear, Model
from runs.studies.one_axis.networks import CONVENTIONS, AxisNetwork
from runs.system.refusal import Refusal
from tests.tolerances import assert_identical

COUNT, ALPHA, RATE, STEPS, BATCH, INPUTS, OUTPUTS = 12, 3.0, 0.05, 7, 8, 5, 3


def network(trained: str = "both") -> AxisNetwork:
    """Twenty rows of five inputs in three classes."""
    random = torch.Generator().manual_seed(0)
    x = torch.randn(20, INPUTS, generator=random, dtype=torch.float64)
    y = torch.eye(OUTPUTS, dtype=torch.float64)[torch.arange(20) % OUTPUTS]
    data = Dataset(x, y)
    return AxisNetwork(data, COUNT, ALPHA, CONVENTIONS["practical"], trained=trained, dtype=torch.float64)


def written(form: str, x: Tensor, theta: Tensor, u: Tensor, theta0: Tensor, u0: Tensor) -> Tensor:
    """The outputs of the three forms, written once more."""
    value = torch.tanh(x @ theta0.T)
    change = (1.0 - value.square()) * (x @ (theta - theta0).T)
    outputs = {
        NETWORK: torch.tanh(x @ theta.T) @ u,
        CODE: (value + change) @ u,
        STRICT: value @ u + change @ u0,
    }
    return ALPHA / COUNT * outputs[form]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_steps_are_those_of_torch(form: str, batched: bool, momentum: float) -> None:
    """Assert that every form takes the steps of torch.optim.SGD on its formula, with batches and without."""
    axis = network()
    start = axis.start(1)
    batches = Minibatches(Epochs(BATCH, 2), RATE) if batched else None
    theta0, u0 = start.positions.split([INPUTS, OUTPUTS], dim=1)
    theta, u = theta0.clone().requires_grad_(), u0.clone().requires_grad_()
    etas = axis.convention.etas(RATE, ALPHA, COUNT)
    groups = [{"params": [p], "lr": eta} for p, eta in zip((theta, u), etas, strict=True)]
    optimiser = torch.optim.SGD(groups, lr=RATE, momentum=momentum)
    for number in range(STEPS):
        seen = axis.data if batches is None else batches.batches.batch(axis.data, number)
        optimiser.zero_grad()
        out = written(form, seen.inputs, theta, u, theta0, u0)
        torch.nn.functional.cross_entropy(out, seen.targets).backward()
        optimiser.step()
    model = Model.of(form, axis.risk, start, batches)
    method = HeavyBall(RATE, momentum=momentum) if momentum else Euler(RATE)
    end = evolve(model.flow, model.start, method, until=STEPS * RATE)
    assert_identical(model.plain(end).positions, torch.cat([theta, u], dim=1).detach())
    there = Dataset(axis.data.inputs + 1.0, axis.data.targets)
    for data, given in ((axis.data, None), (there, there)):
        loss = torch.nn.functional.cross_entropy(written(form, data.inputs, theta, u, theta0, u0), data.targets)
        assert model.loss(end, given) == pytest.approx(float(loss.detach()), rel=1e-12)


def test_forms_are_three_models() -> None:
    """Assert that all agree at the start, and that no two of them do after some steps."""
    axis = network()
    start = axis.start(1)
    models = [Model.of(form, axis.risk, start) for form in FORMS]
    first = [model.loss(model.start) for model in models]
    assert first == pytest.approx([first[0]] * 3, rel=1e-12)
    ends = [m.plain(evolve(m.flow, m.start, Euler(RATE), until=STEPS * RATE)).positions for m in models]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert float((ends[one] - ends[other]).abs().max()) > 1e-4


def test_both_linearisations_are_one_where_u_stands_still() -> None:
    """Assert that with the hidden weights alone trained the form of the code is the strict one."""
    axis = network("hidden")
    code, strict = (Model.of(form, axis.risk, axis.start(1)) for form in (CODE, STRICT))
    ends = [model.plain(evolve(model.flow, model.start, Euler(RATE), until=1.0)) for model in (code, strict)]
    assert_identical(ends[0].positions, ends[1].positions)


def test_tangent_is_the_derivative_of_the_feature() -> None:
    """Assert that features, products and Gram matrices are those of autograd on the formula, w0 standing still."""
    axis = network()
    neuron = Bilinear(axis.neuron)
    random = torch.Generator().manual_seed(3)
    positions = torch.randn(4, neuron.dim, generator=random, dtype=torch.float64)
    x, factors = axis.data.inputs, torch.rand(4, generator=random, dtype=torch.float64)

    def features(at: Tensor) -> Tensor:
        w0, w, u = at.split([INPUTS, INPUTS, OUTPUTS], dim=1)
        value = torch.tanh(w0 @ x.T)
        hidden = value + (1.0 - value.square()) * ((w - w0) @ x.T)
        return hidden[:, :, None] * u[:, None, :]

    tangent = neuron.tangent(positions, neuron.embed(x))
    jacobian = torch.autograd.functional.jacobian(features, positions)
    gradients = torch.stack([jacobian[j, :, :, j] for j in range(4)])
    gradients[..., :INPUTS] = 0.0
    assert_identical(tangent.features(), features(positions))
    assert_identical(tangent.predict(factors), torch.einsum("j,jic->ic", factors, features(positions)))
    cotangents, velocities = torch.ones(20, OUTPUTS, dtype=torch.float64).cumsum(0), torch.ones_like(positions)
    assert_identical(tangent.pair(cotangents), torch.einsum("ic,jic->j", cotangents, features(positions)))
    pulled = torch.einsum("j,ic,jicq->jq", factors, cotangents, gradients)
    assert_identical(tangent.pull(factors, cotangents), pulled)
    assert_identical(tangent.push(factors, velocities), torch.einsum("j,jicq,jq->ic", factors, gradients, velocities))
    rates = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    expanded = rates.repeat_interleave(torch.tensor([INPUTS, INPUTS, OUTPUTS]))
    rows = gradients.flatten(1, 2)
    for given, rate in ((None, torch.ones_like(expanded)), (tuple(rates.tolist()), expanded)):
        expected = torch.einsum("j,jrq,jsq->rs", factors, rows * rate, rows)
        assert_identical(tangent.gram(factors, tangent, given), expected)


def test_rounded_tangent_is_not_evaluated_again() -> None:
    """Assert that in float32 features are those of float64, rounded."""
    axis = network()
    start = Bilinear(axis.neuron).started(axis.start(1))
    moved = start.positions + 0.3
    tangent = Bilinear(axis.neuron).tangent(moved, axis.data.inputs)
    hidden = replace(tangent, positions=torch.cat([moved[:, INPUTS:-OUTPUTS], torch.ones(COUNT, OUTPUTS)], dim=1))
    single = hidden.to(torch.float32)
    assert isinstance(single, PerceptronTangent)
    assert torch.equal(single.features(), hidden.features().float())


def test_what_is_refused() -> None:
    """Assert that an unknown form and another neuron get a sentence."""
    axis = network()
    with pytest.raises(Refusal, match=r"Unknown form 'linear': choose one of network, code, strict"):
        Model.of("linear", axis.risk, axis.start(1))
    with pytest.raises(TypeError, match="Perceptrons are linearised here, but the risk has Bilinear"):
        Model.of(CODE, replace(axis.risk, neuron=Bilinear(axis.neuron)), axis.start(1))
