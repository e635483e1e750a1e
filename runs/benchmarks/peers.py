"""The solvers that people use today, on our flows: SUNDIALS CVODE through scikit-sundae, and torchdiffeq.

Both are imported only when they are used. Their right sides are as fast as our own: they are in closed form, and their
tensors share memory with the solver's arrays.
"""

import importlib
import importlib.util
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from particles import ParticleCloud, Perceptron, ReLU, Softplus, Tanh
from runs.benchmarks.timed_flows import TimedFlow

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Outcome:
    """The end of a run, with the numbers of velocities and of products of the Jacobian with a vector."""

    cloud: ParticleCloud
    velocities: int
    products: int = 0


def installed(module: str) -> bool:
    """Whether the module of a peer can be imported."""
    return importlib.util.find_spec(module) is not None


class Velocity:
    """The velocity d w / dt of hidden weights with one output, and the product of its Jacobian with a vector.

    Both are exact, and their calls are counted. Raises TypeError for any other neuron.

    F_j = -c_j sum_i p_i r_i sigma'_ij phi_i,   c_j = eta_j s_j a_j,   r_i = sum_j s_j a_j sigma_ij - y_i,
    (F' v)_j = -c_j sum_i [p_i (J v)_i sigma'_ij + p_i r_i sigma''_ij (v_j . phi_i)] phi_i.
    """

    def __init__(self, problem: TimedFlow) -> None:
        risk = problem.flow.risk
        cloud = problem.cloud
        neuron = risk.neuron
        if not isinstance(neuron, Perceptron) or neuron.trained != "hidden" or neuron.outputs != 1:
            raise TypeError(
                "The peers' right side is written for perceptrons with one output and hidden weights trained."
            )
        data = risk.prepared(cloud)
        self._activation, self._hidden = neuron.activation, neuron.hidden
        self._phi, self._targets, self._p = data.phi, data.targets, data.weights[:, None]
        self._speak = risk.scaling.factor(cloud.masses)[:, None] * cloud.positions[:, neuron.hidden :]
        self._listen = -risk.scaling.mobility(cloud.masses)[:, None] * self._speak
        self.velocities = self.products = 0

    def right_side(self, time: float, weights: Array, out: Array) -> None:
        """Write F to `out`."""
        self.velocities += 1
        slope, pulled = self._linearised(weights)
        out[:] = (self._listen * (slope @ (pulled * self._phi))).reshape(-1).numpy()

    def set_up(self, time: float, weights: Array, slopes: Array) -> None:
        """Compute sigma' and p r sigma'' at the point of the next products."""
        self._slope, pulled = self._linearised(weights)
        self._bend = _second_derivative(self._activation, self._pre) * pulled.T

    def product(self, time: float, weights: Array, slopes: Array, vector: Array, out: Array) -> None:
        """Write F' v to `out`."""
        self.products += 1
        along = self._tensor(vector) @ self._phi.T
        pushed = self._p * ((self._slope * along).T @ self._speak)
        out[:] = (self._listen * (self._slope @ (pushed * self._phi) + (self._bend * along) @ self._phi)).reshape(-1)

    def _linearised(self, weights: Array) -> tuple[Tensor, Tensor]:
        self._pre = self._tensor(weights) @ self._phi.T
        value = self._activation.value(self._pre)
        residual = value.T @ self._speak - self._targets
        return self._activation.derivative(self._pre, value), self._p * residual

    def _tensor(self, array: Array) -> Tensor:
        return torch.from_numpy(np.array(array)).reshape(-1, self._hidden)


def cvode(problem: TimedFlow, rtol: float) -> Outcome:
    """A run by CVODE: variable-order BDF, Newton by GMRES with exact Jacobian products, atol = rtol / 10."""
    solver = importlib.import_module("sksundae.cvode")
    flow = Velocity(problem)
    columns = slice(0, problem.flow.risk.network.neuron.hidden)
    jacobian = solver.CVODEJacTimes(flow.set_up, flow.product)
    equation = solver.CVODE(
        flow.right_side,
        method="BDF",
        linsolver="gmres",
        krylov_dim=10,
        rtol=rtol,
        atol=0.1 * rtol,
        max_num_steps=1_000_000,
        jactimes=jacobian,
    )
    start = problem.cloud.positions[:, columns].reshape(-1).numpy().copy()
    solution: Any = equation.solve(np.array([0.0, problem.until]), start)
    positions = problem.cloud.positions.clone()
    positions[:, columns] = torch.from_numpy(np.array(solution.y[-1])).reshape(problem.cloud.count, -1)
    return Outcome(problem.cloud.moved(positions), flow.velocities, flow.products)


def torchdiffeq(problem: TimedFlow, rtol: float, method: str) -> Outcome:
    """A run by an explicit Runge-Kutta method of torchdiffeq on our velocity, atol = rtol / 10."""
    solver = importlib.import_module("torchdiffeq")
    asked = 0

    def velocity(time: Tensor, positions: Tensor) -> Tensor:
        nonlocal asked
        asked += 1
        return problem.flow.velocity(problem.cloud.moved(positions), float(time))

    span = torch.tensor([0.0, problem.until], dtype=torch.float64)
    path = solver.odeint(velocity, problem.cloud.positions, span, rtol=rtol, atol=0.1 * rtol, method=method)
    return Outcome(problem.cloud.moved(path[-1]), asked)


def _second_derivative(activation: object, z: Tensor) -> Tensor:
    if isinstance(activation, Softplus):
        logistic = torch.sigmoid(z)
        return logistic * (1.0 - logistic)
    if isinstance(activation, Tanh):
        value = torch.tanh(z)
        return -2.0 * value * (1.0 - value * value)
    if isinstance(activation, ReLU):
        return torch.zeros_like(z)
    raise TypeError(f"The peers' Jacobian product knows Softplus, Tanh and ReLU, but was given {activation}.")
