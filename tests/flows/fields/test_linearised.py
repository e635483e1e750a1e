"""The linear model around an anchor: its predictions, its gradient flow, and the exact solution of that flow."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import mpmath
import pytest
import torch
from torch import Tensor

from flows import (
    BDF,
    RK4,
    Adaptive,
    Draws,
    Euler,
    GradientFlow,
    HeavyBall,
    LinearisedFlow,
    LinearisedRisk,
    Minibatches,
    Trace,
    evolve,
)
from flows.integrators.function_space.gauss_newton import GaussNewton
from flows.integrators.function_space.shifted_solve import Shifted
from particles import (
    NTK,
    Dataset,
    FlowRefused,
    Identity,
    Lazy,
    Linear,
    Logistic,
    MeanField,
    ParticleCloud,
    Perceptron,
    Risk,
    Scaling,
    ShapeError,
    Squared,
    Tanh,
    Unresolved,
    tangent_gram,
)
from tests.long import long_after
from tests.problems import FACTORS, network_cloud, network_risk, numbers
from tests.tolerances import assert_identical, relative_error

SCALINGS = [scaling for scaling, _, _ in FACTORS]
TRAINED = ["hidden", "output", "both"]
#: RK4 with 200 steps: (rate h)^4 / 120 for the rates of these problems.
RK4_ERROR = 1e-8


def displaced(outputs: int = 1, size: float = 0.5) -> ParticleCloud:
    """The anchor's particles elsewhere."""
    cloud = network_cloud(outputs)
    return cloud.moved(cloud.positions + size * numbers(9, *cloud.positions.shape))


def written_out(risk: Risk, cloud: ParticleCloud, inputs: Tensor) -> Tensor:
    """f(theta_0) + J_0 (theta - theta_0) by automatic differentiation of the network in plain torch."""
    anchor, neuron = network_cloud(risk.data.outputs), risk.network.neuron
    s = risk.scaling.factor(anchor.masses)

    def network(positions: Tensor) -> Tensor:
        hidden, output = positions[:, :3], positions[:, 3:]
        return torch.tanh(inputs @ hidden.T / math.sqrt(3.0)) @ (s[:, None] * output)

    columns = neuron.trained_columns
    slopes = torch.as_tensor(torch.autograd.functional.jacobian(network, anchor.positions))[..., columns]
    moved = (cloud.positions - anchor.positions)[:, columns]
    return network(anchor.positions) + torch.einsum("icjq,jq->ic", slopes, moved)


@pytest.mark.parametrize("trained", TRAINED)
@pytest.mark.parametrize("scaling", SCALINGS, ids=str)
def test_predictions_are_linear_around_the_anchor(scaling: Scaling, trained: str) -> None:
    """Assert that f_lin is f(theta_0) + J_0 (theta - theta_0) on the data and on other inputs, for two outputs."""
    risk, cloud, others = network_risk(scaling, trained=trained, outputs=2), displaced(2), numbers(8, 5, 3)
    flow = LinearisedFlow(risk, network_cloud(2))
    assert_identical(flow.predictions(cloud), written_out(risk, cloud, risk.data.inputs))
    assert_identical(flow.predictions(cloud, others), written_out(risk, cloud, others))
    assert relative_error(flow.predictions(cloud), risk.predictions(cloud)) > 1e-3, "nothing to linearise"


@pytest.mark.parametrize("trained", TRAINED)
@pytest.mark.parametrize("scaling", SCALINGS, ids=str)
def test_velocity_is_the_gradient_of_the_linear_models_risk(scaling: Scaling, trained: str) -> None:
    """Assert that the velocity is -eta_j grad of sum_i p_i |f_lin - y|^2 / 2 + sum_j lambda_j (c / 2) |theta_j|^2 by
    autograd, regulariser and weighted data included, and that `linearised` is that risk."""
    risk, cloud = network_risk(scaling, trained=trained, strength=0.2, outputs=2), displaced(2)
    positions, columns = cloud.positions.clone().requires_grad_(), risk.network.neuron.trained_columns
    misfit = written_out(risk, cloud.moved(positions), risk.data.inputs) - risk.data.targets
    value = 0.5 * risk.data.weights @ misfit.square().sum(dim=1)
    value = value + 0.1 * cloud.masses @ positions[:, columns].square().sum(dim=1)
    gradient = torch.autograd.grad(value, positions)[0]
    flow = LinearisedFlow(risk, network_cloud(2))
    expected = torch.zeros_like(gradient)
    expected[:, columns] = -scaling.mobility(cloud.masses)[:, None] * gradient[:, columns]
    assert_identical(flow.velocity(cloud), expected)
    assert_identical(flow.linearised(cloud), value.detach())


