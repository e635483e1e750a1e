"""The peers' right side is our flow, its Jacobian product exact, and both solvers come to the same end as we do."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.func import jacrev

from flows import BDF, evolve
from particles import Erf, Perceptron, ReLU, Softplus, Tanh
from runs.benchmarks.peers import Velocity, cvode, installed, torchdiffeq
from runs.benchmarks.timed_flows import TimedFlow, stiff_flow
from tests.tolerances import assert_identical


def small(activation: object = None) -> TimedFlow:
    """Thirty particles, six data, and a time in which they have nearly come to rest."""
    return replace(stiff_flow(count=30, data=6, dim=4, activation=activation), until=300.0)


def flat(problem: TimedFlow) -> np.ndarray:
    """The hidden weights as the solver holds them."""
    return problem.cloud.positions[:, :-1].reshape(-1).numpy().copy()


@pytest.mark.parametrize("activation", [Softplus(), Tanh(), ReLU()], ids=repr)
def test_right_side_is_the_velocity(activation: object) -> None:
    """Assert that the peers integrate our flow, and that evaluations are counted."""
    problem = small(activation)
    flow, out = Velocity(problem), np.empty(30 * 4)
    flow.right_side(0.0, flat(problem), out)
    assert_identical(torch.from_numpy(out).reshape(30, 4), problem.flow.velocity(problem.cloud, 0.0)[:, :-1])
    assert (flow.velocities, flow.products) == (1, 0)


@pytest.mark.parametrize("activation", [Softplus(), Tanh()], ids=repr)
def test_product_is_the_derivative_of_the_right_side(activation: object) -> None:
    """Assert that F' v is the directional derivative of our velocity, curvature of the neurons included."""
    problem = small(activation)
    flow, out, vector = Velocity(problem), np.empty(30 * 4), np.sin(np.arange(120.0))
    flow.set_up(0.0, flat(problem), out)
    flow.product(0.0, flat(problem), out, vector, out)
    direction = torch.cat([torch.from_numpy(vector).reshape(30, 4), torch.zeros(30, 1, dtype=torch.float64)], dim=1)
    jacobian = jacrev(lambda p: autograd_velocity(problem, p))(problem.cloud.positions)
    expected = torch.einsum("jqkr,kr->jq", jacobian, direction)
    assert_identical(torch.from_numpy(out).reshape(30, 4), expected[:, :-1], operations=1e3)
    assert flow.products == 1


def autograd_velocity(problem: TimedFlow, positions: torch.Tensor) -> torch.Tensor:
    """-grad of the risk written out, for functional derivatives."""
    risk, masses = problem.flow.risk, problem.cloud.masses
    data, neuron = risk.data, risk.neuron

    def value(p: torch.Tensor) -> torch.Tensor:
        hidden = neuron.activation.value(p[:, :-1] @ neuron.embed(data.inputs).T)
        return 0.5 * data.weights @ ((masses.sqrt() * p[:, -1]) @ hidden - data.targets[:, 0]).square()

    return -torch.func.grad(value)(positions)


def test_other_neurons_are_refused() -> None:
    """Assert that a right side which would be wrong is refused: both layers trained, and an unknown activation."""
    problem = small()
    both = replace(problem.flow.risk, neuron=Perceptron(Tanh(), problem.flow.risk.neuron.embedding, trained="both"))
    with pytest.raises(TypeError, match="one output and hidden weights trained"):
        Velocity(replace(problem, flow=type(problem.flow)(both)))
    with pytest.raises(TypeError, match=r"knows Softplus, Tanh and ReLU, but was given Erf\(\)"):
        Velocity(small(Erf())).set_up(0.0, flat(problem), np.empty(120))


@pytest.mark.skipif(not installed("sksundae"), reason="scikit-sundae is not installed")
def test_cvode_ends_where_we_end() -> None:
    """Assert that CVODE and our BDF agree to their tolerances, and that both kinds of work are counted."""
    problem = small()
    peer, ours = cvode(problem, 1e-8), evolve(problem.flow, problem.cloud, BDF(1e-7), until=problem.until)
    moved = (ours.positions - problem.cloud.positions).norm()
    assert float((peer.cloud.positions - ours.positions).norm() / moved) < 1e-5
    assert peer.velocities > 50
    assert peer.products > 50


@pytest.mark.parametrize("method", ["dopri5", "dopri8"])
def test_torchdiffeq_ends_where_we_end(method: str) -> None:
    """Assert that torchdiffeq and our BDF agree, and that velocities are counted."""
    problem = replace(small(), until=20.0)
    peer = torchdiffeq(problem, 1e-8, method)
    ours = evolve(problem.flow, problem.cloud, BDF(1e-7), until=problem.until)
    moved = (ours.positions - problem.cloud.positions).norm()
    assert float((peer.cloud.positions - ours.positions).norm() / moved) < 1e-5
    assert peer.velocities > 20
