"""The gradient flow of a problem written out again in numpy, from the formulas of DESIGN section 3 alone.

    f(x_i) = sum_j s_j a_j sigma(w_j . phi_i),
    d theta_j / dt = -eta_j rate(q) (grad_j sum_i p_i loss(f_i, y_i) + lambda_j strength(q) theta_j),

with sigma and its two derivatives from scipy, without cancellation, and the whole Jacobian, not its Gauss-Newton part.
"""

import math
from collections.abc import Callable, Mapping
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import erf, expit, ndtr

from particles import (
    GELU,
    NTK,
    Biased,
    CrossEntropy,
    Erf,
    Identity,
    Lazy,
    LeakyReLU,
    Linear,
    Logistic,
    MeanField,
    Power,
    Quadratic,
    RandomFeatures,
    ReLU,
    Sigmoid,
    SiLU,
    Softplus,
    Squared,
    Tanh,
)
from tests.flows.law.random_problems import GROUPS, Problem

Array = NDArray[np.float64]
Derivatives = tuple[Array, Array, Array]


def _sech_squared(z: Array) -> Array:
    small = np.exp(-2.0 * np.abs(z))
    return 4.0 * small / (1.0 + small) ** 2


def _sigmoid(z: Array) -> Derivatives:
    value, other = expit(z), expit(-z)
    return value, value * other, value * other * (other - value)


def _silu(z: Array) -> Derivatives:
    value, slope, bend = _sigmoid(z)
    return z * value, value + z * slope, 2.0 * slope + z * bend


def _gelu(z: Array) -> Derivatives:
    below, density = ndtr(z), np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    return z * below, below + z * density, density * (2.0 - z * z)


def _erf(z: Array) -> Derivatives:
    slope = 2.0 / math.sqrt(math.pi) * np.exp(-z * z)
    return erf(z), slope, -2.0 * z * slope


def _broken(slope: float) -> Callable[[Array], Derivatives]:
    return lambda z: (np.where(z > 0, z, slope * z), np.where(z > 0, 1.0, slope), np.zeros_like(z))


def sigma(activation: object) -> Callable[[Array], Derivatives]:
    """From z to sigma, sigma' and sigma''."""
    known: dict[type, Callable[[Array], Derivatives]] = {
        Linear: lambda z: (z, np.ones_like(z), np.zeros_like(z)),
        ReLU: _broken(0.0),
        Erf: _erf,
        Tanh: lambda z: (np.tanh(z), _sech_squared(z), -2.0 * np.tanh(z) * _sech_squared(z)),
        Sigmoid: _sigmoid,
        Softplus: lambda z: (np.logaddexp(0.0, z), *_sigmoid(z)[:2]),
        GELU: _gelu,
        SiLU: _silu,
    }
    return _broken(activation.slope) if isinstance(activation, LeakyReLU) else known[type(activation)]


def embedded(embedding: object, x: Array) -> Array:
    """phi(x_i) [data, features]."""
    if isinstance(embedding, Identity):
        return x / math.sqrt(x.shape[1])
    if isinstance(embedding, Quadratic):
        return np.einsum("id,ie->ide", x, x).reshape(len(x), -1) / x.shape[1]
    if isinstance(embedding, Biased):
        return np.hstack([embedded(embedding.inner, x), np.ones((len(x), 1))])
    if isinstance(embedding, RandomFeatures):
        z = embedded(embedding.inner, x) @ embedding.weights.numpy().T
        return sigma(embedding.activation)(z)[0] / math.sqrt(embedding.count)
    raise TypeError(f"No formula stands here for {type(embedding).__name__}.")


def factors(scaling: object, masses: Array) -> tuple[Array, Array]:
    """s_j and eta_j [particles], zero for mass zero."""
    if isinstance(scaling, MeanField | Lazy):
        c = scaling.scale if isinstance(scaling, Lazy) else 1.0
        pairs = [(c * mass, 1.0 / (c * c * mass)) if mass > 0 else (0.0, 0.0) for mass in masses]
    elif isinstance(scaling, NTK | Power):
        p = scaling.exponent if isinstance(scaling, Power) else 0.5
        pairs = [(mass**p, mass ** (1.0 - 2.0 * p)) if mass > 0 else (0.0, 0.0) for mass in masses]
    else:
        raise TypeError(f"No formula stands here for {type(scaling).__name__}.")
    first, second = zip(*pairs, strict=True)
    return np.array(first), np.array(second)