def test_at_the_anchor_it_is_the_gradient_flow() -> None:
    """Assert that where the model was linearised nothing is lost, and that elsewhere something is."""
    risk, flow = network_risk(), LinearisedFlow(network_risk(), network_cloud())
    assert_identical(flow.velocity(network_cloud()), risk.velocity(network_cloud()))
    assert relative_error(flow.velocity(displaced()), risk.velocity(displaced())) > 1e-2


@pytest.mark.parametrize("trained", TRAINED)
@pytest.mark.parametrize("scaling", long_after(1, [Lazy(3.0), NTK(), MeanField()]), ids=str)
def test_exact_solution_is_where_the_flow_goes(scaling: Scaling, trained: str) -> None:
    """Assert that the exact solution at three times is that of RK4, weighted data and two outputs included."""
    risk = network_risk(scaling, trained=trained, outputs=2)
    flow, start = LinearisedFlow(risk, network_cloud(2)), displaced(2)
    rate = float(torch.linalg.eigvalsh(tangent_gram(risk, network_cloud(2)))[-1]) * float(risk.data.weights.max())
    for time in (0.5 / rate, 8.0 / rate):
        end = evolve(flow, start, RK4(time / 200.0), until=time)
        moved = end.positions - start.positions
        assert relative_error(flow.exact(time, start).positions - start.positions, moved) < RK4_ERROR


def test_exact_solution_begins_at_the_anchor() -> None:
    """Assert that the start is the anchor where none is given, that time zero is the start, and masses are kept."""
    flow = LinearisedFlow(network_risk(), network_cloud())
    assert torch.equal(flow.exact(0.0).positions, network_cloud().positions)
    assert torch.equal(flow.exact(0.0, displaced()).positions, displaced().positions)
    assert_identical(flow.exact(2.0).positions, flow.exact(2.0, network_cloud()).positions)
    assert torch.equal(flow.exact(2.0).masses, network_cloud().masses)


def test_exact_solution_composes() -> None:
    """Assert that going on from time 1 to time 3 is going to time 3."""
    flow = LinearisedFlow(network_risk(), network_cloud())
    assert_identical(flow.exact(2.0, flow.exact(1.0)).positions, flow.exact(3.0).positions)


def test_infinite_time_fits_the_data() -> None:
    """Assert that with more parameters than data the residual is zero at infinite time, with the smallest movement: a
    combination of the tangent features, the pseudo-inverse solution."""
    flow = LinearisedFlow(network_risk(NTK()), network_cloud())
    end = flow.exact(math.inf)
    assert float(flow.linearised.residual(end).abs().max()) < 1e-10
    rows = torch.stack([jacobian_row(flow, i) for i in range(7)])
    target = -flow.linearised.residual(network_cloud()).reshape(-1)
    least = torch.linalg.lstsq(rows, target[:, None], driver="gelsd").solution
    moved = (end.positions - network_cloud().positions).reshape(-1)
    assert relative_error(moved, least.reshape(-1)) < 1e-8


def jacobian_row(flow: LinearisedFlow, datum: int) -> Tensor:
    """Gradient of f_lin(x_i) in all coordinates, the mobilities being one."""
    cotangent = torch.zeros(7, 1, dtype=torch.float64)
    cotangent[datum] = 1.0
    return flow.linearised.tangent(network_cloud()).pull(cotangent).reshape(-1)


