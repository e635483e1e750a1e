"""Predictions and pulls of a perceptron cloud on CPUs, by Numba's kernels on as many threads as torch uses."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from particles.compute.cpu.activations import FROM_VALUE
from particles.compute.cpu.kernels import predicting, pulling
from particles.compute.cpu.tile_sums import LANES, STEP
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
    """sum_j factors_j a_j sigma(w_j . phi_i) [data, outputs]; `kept`, if given, receives what `pull` needs.

    For an ensemble, positions and factors are stacked member by member, and so is the result [members data, outputs].
    Each member has the same bits as by itself.
    """
    particles = len(positions) // members
    out = np.zeros((members, -(-particles // _chunk(particles)), len(phi), neuron.outputs))
    common = _common(neuron, positions, factors, phi, kept, particles)
    run = predicting(_kind(neuron))
    units = out.reshape(-1, *out.shape[2:])
    shared_out(lambda begin, end: run(begin, end, *common, units), len(units))
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
    `kept` holds what `predict` wrote for these positions. For an ensemble, everything is stacked member by
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
    run = pulling(_kind(neuron))
    units = members * -(-particles // _chunk(particles))
    shared_out(lambda begin, end: run(begin, end, *given), units)
    return result


def memory(neuron: Perceptron, positions: Positions, phi: Features, members: int = 1) -> Lease:
    """Scratch memory for what a pull needs of all particles and data: sigma, sigma' or both."""
    tiles = members * -(-len(positions) // (members * LANES))
    return SCRATCH.lease(sum(_needed(neuron)) * tiles, _full(len(phi)) * LANES, positions)


def _needed(neuron: Perceptron) -> tuple[bool, bool]:
    """Whether a pull reads sigma, and whether sigma' that does not follow from it."""
    from_value = _kind(neuron) in FROM_VALUE
    return from_value or neuron.trained != "hidden", not from_value and neuron.trained != "output"


def _kept(neuron: Perceptron, positions: Positions, kept: Lease | None) -> tuple[np.ndarray, np.ndarray]:
    """sigma and sigma' [tiles, data LANES] in memory that is kept, each without rows where it is not."""
    nothing = positions.new_empty(0, 0)
    parts = iter(() if kept is None else kept.matrix.chunk(sum(_needed(neuron))))
    values, slopes = (next(parts, nothing) if needed else nothing for needed in _needed(neuron))
    return values.numpy(), slopes.numpy()


def _common(
    neuron: Perceptron, positions: Positions, factors: PerParticle, phi: Features, kept: Lease | None, particles: int
) -> tuple[Any, ...]:
    """The arguments that both kernels share, from `chunk` to `slopes` in their signatures."""
    leak = float(getattr(neuron.activation, "slope", 0.0))
    arrays = positions.contiguous().numpy(), factors.contiguous().numpy(), _filled(phi[None]).ravel()
    sizes = _full(neuron.hidden), len(phi), neuron.hidden
    return _chunk(particles), particles, *arrays, *sizes, leak, *_kept(neuron, positions, kept)


def _kind(neuron: Perceptron) -> str:
    """The name of the activation's class."""
    return type(neuron.activation).__name__


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
