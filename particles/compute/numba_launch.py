"""Predictions and pulls of a perceptron cloud on CPUs, by Numba's kernels on as many threads as torch uses."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from particles.compute import numba_kernels
from particles.compute.numba_kernels import CODES, LANES, STEP
from particles.compute.threads import shared_out
from particles.neurons.perceptron import Perceptron
from particles.numerics.scratch import SCRATCH, Lease
from particles.shapes import Features, PerParticle, Positions, StackedOutputs

#: Least and largest number of tiles of a chunk; between these a cloud has `CHUNKS` chunks.
SHORTEST, LONGEST, CHUNKS = 4, 64, 64


def predict(
    neuron: Perceptron,
    positions: Positions,
    factors: PerParticle,
    phi: Features,
    kept: Lease | None = None,
    *,
    members: int = 1,
) -> StackedOutputs:
    """sum_j factors_j a_j sigma(w_j . phi_i) [data, outputs]; `kept`, if given, receives sigma for `pull`.

    For an ensemble, positions and factors are stacked member by member, and so is the result [members data, outputs].
    Each member has the same bits as by itself.
    """
    particles = len(positions) // members
    out = np.zeros((members, -(-particles // _chunk(particles)), len(phi), neuron.outputs))
    common = _common(neuron, positions, factors, phi, kept, particles)
    units = out.reshape(-1, *out.shape[2:])
    shared_out(lambda begin, end: numba_kernels.predict(begin, end, *common, units), len(units))
    return torch.from_numpy(out.sum(axis=1).reshape(-1, neuron.outputs)).to(positions.dtype)


def pull(
    neuron: Perceptron,
    positions: Positions,
    factors: PerParticle,
    phi: Features,
    cotangents: StackedOutputs,
    kept: Lease | None = None,
    *,
    members: int = 1,
) -> Positions:
    """factors_j sum_i c_i . grad g_j(x_i) [particles, dim]; zero in coordinates that are not trained.

    The gradient in w_j is sum_i (c_i . a_j) sigma'(w_j . phi_i) phi_i, that in a_j is sum_i c_i sigma(w_j . phi_i).
    `kept` holds sigma as `predict` wrote it for these positions. For an ensemble, everything is stacked member by
    member, cotangents [members data, outputs] too.
    """
    result = torch.empty_like(positions, memory_format=torch.contiguous_format)
    trained = (neuron.trained != "output", neuron.trained != "hidden")
    particles = len(positions) // members
    common = _common(neuron, positions, factors, phi, kept, particles)
    filled = _filled(cotangents.reshape(members, -1, neuron.outputs))
    gathered = _filled(phi[None])
    if neuron.outputs == 1:
        gathered = gathered * filled[:, :, :1]
    given = (*common, *trained, gathered.reshape(len(gathered), -1), filled.reshape(members, -1), result.numpy())
    units = members * -(-particles // _chunk(particles))
    shared_out(lambda begin, end: numba_kernels.pull(begin, end, *given), units)
    return result


def memory(positions: Positions, phi: Features, members: int = 1) -> Lease:
    """Scratch memory for sigma at all particles and data."""
    tiles = members * -(-len(positions) // (members * LANES))
    return SCRATCH.lease(tiles, _full(len(phi)) * LANES, positions)


def _common(
    neuron: Perceptron, positions: Positions, factors: PerParticle, phi: Features, kept: Lease | None, particles: int
) -> tuple[Any, ...]:
    """The arguments that both kernels share, from `chunk` to `kept` in their signatures."""
    code = CODES[type(neuron.activation)]
    leak = float(getattr(neuron.activation, "slope", 0.0))
    held = positions.new_empty(0, 0) if kept is None else kept.matrix
    arrays = positions.contiguous().numpy(), factors.contiguous().numpy(), _filled(phi[None]).ravel()
    sizes = _full(neuron.hidden), len(phi), neuron.hidden
    return _chunk(particles), particles, *arrays, *sizes, code, leak, held.numpy()


def _full(size: int) -> int:
    """The next multiple of STEP."""
    return size + -size % STEP


def _filled(matrices: Float[Tensor, "members rows columns"]) -> np.ndarray:
    """Matrices padded with zeros to full sizes.

    NumPy does this, because after an operation of torch its threads wait busily and slow ours down.
    """
    members, rows, columns = matrices.shape
    given = matrices.numpy()
    result = np.zeros((members, _full(rows), _full(columns)), given.dtype)
    result[:, :rows, :columns] = given
    return result


def _chunk(particles: int) -> int:
    """The number of particles of a chunk, which depends only on the number of particles of the cloud."""
    return LANES * max(SHORTEST, min(LONGEST, -(-particles // (CHUNKS * LANES))))