def twice(risk: Risk) -> Risk:
    """The risk with its first three data given a second time with other targets, and one datum without weight."""
    data = risk.data
    inputs, targets = torch.cat([data.inputs, data.inputs[:3]]), torch.cat([data.targets, -data.targets[:3]])
    weights = torch.cat([0.5 * data.weights, data.weights[:3]])
    weights[4] = 0.0
    return risk.on(Dataset(inputs, targets, weights / weights.sum()))


@pytest.mark.parametrize("time", [3.0, 1e3, 1e14, math.inf])
def test_singular_gram_matrix(time: float) -> None:
    """Assert that repeated inputs with contradictory targets leave finite positions at every time, and that what can be
    learned is: at late times the weighted least-squares fit."""
    risk = twice(network_risk(NTK()))
    flow = LinearisedFlow(risk, network_cloud())
    end = flow.exact(time)
    assert bool(torch.isfinite(end.positions).all())
    if time == 3.0:
        later = evolve(flow, network_cloud(), RK4(0.02), until=3.0)
        assert relative_error(end.positions, later.positions) < RK4_ERROR
    if time > 1e10:
        gradient = flow.velocity(end)
        assert float(gradient.abs().max()) < 1e-10 * float(flow.velocity(network_cloud()).abs().max())
        assert float(flow.linearised.residual(end).abs().max()) > 0.1, "the targets do not contradict each other"


def test_late_time_does_not_drift_in_directions_that_are_never_learned() -> None:
    """Assert that from time 1e8 to infinity a singular problem stands still."""
    flow = LinearisedFlow(twice(network_risk(NTK())), network_cloud())
    assert relative_error(flow.exact(1e12).positions, flow.exact(math.inf).positions) < 1e-9


def test_wide_lazy_network_follows_its_linearisation() -> None:
    """Assert that the distance between a network in NTK scaling and its linear model falls with the width."""
    gaps = []
    for count in (100, 1600):
        neuron = Perceptron(Tanh(), Identity(3))
        cloud = ParticleCloud(torch.cat([numbers(1, count, 3), numbers(2, count, 1).sign()], dim=1))
        risk = replace(network_risk(NTK()), neuron=neuron)
        end = evolve(LinearisedFlow(risk, cloud), cloud, Euler(0.5), until=10.0)
        trace = Trace(f=risk.predictions)
        evolve(GradientFlow(risk), cloud, Euler(0.5), until=10.0, observers=[trace])
        gaps.append(float((torch.from_numpy(trace["f"][-1]) - LinearisedFlow(risk, cloud).predictions(end)).norm()))
    assert gaps[1] < 0.5 * gaps[0]


def test_single_precision_is_kept() -> None:
    """Assert that a float32 cloud is moved in float32 around a float64 anchor."""
    flow = LinearisedFlow(network_risk(), network_cloud())
    narrow = displaced().to(dtype=torch.float32)
    velocity = flow.velocity(narrow)
    assert velocity.dtype == torch.float32
    assert relative_error(velocity.double(), flow.velocity(displaced())) < 1e-5


def test_user_neurons_are_linearised_too() -> None:
    """Assert that a neuron known by its feature alone has the linear model of the closed form."""

    class Written:
        dim = 4

        def feature(self, theta: Tensor, x: Tensor) -> Tensor:
            return theta[3] * torch.tanh(theta[:3] @ x / math.sqrt(3.0))

    risk = network_risk()
    written = replace(risk, neuron=Written())
    for time in (1.0, math.inf):
        assert_identical(
            LinearisedFlow(written, network_cloud()).exact(time).positions,
            LinearisedFlow(risk, network_cloud()).exact(time).positions,
            operations=1e6,
        )


