"""Predictions and pulls of a perceptron cloud on CPUs: its tensors handed to Numba's kernels on torch's threads."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
import torch

from particles.fused import lanes
from particles.fused.lanes import CODES, LANES, STEP
from particles.neurons import Perceptron
from particles.scratch import SCRATCH, Lease
from particles.shapes import AnyFloat, Features, Outputs, PerParticle, Positions

#: Chunks have at least so many tiles and at most so many; in between there are so many chunks.
SHORTEST, LONGEST, CHUNKS = 4, 64, 64


def predict(
    neuron: Perceptron, positions: Positions, factors: PerParticle, phi: Features, kept: Lease | None = None
) -> Outputs:
    """sum_j factors_j a_j sigma(w_j . phi_i) [data, outputs]; sigma is left in `kept`, if any, for `pull`."""
    chunk = _chunk(len(positions))
    out = np.zeros((-(-len(positions) // chunk), len(phi), neuron.outputs))
    common = _common(neuron, positions, factors, phi, kept)
    _shared_out(lambda begin, end: lanes.predict(begin, end, chunk, *common, out), len(positions), chunk)
    return torch.from_numpy(out.sum(axis=0)).to(positions.dtype)


def pull(
    neuron: Perceptron,
    positions: Positions,
    factors: PerParticle,
    phi: Features,
    cotangents: Outputs,
    kept: Lease | None = None,
) -> Positions:
    """factors_j times, in w_j, sum_i (c_i . a_j) sigma'(w_j . phi_i) phi_i; in a_j, sum_i c_i sigma(w_j . phi_i).

    Zero in coordinates that are not trained [particles, dim]. kept: what `predict` left there for these positions.
    """
    result = torch.empty_like(positions, memory_format=torch.contiguous_format)
    trained = neuron.trained != "output", neuron.trained != "hidden"
    common, filled, width = _common(neuron, positions, factors, phi, kept), _filled(cotangents), _full(neuron.hidden)
    heard = common[2]
    if neuron.outputs == 1:
        heard = (heard.reshape(-1, width) * filled.reshape(-1, STEP)[:, :1]).ravel()
    given = (*common, *trained, heard, filled, result.numpy())
    _shared_out(lambda begin, end: lanes.pull(begin, end, *given), len(positions), _chunk(len(positions)))
    return result


def memory(positions: Positions, phi: Features) -> Lease:
    """Room for sigma of all particles and data, in scratch memory."""
    return SCRATCH.lease(-(-len(positions) // LANES), _full(len(phi)) * LANES, positions)


def _common(
    neuron: Perceptron, positions: Positions, factors: PerParticle, phi: Features, kept: Lease | None
) -> tuple[Any, ...]:
    """What both kernels are given: positions, factors, phi and its width filled up, data, features, sigma, the kept."""
    code, leak = CODES[type(neuron.activation)], float(getattr(neuron.activation, "slope", 0.0))
    held = positions.new_empty(0, 0) if kept is None else kept.matrix
    arrays = positions.contiguous().numpy(), factors.contiguous().numpy(), _filled(phi)
    return *arrays, _full(neuron.hidden), len(phi), neuron.hidden, code, leak, held.numpy()


def _full(size: int) -> int:
    return size + -size % STEP


def _filled(matrix: AnyFloat) -> np.ndarray:
    """A matrix filled up with zeros, flat; by numpy, after whom no thread of torch waits spinning on one of ours."""
    rows, columns = matrix.shape
    given = matrix.numpy()
    result = np.zeros((_full(rows), _full(columns)), given.dtype)
    result[:rows, :columns] = given
    return result.ravel()


def _chunk(particles: int) -> int:
    """Particles of a chunk, from the number of all of them alone."""
    return LANES * max(SHORTEST, min(LONGEST, -(-particles // (CHUNKS * LANES))))


def _shared_out(act: Callable[[int, int], object], particles: int, chunk: int) -> None:
    """Act on all particles, whole chunks of them on each of torch's threads, of which this is one."""
    chunks = -(-particles // chunk)
    threads = min(torch.get_num_threads(), chunks)
    if threads == 1:
        act(0, particles)
        return
    ends = [min(chunk * (chunks * thread // threads), particles) for thread in range(threads + 1)]
    others = _threads(threads - 1, os.getpid()).map(act, ends[1:-1], ends[2:])
    act(0, ends[1])
    list(others)


@cache
def _threads(number: int, process: int) -> ThreadPoolExecutor:
    """Threads of this process: one that was forked has none of its parent's."""
    return ThreadPoolExecutor(number, thread_name_prefix="particles")
