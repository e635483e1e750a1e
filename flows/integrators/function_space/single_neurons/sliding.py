"""Neurons that slide along kinks: data hold them there, which pull them back on one side and let them go on the other.

Where z_ij = w_j . phi(x_i) becomes positive, the velocity of w_j jumps by -J_ij phi(x_i),

    J_ij = (sigma'(0+) - sigma'(0-)) eta_j s_j a_j . q_i,   q_i = p_i r_i.

If J_ij > 0, what other data do may hold the neuron at z_ij = 0, where its velocity is between those of the two sides
(Filippov 1960). Most kinks that particles meet late in training are such. Steps that know the slope of one side go to
and fro there, as far as the jump takes them, and error control keeps them short.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from flows.integrators.function_space.gauss_newton import spread
from particles import Perceptron
from particles.compute.tiles import TILE_ENTRIES
from particles.neurons.activations import Activation
from particles.risk.network import Network
from particles.risk.risk import RiskAt
from particles.shapes import AnyFloat, Features, StackedOutputs, Velocity

#: Half the width in which sigma' rises, in units of the way by which its jump changes z_ij in the time h'.
WIDTH = 1.0
#: The same in units of the way that a step which knows one slope changes z_ij.
REACH = 10.0
#: Steps of conjugate gradients, which are exact for a neuron at so many kinks.
STEPS = 6
#: By so many tolerances may neurons be held off their kinks, all together; where it is more, none slides.
HELD = 10.0
#: Pairs within so much more than the width are looked at one by one.
NEAR = 1.0 + 1e-5


@dataclass(frozen=True, eq=False)
class Sliding:
    """Pairs of a particle and a datum with J_ij > 0 and |z_ij| < eps_ij, particle by particle.

    In a step h' that would go by d if it knew one slope, eps_ij is the smaller one of

        WIDTH h' J_ij |phi_i|^2   and   REACH |d_j . phi_i|,

    and sigma' rises in a straight line from -eps_ij to eps_ij. So h' times the velocity of particle j becomes larger by
    the sum of `missed` times u_i = phi_i / |phi_i|, and its derivative is larger by -h' E_j, the sum of -`stiffness`
    times u_i u_i^T. All this goes to zero with h', and with d where neurons come to rest.
    """

    particles: Tensor
    directions: Tensor
    missed: Tensor
    stiffness: Tensor
    offsets: Tensor
    count: int

    def change(self, step: Velocity) -> Velocity:
        """(1 + h' E)^-1 (d + missed) - d in hidden weights [particles, dim]; zero for particles without a pair."""
        hidden = self.directions.shape[1]
        before = step[:, :hidden]
        result = torch.zeros_like(step)
        result[:, :hidden] = self._solved(before + self._summed(self.missed)) - before
        return result

    def off(self, step: Velocity) -> Velocity:
        """How far particles are off the kinks they are held at, z_ij u_i / |phi_i| [particles, dim]."""
        result = torch.zeros_like(step)
        result[:, : self.directions.shape[1]] = self._summed(self.offsets)
        return result

    def _solved(self, right: AnyFloat) -> AnyFloat:
        """(1 + h' E)^-1 v of every particle, by conjugate gradients from v."""
        solution, residual = right, -self._stiff(right)
        direction, square = residual, _squares(residual)
        for _ in range(STEPS):
            image = direction + self._stiff(direction)
            length = torch.where(square > 0.0, square / (direction * image).sum(dim=1, keepdim=True), 0.0)
            solution = torch.addcmul(solution, length, direction)
            residual = torch.addcmul(residual, length, image, value=-1.0)
            last, square = square, _squares(residual)
            direction = torch.addcmul(residual, torch.where(last > 0.0, square / last, 0.0), direction)
        return solution

    def _stiff(self, vector: AnyFloat) -> AnyFloat:
        """h' E v."""
        return self._summed(self.stiffness * (vector[self.particles] * self.directions).sum(dim=1))

    def _summed(self, numbers: Tensor) -> AnyFloat:
        """The sums of c_i u_i over the pairs of each particle [particles, hidden]."""
        terms = numbers[:, None] * self.directions
        return torch.segment_reduce(terms, "sum", lengths=self._lengths, axis=0, initial=0.0)

    @cached_property
    def _lengths(self) -> Tensor:
        return torch.bincount(self.particles, minlength=self.count)


def slid(at: RiskAt, step: Velocity, shift: float | Tensor, tolerance: float | Tensor) -> Velocity | None:
    """What sliding adds to the right side of a step d with this h'; None where nothing slides.

    `tolerance` is the error allowed in the positions; it and h' are one number, or one for each member [members]. Where
    neurons are held farther off their kinks than `HELD` of it, together, they do not slide: nothing else would see that
    as an error.
    """
    found = sliding(at, step, shift)
    if found is None:
        return None
    off = found.off(step)
    if isinstance(tolerance, Tensor):
        near = off.reshape(len(tolerance), -1).norm(dim=1) <= HELD * tolerance
        return found.change(step) * spread(near.to(step), len(step))
    return found.change(step) if float(at.cloud.norms(off)) <= HELD * tolerance else None


def sliding(at: RiskAt, step: Velocity, shift: float | Tensor) -> Sliding | None:
    """The pairs at which a step d with this h', one or one for each member [members], goes to and fro.

    None where there are no kinks.
    """
    network, phi = at.risk.network, at.data.phi
    jump = jumps(network)
    if jump == 0.0:
        return None
    hidden = phi.shape[1]
    w, a, step = at.cloud.positions[:, :hidden], at.cloud.positions[:, hidden:], step[:, :hidden]
    gain = jump * at.seen.scaled.gain[:, None] * spread(shift, len(w))
    farthest = WIDTH * (gain * a).norm(dim=1, keepdim=True)
    j, i, row = torch.cat(list(_near(w / farthest, phi, at.cotangents))).unbind(dim=1)
    lengths, z = phi[i].norm(dim=1), (w[j] * phi[i]).sum(dim=1)
    pulled = (gain[j] * a[j] * at.cotangents[row]).sum(dim=1) * lengths.square()
    widths = torch.minimum(WIDTH * pulled, REACH * (step[j] * phi[i]).sum(dim=1).abs())
    kept = (z.abs() < widths).nonzero()[:, 0]
    j, i, lengths, z, pulled, widths = (each[kept] for each in (j, i, lengths, z, pulled, widths))
    risen = 0.5 + 0.5 * z / widths
    missed = ((z > 0.0).to(z) - risen) * pulled / lengths
    return Sliding(j, phi[i] / lengths[:, None], missed, 0.5 * pulled / widths, z / lengths, len(w))


def jumps(network: Network) -> float:
    """sigma'(0+) - sigma'(0-) times the rate of hidden weights; zero where these do not move, or nothing jumps."""
    neuron, rates = network.neuron, network.rates
    if not isinstance(neuron, Perceptron) or neuron.trained == "output":
        return 0.0
    return _jump(neuron.activation) * (1.0 if rates is None else rates[0])


def _jump(activation: Activation) -> float:
    """sigma'(0+) - sigma'(0-) of an activation that is a straight line on both sides of zero; zero for any other."""
    if not activation.homogeneous:
        return 0.0
    below, above = activation.derivative(torch.tensor([-1.0, 1.0], dtype=torch.float64)).tolist()
    return float(above - below)


def _near(scaled: AnyFloat, phi: Features, cotangents: StackedOutputs) -> Iterator[Tensor]:
    """Particles, data, and rows of cotangents [pairs, 3] with |v_j . phi_i| < |phi_i|^2 |q_i|, member by member."""
    data = len(phi)
    members = len(cotangents) // data
    held, most = len(scaled) // members, max(TILE_ENTRIES // data, 1)
    squares = phi.square().sum(dim=1)
    for member in range(members):
        known = member * data
        columns = (phi / (squares * cotangents[known : known + data].norm(dim=1))[:, None]).T
        for first in range(member * held, (member + 1) * held, most):
            rows = scaled[first : min(first + most, (member + 1) * held)]
            j, i = ((rows @ columns).abs_() < NEAR).nonzero().unbind(dim=1)
            yield torch.stack([j + first, i, i + known], dim=1)


def _squares(vector: AnyFloat) -> AnyFloat:
    """|v_j|^2 [particles, 1]."""
    return vector.square().sum(dim=1, keepdim=True)