def test_exact_solution_of_other_losses_and_regularised_risks_is_refused() -> None:
    """Assert that what has no closed form here is refused with what to do."""
    data = Dataset(numbers(1, 7, 3), numbers(2, 7, 1).sign())
    logistic = replace(network_risk(), loss=Logistic(), data=data)
    with pytest.raises(TypeError, match="needs the squared loss, but the risk has Logistic; use evolve"):
        LinearisedFlow(logistic, network_cloud()).exact(1.0)
    with pytest.raises(ValueError, match="without regulariser, but this one has strength 0.2; use evolve"):
        LinearisedFlow(network_risk(strength=0.2), network_cloud()).exact(1.0)
    for time in (-1.0, math.nan):
        with pytest.raises(ValueError, match="asked for at time .*, but a non-negative one is needed"):
            LinearisedFlow(network_risk(), network_cloud()).exact(time)


def test_logistic_risk_descends_along_the_flow() -> None:
    """Assert that the flow of the linear model takes any loss, and that its risk falls."""
    data = Dataset(numbers(1, 7, 3), numbers(2, 7, 1).sign())
    flow = LinearisedFlow(replace(network_risk(), loss=Logistic(), data=data), network_cloud())
    trace = Trace(risk=flow.linearised)
    evolve(flow, network_cloud(), RK4(0.2), until=4.0, observers=[trace])
    assert bool((trace["risk"][1:] < trace["risk"][:-1]).all())


def test_other_particles_than_the_anchors_are_refused() -> None:
    """Assert that a cloud of another size is refused."""
    flow = LinearisedFlow(network_risk(), network_cloud())
    cloud = network_cloud()
    with pytest.raises(ShapeError, match=r"The anchor has shape \(6, 4\) but the cloud \(5, 4\)"):
        flow.velocity(ParticleCloud(cloud.positions[:5]))


def test_linearised_risk_is_a_value() -> None:
    """Assert that the linear model's risk can be made alone, and is the network's own at the anchor."""
    risk = network_risk(strength=0.3)
    assert_identical(LinearisedRisk(risk, network_cloud())(network_cloud()), risk(network_cloud()))
    assert isinstance(LinearisedFlow(risk, network_cloud()).linearised.risk.loss, Squared)


def two_units(ratio: float, outputs_of: tuple[float, ...] = (1.0, -1.0)) -> tuple[LinearisedFlow, Tensor]:
    """Linear neurons that start at zero on data whose second column is `ratio` times the first, and what fits them."""
    x = torch.tensor([[1.0, ratio], [-1.0, 2.0 * ratio], [1.0, ratio]], dtype=torch.float64)[: len(outputs_of)]
    neuron = Perceptron(Linear(), Identity(2))
    anchor = ParticleCloud(torch.tensor([[0.0, 0.0, 1.0], [0.0, 0.0, -1.0]], dtype=torch.float64))
    risk = Risk(neuron, MeanField(), Squared(), Dataset(x, torch.tensor(outputs_of, dtype=torch.float64)))
    return LinearisedFlow(risk, anchor), x


def learned(x: Tensor, y: tuple[float, ...], time: float) -> Tensor:
    """Sum over particles of lambda a w at a time, from zero, at 60 digits: dW/dt = -(1/n) phi^T (phi W - y)."""
    with mpmath.workdps(60):
        phi = mpmath.matrix((x).tolist()) / mpmath.sqrt(2)
        square, right = phi.T * phi / len(y), phi.T * mpmath.matrix(list(y)) / len(y)
        rates, modes = mpmath.eigsy(square)
        parts = modes.T * right
        gains = [(1 - mpmath.exp(-rate * time)) / rate if math.isfinite(time) else 1 / rate for rate in rates]
        result = modes * mpmath.matrix([gain * part for gain, part in zip(gains, parts, strict=True)])
        return torch.tensor([float(each) for each in result], dtype=torch.float64)


@pytest.mark.parametrize("targets", [(1.0, -1.0), (1.0, -1.0, 0.5)], ids=["two", "three"])
@pytest.mark.parametrize("time", [1.0, 30.0, math.inf])
@pytest.mark.parametrize("ratio", [1.0, 1e4, 1e8])
def test_units_of_columns_cost_no_digits(ratio: float, time: float, targets: tuple[float, ...]) -> None:
    """Assert that the exact solution is right to 1e-12 whatever the units of the columns, contradictory data too."""
    flow, x = two_units(ratio, targets)
    moved = flow.exact(time).positions[:, :2]
    assert relative_error(0.5 * (moved[0] - moved[1]), learned(x, targets, time)) < 1e-12
    assert_identical(moved[1], -moved[0])


