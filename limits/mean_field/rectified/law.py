"""The stationary law of rectifiers on the line once it is found: predictions, curvature, moments, densities, draws."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

from limits.mean_field.rectified.arcs import Pieces
from limits.mean_field.rectified.data import on_the_line, with_one
from limits.mean_field.rectified.dual import AtResiduals
from limits.mean_field.rectified.moments import Moments
from particles import ParticleCloud, ShapeError, generator
from particles.arguments.integers import whole
from particles.shapes import Inputs, Outputs, PerParticle, Positions

Line: TypeAlias = Float[Tensor, " places"]
Angles: TypeAlias = Float[Tensor, " angles"]

#: Inputs that predictions are computed at together.
TOGETHER = 128


@dataclass(frozen=True, eq=False)
class ReLULaw:
    """rho = exp(-potential / T) / Z of neurons a (w x + b)_+, made by `ReLUGibbs.solve`; positions are (w, b, a).

    `residuals` [data, 1] are R_i = y_i - f(x_i), minus those of a `Risk`, and determine the law. `residual` is the root
    of sum_i p_i |y_i - R_i - f(x_i)|^2 at the end, `steps` counts Newton steps at all temperatures, and `error` is how
    far the predictions move, in the same mean, when the integrals have twice as many nodes.
    """

    residuals: Outputs
    residual: float
    steps: int
    error: float
    found: AtResiduals

    @property
    def predictions(self) -> Outputs:
        """f at the data [data, 1]."""
        return self.found.predictions[:, None]

    def __call__(self, inputs: Inputs) -> Outputs:
        """f(x) = (2 T / (c_a I)) int g(phi) (x cos phi + sin phi)_+ / q(phi)^2 dphi at inputs [places, 1]."""
        x = on_the_line(inputs)
        return torch.cat([self._predicted(part) for part in torch.split(x, TOGETHER)])[:, None]

    def curvature(self, inputs: Inputs) -> Outputs:
        """f''(x) at inputs [places, 1]: [places, 1].

        It is the density of kinks: (2 T / (c_a I)) sum_s g(phi_s) / (q(phi_s)^2 (1 + x^2)^(3/2)), over the directions
        (cos, sin)(phi_s) = s (1, -x) / sqrt(1 + x^2), s = 1 or -1, of neurons with their kink at x.
        """
        x = on_the_line(inputs)
        pieces = self.found.pieces
        total = torch.zeros_like(x)
        for sign in (1.0, -1.0):
            piece, tau, size = located(pieces, sign * torch.stack([torch.ones_like(x), -x], dim=1))
            e = pieces.start[piece] + tau[:, None] * pieces.direction[piece]
            total += size**3 * (e * pieces.v[piece]).sum(dim=1) / _form(pieces, piece, tau).square()
        return (2.0 * self.temperature * self._output / self._mass * total)[:, None]

    @property
    def temperature(self) -> float:
        """T."""
        return self.found.dual.temperature

    @cached_property
    def hidden_square(self) -> float:
        """E (w^2 + b^2) = (2 T / I) int dphi / q^2."""
        trace = torch.einsum("pxx->", self.found.moments.square)
        return float(2.0 * self.temperature / self._mass * trace)

    @cached_property
    def output_square(self) -> float:
        """E a^2 = T / c_a + (2 T / (c_a^2 I)) int g^2 / q^2 dphi."""
        v = self.found.pieces.v
        pulled = torch.einsum("px,pxy,py->", v, self.found.moments.square, v)
        return float((1.0 + 2.0 / (self._output * self._mass) * pulled) * self.temperature / self._output)

    @property
    def slowest_rate(self) -> float:
        """The least curvature of the potential along rays, (c_w + c_a) / 2 - sqrt((c_w - c_a)^2 / 4 + g^2), g largest.

        With one confinement it is that less max |g|. Noisy particles come to rest in times of order one over it, which
        is much longer than one over the confinement where the law is cold.
        """
        data, pieces = self.found.dual.data, self.found.pieces
        gap = float((pieces.low / pieces.start.square().sum(dim=1)).min())
        mean = 0.5 * (data.hidden + data.output)
        return gap / (mean + math.sqrt(max(mean**2 - gap, 0.0)))

    @property
    def virial(self) -> tuple[float, float]:
        """c_w E (w^2 + b^2) - 2 T - sum_i p_i R_i f_i, and c_a E a^2 - T - sum_i p_i R_i f_i: zero to rounding."""
        data, residuals = self.found.dual.data, self.residuals[:, 0]
        fitted = float(data.weights @ (residuals * self.found.predictions))
        hidden = data.hidden * self.hidden_square - 2.0 * self.temperature - fitted
        return hidden, data.output * self.output_square - self.temperature - fitted

    @property
    def log_partition(self) -> float:
        """log Z = log int exp(-potential / T) over (w, b, a) = log(sqrt(2 pi T / c_a) T I)."""
        t = self.temperature
        return 0.5 * math.log(2.0 * math.pi * t / self._output) + math.log(t) + math.log(self._mass)

    @property
    def free_energy(self) -> float:
        """F(rho) = R + (confinement / 2) E |theta|^2 + T int rho log rho, that is minus the least value of the dual."""
        data, residuals = self.found.dual.data, self.residuals[:, 0]
        fitted = float(data.weights @ (residuals * data.targets - 0.5 * residuals.square()))
        return fitted - self.temperature * self.log_partition

    def angular_density(self, angles: Angles) -> Angles:
        """The density 1 / (q I) of the angle phi of (w, b) = r (cos phi, sin phi) at angles [angles]."""
        pieces = self.found.pieces
        piece, tau, size = located(pieces, torch.stack([angles.double().cos(), angles.double().sin()], dim=1))
        density: Angles = self._output * size.square() / _form(pieces, piece, tau) / self._mass
        return density

    def potential(self, places: Positions) -> PerParticle:
        """-a sum_i p_i R_i (w x_i + b)_+ + (c_w (w^2 + b^2) + c_a a^2) / 2 at positions [places, 3]: [places]."""
        if places.shape[1] != 3:
            raise ShapeError(f"Positions have {places.shape[1]} coordinates, but a neuron (w, b, a) has 3; give these.")
        data = self.found.dual.data
        w, b, a = places.double().T
        acts = torch.relu(w[:, None] * data.inputs + b[:, None])
        confined = data.hidden * (w.square() + b.square()) + data.output * a.square()
        potential: PerParticle = 0.5 * confined - a * (acts @ (data.weights * self.residuals[:, 0]))
        return potential

    def log_density(self, places: Positions) -> PerParticle:
        """log rho at positions [places, 3]: [places]."""
        return -self.potential(places) / self.temperature - self.log_partition

    def sample(self, count: int, seed: int) -> ParticleCloud:
        """A cloud of independent draws with equal masses, exact to rounding of the angle, relative to its peaks."""
        numbers = generator(whole(seed, "The seed", 0), "rectified law")
        count = whole(count, "The number of particles")
        pieces, mass = self.found.pieces, self.found.moments.mass
        shares = mass.cumsum(dim=0) / self._mass
        level = torch.from_numpy(numbers.random(count))
        piece = torch.searchsorted(shares, level, right=True).clamp_max(len(mass) - 1)
        tau = _quantile(pieces, piece, 1.0 - (shares[piece] - level) * self._mass / mass[piece])
        e = pieces.start[piece] + tau[:, None] * pieces.direction[piece]
        size = torch.linalg.vector_norm(e, dim=1)
        q = _form(pieces, piece, tau) / (self._output * size.square())
        r = (2.0 * self.temperature * torch.from_numpy(numbers.standard_exponential(count)) / q).sqrt()
        hidden = (r / size)[:, None] * e
        pull = (hidden * pieces.v[piece]).sum(dim=1) / self._output
        noise = torch.from_numpy(numbers.standard_normal(count))
        a = pull + math.sqrt(self.temperature / self._output) * noise
        return ParticleCloud(torch.cat([hidden, a[:, None]], dim=1))

    @property
    def _mass(self) -> float:
        return float(self.found.mass)

    @property
    def _output(self) -> float:
        return self.found.dual.data.output

    def _predicted(self, x: Line) -> Line:
        """f at some places, each of which is active on a part of every piece."""
        pieces = self.found.pieces
        rows = with_one(x)
        at, rise = rows @ pieces.start.T, rows @ pieces.direction.T
        cross = -at / rise
        lower = torch.where(rise > 0.0, cross, torch.where((rise < 0.0) | (at > 0.0), 0.0, pieces.length))
        upper = torch.where(rise < 0.0, cross, pieces.length)
        lower, upper = (torch.minimum(one.clamp_min(0.0), pieces.length) for one in (lower, upper))
        moments = Moments.between(pieces, lower, upper, self._output)
        spread = torch.einsum("nx,npxy,py->n", rows, moments.square, pieces.v)
        return 2.0 * self.temperature / (self._output * self._mass) * spread


def located(pieces: Pieces, directions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """For directions d [places, 2] their pieces, their tau there, and c > 0 with c d = start + tau direction."""

    def crossed(one: Tensor) -> Tensor:
        return directions[:, :1] * one[:, 1] - directions[:, 1:] * one[:, 0]

    tau = -crossed(pieces.start) / crossed(pieces.direction)
    beyond = torch.maximum(-tau, tau - pieces.length) / pieces.length
    size = (directions @ pieces.start.T + tau * (directions @ pieces.direction.T)) / directions.square().sum(1)[:, None]
    piece = torch.where((size > 0.0) & ~beyond.isnan(), beyond, math.inf).argmin(dim=1)
    one = torch.arange(len(piece)), piece
    return piece, torch.minimum(tau[one].clamp_min(0.0), pieces.length[piece]), size[one]


def _form(pieces: Pieces, piece: Tensor, tau: Tensor) -> Tensor:
    """Q at tau on these pieces."""
    return pieces.low[piece] + tau * (pieces.slope[piece] + tau * pieces.bend[piece])


def _quantile(pieces: Pieces, piece: Tensor, level: Tensor) -> Tensor:
    """The tau up to which a share `level` of int d tau / Q over the piece lies.

    With D = slope^2 - 4 bend low and s = int_0^tau d tau / Q: tanh(sqrt(D) s / 2) = sqrt(D) tau / (2 low + slope tau),
    with tan and -D where D < 0.
    """
    low, slope, bend, length = (one[piece] for one in (pieces.low, pieces.slope, pieces.bend, pieces.length))
    discriminant = slope.square() - 4.0 * bend * low
    root = discriminant.abs().sqrt().clamp_min(torch.finfo(low.dtype).tiny)
    whole_way = root * length / (2.0 * low + slope * length)
    turns = torch.where(discriminant > 0.0, torch.atanh(whole_way.clamp_max(1.0 - 2.0**-52)), torch.atan(whole_way))
    part = level * turns
    y = torch.where(discriminant > 0.0, torch.tanh(part), torch.tan(part)) / root
    return torch.minimum((2.0 * low * y / (1.0 - slope * y)).clamp_min(0.0), length)
