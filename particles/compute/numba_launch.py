"""Predictions and pulls of a perceptron cloud on CPUs: its tensors handed to Numba's kernels on torch's threads."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from particles.compute import numba_kernels
from particles.compute.numba_kernels import CODES, LANES, STEP
from particles.neurons.perceptron import Perceptron
from particles.numerics.scratch import SCRATCH, Lease
from particles.shapes import Features, PerParticle, Positions, StackedOutputs

#: Chunks have at least so many tiles and at most so many; in between there are so many chunks.
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
    """sum_j factors_j a_j sigma(w_j . phi_i) [data, outputs]; sigma is left in `kept`, if any, for `pull`.

    Of an ensemble positions and factors are stacked member by member, and so is the result [members data, outputs]; a
    member has the bits it has alone.
    """
    particles = len(positions) // members
    out = np.zeros((members, -(-particles // _chunk(particles)), len(phi), neuron.outputs))
    common = _common(neuron, positions, factors, phi, kept, particles)
    units = out.reshape(-1, *out.shape[2:])
    _shared_out(lambda begin, end: numba_kernels.predict(begin, end, *common, units), len(units))
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
    """factors_j times, in w_j, sum_i (c_i . a_j) sigma'(w_j . phi_i) phi_i; in a_j, sum_i c_i sigma(w_j . phi_i).

    Zero in coordinates that are not trained [particles, dim]. kept: what `predict` left there for these positions. Of
    an ensemble all is stacked member by member, cotangents [members data, outputs] too.
    """
    result = torch.empty_like(positions, memory_format=torch.contiguous_format)
    trained = (neuron.trained != "output", neuron.trained != "hidden")
    particles = len(positions) // members
    common = _common(neuron, positions, factors, phi, kept, particles)
    filled = _filled(cotangents.reshape(members, -1, neuron.outputs))
    heard = _filled(phi[None])
    if neuron.outputs == 1:
        heard = heard * filled[:, :, :1]
    given = (*common, *trained, heard.reshape(len(heard), -1), filled.reshape(members, -1), result.numpy())
    units = members * -(-particles // _chunk(particles))
    _shared_out(lambda begin, end: numba_kernels.pull(begin, end, *given), units)
    return result


def memory(positions: Positions, phi: Features, members: int = 1) -> Lease:
    """Room for sigma of all particles and data, in scratch memory."""
    tiles = members * -(-len(positions) // (members * LANES))
    return SCRATCH.lease(tiles, _full(len(phi)) * LANES, positions)


def _common(
    neuron: Perceptron, positions: Positions, factors: PerParticle, phi: Features, kept: Lease | None, particles: int
) -> tuple[Any, ...]:
    """What both kernels are given: particles of a chunk and of a member, positions, factors, phi and its width filled
    up, data, features, sigma, the kept."""
    code = CODES[type(neuron.activation)]
    leak = float(getattr(neuron.activation, "slope", 0.0))
    held = positions.new_empty(0, 0) if kept is None else kept.matrix
    arrays = positions.contiguous().numpy(), factors.contiguous().numpy(), _filled(phi[None]).ravel()
    sizes = _full(neuron.hidden), len(phi), neuron.hidden
    return _chunk(particles), particles, *arrays, *sizes, code, leak, held.numpy()


def _full(size: int) -> int:
    return size + -size % STEP


def _filled(matrices: Float[Tensor, "members rows columns"]) -> np.ndarray:
    """Matrices filled up with zeros; by numpy, after whom no thread of torch waits spinning on one of ours."""
    members, rows, columns = matrices.shape
    given = matrices.numpy()
    result = np.zeros((members, _full(rows), _full(columns)), given.dtype)
    result[:, :rows, :columns] = given
    return result


def _chunk(particles: int) -> int:
    """Particles of a chunk of a cloud, from the number of all of them alone."""
    return LANES * max(SHORTEST, min(LONGEST, -(-particles // (CHUNKS * LANES))))


def _shared_out(act: Callable[[int, int], object], chunks: int) -> None:
    """Act on all chunks, so many of them on each of torch's threads, of which this is one."""
    threads = min(torch.get_num_threads(), chunks)
    if threads == 1:
        act(0, chunks)
        return
    ends = [chunks * thread // threads for thread in range(threads + 1)]
    others = _threads(threads - 1, os.getpid()).map(act, ends[1:-1], ends[2:])
    act(0, ends[1])
    list(others)


@cache
def _threads(number: int, process: int) -> ThreadPoolExecutor:
    """Threads of this process: one that was forked has none of its parent's."""
    return ThreadPoolExecutor(number, thread_name_prefix="particles")