@pytest.mark.parametrize("ratio", [1.0, 1e4, 1e7])
def test_large_problems_go_by_the_gram_matrix_or_are_refused(ratio: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that where no factor is affordable, answers are right to 1e-6 or refused with advice."""
    monkeypatch.setattr("flows.fields.linearised.CHEAP", 0)
    flow, _ = two_units(ratio)
    affordable = flow.exact(30.0).positions
    monkeypatch.setattr("flows.fields.linearised.AFFORDABLE", 0)
    flow, _ = two_units(ratio)
    if ratio > 1e6:
        with pytest.raises(Unresolved, match="standardise the inputs"):
            flow.exact(30.0)
        return
    assert relative_error(flow.exact(30.0).positions, affordable) < 1e-6


@pytest.mark.parametrize("trained", TRAINED)
@pytest.mark.parametrize("scaling", SCALINGS, ids=str)
def test_at_a_cloud_it_offers_what_integrators_in_function_space_need(scaling: Scaling, trained: str) -> None:
    """Assert that Gauss-Newton's velocity and solution of 1 - h A are those of the dense linear model, with L2."""
    risk, anchor, cloud = (
        network_risk(scaling, trained=trained, strength=0.2, outputs=2),
        network_cloud(2),
        displaced(2),
    )
    flow, size = LinearisedFlow(risk, anchor), 0.7
    stiff = GaussNewton.of(flow.linearised, cloud)
    assert_identical(stiff.velocity, flow.velocity(cloud))
    right = numbers(3, *cloud.positions.shape)
    columns = risk.network.neuron.trained_columns
    moving = torch.zeros_like(right)
    moving[:, columns] = right[:, columns]
    solved = Shifted(stiff, size).solve(moving).vector
    # The linear model has no other curvature: F(theta + h v) - F(theta) is h A v to the bit, but for rounding.
    change = flow.velocity(cloud.moved(cloud.positions + size * solved)) - flow.velocity(cloud)
    assert_identical(solved - change, moving, operations=1e5)


@pytest.mark.parametrize("make", [Euler, lambda step: HeavyBall(step, 0.0)])
def test_batches_descend_the_linear_model(make: Callable[[float], Any]) -> None:
    """Assert that Euler with batches is theta <- theta - h M J_B^T P_B r_B written out, r_B the linear model's residual
    on the batch, and that steps across two batches and the exact solution are refused."""
    risk, anchor, draws = network_risk(NTK(), outputs=2), network_cloud(2), Draws(3, seed=4)
    flow = LinearisedFlow(risk, anchor, Minibatches(draws, 0.1))
    end = evolve(flow, anchor, make(0.05), until=1.0).positions
    moved = anchor.positions
    for number in range(20):
        batch = risk.on(draws.batch(risk.data, number // 2))
        jacobian = torch.func.jacrev(lambda at, batch=batch: batch.predictions(anchor.moved(at)))(anchor.positions)
        there = batch.predictions(anchor) + torch.einsum("ikjq,jq->ik", jacobian, moved - anchor.positions)
        weighed = batch.data.weights[:, None] * (there - batch.data.targets)
        moved = moved - 0.05 * torch.einsum("ikjq,ik->jq", jacobian, weighed)
    assert_identical(end, moved)
    assert flow.piece == 0.1 and not flow.solvable and LinearisedFlow(risk, anchor).piece is None
    for integrator in (make(0.15), Adaptive(), BDF()):
        with pytest.raises(FlowRefused, match=r"LinearisedFlow goes over to its next batch .*; take Euler\(0.1\)"):
            evolve(flow, anchor, integrator, until=1.0)
    with pytest.raises(TypeError, match="The exact solution is that of the risk on all data, but this flow has batch"):
        flow.exact(1.0)