class PlainFlow:
    """Velocity, predictions and Jacobian at a displacement [particles * dim] from the start."""

    def __init__(self, problem: Problem) -> None:
        risk, cloud = problem.risk, problem.cloud
        neuron, data = risk.neuron, risk.data
        phi = embedded(neuron.embedding, data.inputs.numpy().astype(float))
        self.phi = torch.from_numpy(phi).to(cloud.dtype).double().numpy()
        self.targets, self.weights = (part.to(cloud.dtype).double().numpy() for part in (data.targets, data.weights))
        self.start = cloud.positions.double().numpy()
        self.masses = cloud.masses.double().numpy()
        self.speaks, self.eta = factors(risk.scaling, self.masses)
        self.sigma, self.loss = sigma(neuron.activation), risk.loss
        self.split, self.k = neuron.hidden, neuron.outputs
        self.strength = self.spread(0.0 if risk.regulariser is None else risk.regulariser.strength, 0.0)
        self.moves = np.zeros(neuron.dim)
        self.moves[neuron.trained_columns] = 1.0
        self.rate = self.eta[:, None] * self.moves * self.spread(risk.scaling.rates or {}, 1.0)

    def spread(self, numbers: object, rest: float) -> Array:
        """The number of every coordinate [dim], from one for all or those of hidden and output weights."""
        each = numbers if isinstance(numbers, Mapping) else dict.fromkeys(GROUPS, numbers)
        hidden, output = (float(each.get(name, rest)) for name in GROUPS)
        return np.array([hidden] * self.split + [output] * self.k)

    @cached_property
    def free(self) -> NDArray[np.intp]:
        """Numbers of the coordinates that move."""
        return np.flatnonzero(self.rate.reshape(-1))

    @cached_property
    def held(self) -> NDArray[np.intp]:
        """Numbers of the coordinates that do not."""
        return np.flatnonzero(self.rate.reshape(-1) == 0.0)

    @property
    def size(self) -> int:
        """How many coordinates move."""
        return len(self.free)

    def positions(self, displacement: Array) -> Array:
        """[particles, dim]."""
        theta = self.start.reshape(-1).copy()
        theta[self.free] += displacement
        return theta.reshape(self.start.shape)

    def predictions(self, displacement: Array) -> Array:
        """f(x_i) [data, outputs]."""
        theta = self.positions(displacement)
        value = self.sigma(theta[:, : self.split] @ self.phi.T)[0]
        return value.T @ (self.speaks[:, None] * theta[:, self.split :])

    def residual(self, f: Array) -> Array:
        """d loss / d f [data, outputs], without cancellation where a softmax is saturated."""
        if isinstance(self.loss, Squared):
            return f - self.targets
        if isinstance(self.loss, Logistic):
            return -self.targets * expit(-self.targets * f)
        q = self._softmax(f)
        rows = q[:, :, None] * self.targets[:, None, :]
        return (rows - rows.transpose(0, 2, 1)).sum(axis=2)

    def curvature(self, f: Array) -> Array:
        """d^2 loss / d f^2 [data, outputs, outputs]."""
        if isinstance(self.loss, Squared):
            return np.tile(np.eye(self.k), (len(f), 1, 1))
        if isinstance(self.loss, Logistic):
            return (expit(f) * expit(-f))[:, :, None] * np.eye(self.k)
        q = self._softmax(f)
        away = -q[:, :, None] * q[:, None, :]
        away[:, range(self.k), range(self.k)] = 0.0
        away[:, range(self.k), range(self.k)] = -away.sum(axis=2)
        return away

    def _softmax(self, f: Array) -> Array:
        if not isinstance(self.loss, CrossEntropy):
            raise TypeError(f"No formula stands here for {type(self.loss).__name__}.")
        e = np.exp(f - f.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def velocity(self, displacement: Array) -> Array:
        """d displacement / dt [moving coordinates]."""
        theta = self.positions(displacement)
        a = theta[:, self.split :]
        value, slope, _ = self.sigma(theta[:, : self.split] @ self.phi.T)
        f = value.T @ (self.speaks[:, None] * a)
        q = self.weights[:, None] * self.residual(f)
        gradient = self.speaks[:, None] * np.hstack([(slope * (a @ q.T)) @ self.phi, value @ q])
        gradient += self.strength * self.masses[:, None] * theta
        return -(self.rate * gradient).reshape(-1)[self.free]

    def features(self, displacement: Array) -> Array:
        """d f / d theta [data, outputs, moving coordinates]."""
        theta = self.positions(displacement)
        value, slope, _ = self.sigma(theta[:, : self.split] @ self.phi.T)
        m, n = value.shape
        result = np.zeros((n, self.k, m, self.split + self.k))
        speaking = self.speaks[:, None] * theta[:, self.split :]
        result[..., : self.split] = np.einsum("jc,ji,id->icjd", speaking, slope, self.phi)
        for c in range(self.k):
            result[:, c, :, self.split + c] = value.T * self.speaks
        return result.reshape(n, self.k, -1)[..., self.free]

    def jacobian(self, displacement: Array) -> Array:
        """d velocity / d displacement."""
        theta = self.positions(displacement)
        a = theta[:, self.split :]
        value, slope, bend = self.sigma(theta[:, : self.split] @ self.phi.T)
        f = value.T @ (self.speaks[:, None] * a)
        q = self.weights[:, None] * self.residual(f)
        gradients = self.features(displacement)
        curved = self.weights[:, None, None] * self.curvature(f)
        result = np.einsum("ica,ice,ieb->ab", gradients, curved, gradients, optimize=True)
        m, dim = theta.shape
        own = np.zeros((m, dim, dim))
        own[:, : self.split, : self.split] = np.einsum("ji,id,ie->jde", bend * (a @ q.T), self.phi, self.phi)
        mixed = np.einsum("ic,ji,id->jdc", q, slope, self.phi)
        own[:, : self.split, self.split :] = mixed
        own[:, self.split :, : self.split] = mixed.transpose(0, 2, 1)
        own *= self.speaks[:, None, None]
        own += self.masses[:, None, None] * np.diag(self.strength)
        full = np.zeros((m, dim, m, dim))
        full[range(m), :, range(m), :] = own
        result += full.reshape(m * dim, m * dim)[np.ix_(self.free, self.free)]
        return -self.rate.reshape(-1)[self.free][:, None] * result
