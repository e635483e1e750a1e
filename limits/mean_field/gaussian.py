"""The mean-field law of linear neurons: mean and covariance at any time under gradient and Langevin flow."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import scipy
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from limits.mean_field.density import law_of_one
from limits.mean_field.free_energy import FreeEnergy
from particles import GaussianLaw, Linear, ParticleCloud, Perceptron, Risk, ShapeError, SymmetricPairs, generator
from particles.arguments.display import line
from particles.arguments.reals import non_negative
from particles.neurons.groups import one_or_per_group
from particles.shapes import Gram, Inputs, Masses, Outputs

Start = GaussianLaw | SymmetricPairs | ParticleCloud
Array = NDArray[np.float64]
PerCoordinate = Float[Tensor, " dim"]


@dataclass(frozen=True, eq=False)
class LinearLaw:
    """The law of a particle theta(t) = propagator theta(0) + noise at one time, made by `GaussianFlow`.

    `propagator` is [dim, dim], and `noise` [dim, dim] is the covariance of the Gaussian noise, which is independent of
    theta(0). `mean` [dim] and `covariance` [dim, dim] are those of theta(t).
    """

    propagator: Gram
    noise: Gram
    mean: Float[Tensor, " dim"]
    covariance: Gram

    def carried(self, cloud: ParticleCloud, seed: int) -> ParticleCloud:
        """A cloud from time 0, carried to this time as independent particles of the limit, with its masses.

        Noise comes from the seed's stream "gaussian". Raises ShapeError for a cloud with another number of coordinates,
        ValueError for a seed that is not a non-negative integer.
        """
        dim = len(self.mean)
        if cloud.dim != dim or self.propagator.shape != (dim, dim) or self.noise.shape != (dim, dim):
            raise ShapeError(
                f"The law is of {dim} coordinates with matrices {tuple(self.propagator.shape)} and "
                f"{tuple(self.noise.shape)}, but the cloud has {cloud.dim}; make them agree."
            )
        positions = cloud.positions.double() @ self.propagator.T
        if bool(self.noise.any()):
            rates, modes = torch.linalg.eigh(self.noise)
            normals = torch.from_numpy(generator(seed, "gaussian").standard_normal(cloud.positions.shape))
            positions = positions + (normals * rates.clamp_min(0.0).sqrt()) @ modes.T
        return cloud.moved(positions.to(cloud.positions))


@dataclass(frozen=True)
class GaussianFlow:
    """The limit of many linear neurons g(theta, x) = a (w . phi(x)) under `LangevinFlow` at temperature T >= 0.

    Let C = E w a^T [D, k]. The network is f(x) = C^T phi(x), and a particle moves by

        dw = -(G a + c w) dt + sqrt(2 T) dW,   da = -(G^T w + c a) dt + sqrt(2 T) dB,   G = sum_i p_i phi_i r_i^T

    in its trained coordinates, where c is the sum of confinement and L2 strength and r_i = loss'(f(x_i), y_i). This is
    linear, with a matrix L(t) that depends on the law only through C. So theta(t) = Phi theta(0) + noise of covariance
    N, with

        Phi' = -L Phi,   N' = -L N - N L^T + 2 T P,   E theta theta^T = Phi S Phi^T + N,

    where S are the second moments at time 0 and P projects on the trained coordinates. Rates of groups multiply the
    rows of L and 2 T P; T and c may be those of groups, and temperatures may differ. This is exact, for any loss, up
    to the `tolerance` with which these equations are solved (by Runge-Kutta steps of order 8). The law is Gaussian if
    the start is. `start` is a law, or a cloud whose particles are taken for the law; at temperature zero that is exact
    for any number of particles under `MeanField`.
    Raises TypeError for a neuron that is not a `Perceptron` with `Linear` activation and for another scaling,
    ValueError for a tolerance outside (0, 1), a negative temperature or confinement, and a start with another number
    of coordinates.
    """

    risk: Risk
    start: Start
    temperature: float | Mapping[str, float] = 0.0
    confinement: float | Mapping[str, float] = 0.0
    tolerance: float = 1e-11

    def __post_init__(self) -> None:
        object.__setattr__(self, "confinement", FreeEnergy(self.risk, 0.0, self.confinement).confinement)
        object.__setattr__(self, "temperature", one_or_per_group(self.temperature, "The temperature", non_negative))
        self.risk.network.check_groups(self.temperature, "The temperatures")
        neuron = self.risk.network.neuron
        if not isinstance(neuron, Perceptron) or not isinstance(neuron.activation, Linear):
            raise TypeError("The law is known in closed form for linear neurons only; give a Perceptron with Linear().")
        if not 0.0 < self.tolerance < 1.0:
            raise ValueError(f"The tolerance is {self.tolerance!r}, but a number between 0 and 1 is needed.")
        mean, _ = self.initial
        if len(mean) != neuron.dim:
            raise ValueError(f"The start has {len(mean)} coordinates, but the neuron {neuron.dim}; make them agree.")

    @property
    def energy(self) -> FreeEnergy:
        """The free energy that decreases along the flow; raises ValueError where groups have different temperatures."""
        return FreeEnergy(self.risk, self.temperature, self.confinement)

    @property
    def initial(self) -> tuple[Float[Tensor, " dim"], Gram]:
        """Mean [dim] and covariance [dim, dim] of a particle at time 0, in float64."""
        if isinstance(self.start, ParticleCloud):
            positions, masses = self.start.positions.double(), self.start.masses.double()
            mean = masses @ positions
            return mean, (positions - mean).T @ (masses[:, None] * (positions - mean))
        law = law_of_one(self.start)
        neuron = self.risk.network.neuron
        outputs = [law.outputs.variance] * neuron.outputs
        variances = torch.tensor([law.variance] * neuron.hidden + outputs, dtype=torch.float64)
        return torch.zeros_like(variances), torch.diag(variances)

    def laws(self, times: Sequence[float]) -> list[LinearLaw]:
        """The laws at rising times, one for each.

        Raises ValueError for times that are not rising and non-negative, ArithmeticError where the equations are not
        solved up to the last time.
        """
        moments = [0.0, *(float(time) for time in times)]
        if not all(0.0 <= time < math.inf for time in moments) or moments[1:] != sorted(set(moments[1:])):
            raise ValueError(f"Times are {line(times)}, but rising non-negative numbers are needed.")
        equation = self._equation
        found = []
        state = np.concatenate([np.eye(equation.dim).ravel(), np.zeros(equation.dim**2)])
        for before, until in pairwise(moments):
            if until > before:
                run = scipy.integrate.solve_ivp(
                    equation, (before, until), state, method="DOP853", rtol=self.tolerance, atol=self.tolerance
                )
                if not run.success:
                    raise ArithmeticError(f"The law was not found beyond time {run.t[-1]:.6g}: {run.message}")
                state = run.y[:, -1]
            found.append(self._law(state))
        return found

    def law(self, time: float) -> LinearLaw:
        """The law at one time; raises as `laws`."""
        return self.laws([time])[0]

    def mean(self, time: float) -> Float[Tensor, " dim"]:
        """E theta(t) [dim] in float64; raises as `laws`."""
        return self.law(time).mean

    def covariance(self, time: float) -> Gram:
        """The covariance of theta(t) [dim, dim] in float64; raises as `laws`."""
        return self.law(time).covariance

    def predictions(self, time: float, inputs: Inputs | None = None) -> Outputs:
        """f(x) = (E w a^T)^T phi(x) at the data or at other inputs: [data, outputs] in float64; raises as `laws`."""
        law = self.law(time)
        neuron = self.risk.network.neuron
        second = law.covariance + torch.outer(law.mean, law.mean)
        phi = neuron.embed(self.risk.data.inputs if inputs is None else inputs).double()
        return phi @ second[: neuron.hidden, neuron.hidden :]

    def sample(self, time: float, *, masses: Masses, seed: int) -> ParticleCloud:
        """A cloud of independent particles of the law at a time, with these masses [particles].

        The seed draws positions at time 0 from the start, and the noise. Raises TypeError where the start is a cloud,
        and what `laws` raises.
        """
        if isinstance(self.start, ParticleCloud):
            raise TypeError("The start is a cloud, not a law to draw from; use law(time).carried(cloud, seed).")
        return self.law(time).carried(self.start.sample(masses=masses, seed=seed), seed)

    def _law(self, state: Array) -> LinearLaw:
        dim = self._equation.dim
        propagator, noise = torch.from_numpy(state.copy()).reshape(2, dim, dim)
        mean, covariance = self.initial
        carried = propagator @ covariance @ propagator.T + noise
        return LinearLaw(propagator, noise, propagator @ mean, 0.5 * (carried + carried.T))

    @property
    def _equation(self) -> "_Equation":
        mean, covariance = self.initial
        return _Equation(self.risk, self.temperature, self.confinement, covariance + torch.outer(mean, mean))


@dataclass(frozen=True, eq=False)
class _Equation:
    """The derivative of (Phi, N) as a function of time and of both, flattened into one vector."""

    risk: Risk
    temperature: float | Mapping[str, float]
    confinement: float | Mapping[str, float]
    second: Gram

    @property
    def dim(self) -> int:
        return len(self.second)

    def __call__(self, time: float, state: Array) -> Array:
        propagator, noise = torch.from_numpy(state).reshape(2, self.dim, self.dim)
        matrix = self.matrix(propagator @ self.second @ propagator.T + noise)
        change = -matrix @ noise
        rates = torch.stack([-matrix @ propagator, change + change.T + torch.diag(self.shaking)])
        return rates.reshape(-1).numpy()

    @cached_property
    def rates(self) -> PerCoordinate:
        """The rate of every coordinate, zero for frozen ones [dim]."""
        network = self.risk.network
        return self._spread(1.0 if network.rates is None else dict(zip(network.groups, network.rates, strict=True)))

    @cached_property
    def shaking(self) -> PerCoordinate:
        """2 T of every coordinate times its rate [dim]."""
        return 2.0 * self._spread(self.temperature) * self.rates

    @cached_property
    def strength(self) -> PerCoordinate:
        """c of every coordinate [dim]."""
        return self._spread(self.risk.network.sums(self.confinement, self.risk.strength))

    def _spread(self, numbers: float | Mapping[str, float]) -> PerCoordinate:
        """The number of every coordinate, zero for frozen ones [dim]."""
        result = torch.zeros(self.dim, dtype=torch.float64)
        result[self.risk.network.neuron.trained_columns] = self.risk.network.over_trained(numbers, result)
        return result

    def matrix(self, second: Gram) -> Gram:
        """The matrix L [dim, dim] for second moments E theta theta^T; its rows of frozen coordinates are zero."""
        risk = self.risk
        hidden = risk.network.neuron.hidden
        data = risk.data.to(dtype=torch.float64)
        phi = risk.network.neuron.embed(data.inputs)
        residual = risk.loss.residual(phi @ second[:hidden, hidden:], data.targets)
        pull = phi.T @ (data.weights[:, None] * residual)
        full = torch.diag(self.strength)
        full[:hidden, hidden:] += pull
        full[hidden:, :hidden] += pull.T
        return self.rates[:, None] * full
