"""Triton kernels for predictions and pulls of a perceptron cloud; they never write the [particles, data] matrix.

Both compute z_ij = w_j . phi_i for a block of data (rows) and a block of particles (columns) at a time. Sums run over
the blocks of a program in order, and over programs in a second pass, so results have the same bits every time on one
device. No number is rounded to TF32. Sums are accumulated in the dtype of the cloud.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Any, no_type_check

import torch
import triton
import triton.language as tl
from torch import Tensor

from particles.compute.triton_activations import sigma, slope
from particles.neurons.perceptron import Perceptron
from particles.shapes import Features, Outputs, PerParticle, Positions

#: Number of programs that share a sum where there are fewer blocks to compute. It does not depend on the device, since
#: the last bits of the result depend on it.
PROGRAMS = 1024
#: Inner products and sums of at most this many columns are unrolled; wider ones use tl.dot, in blocks of WIDE.
NARROW = tl.constexpr(8)
WIDE = 32
#: Number of features whose gradients one program of the pull accumulates.
ACCUMULATED = 64


@triton.jit
@no_type_check
def _products(x, x_stride, i, i_in, y, y_stride, j, j_in, COUNT: tl.constexpr, BLOCK: tl.constexpr):
    """sum_d x_id y_jd [rows i, columns j] of two matrices in memory."""
    result = tl.zeros((i.shape[0], j.shape[0]), dtype=x.dtype.element_ty)
    if COUNT <= NARROW:
        for d in tl.static_range(COUNT):
            x_d = tl.load(x + i * x_stride + d, mask=i_in, other=0.0)
            y_d = tl.load(y + j * y_stride + d, mask=j_in, other=0.0)
            result += x_d[:, None] * y_d[None, :]
    else:
        for first in range(0, COUNT, BLOCK):
            d = first + tl.arange(0, BLOCK)
            d_in = d < COUNT
            x_d = tl.load(x + i[:, None] * x_stride + d[None, :], mask=i_in[:, None] & d_in[None, :], other=0.0)
            y_d = tl.load(y + j[None, :] * y_stride + d[:, None], mask=j_in[None, :] & d_in[:, None], other=0.0)
            result = tl.dot(x_d, y_d, result, input_precision="ieee", out_dtype=result.dtype)
    return result


@triton.jit
@no_type_check
def _gathered(total, g, x, x_stride, i, i_in, first, COUNT: tl.constexpr, BLOCK: tl.constexpr):
    """total_jd + sum_i g_ij x_id [columns j, BLOCK of d from `first`] with g in registers and x in memory."""
    if COUNT <= NARROW:
        columns = tl.arange(0, BLOCK)
        for d in tl.static_range(COUNT):
            x_d = tl.load(x + i * x_stride + d, mask=i_in, other=0.0)
            summed = tl.sum(g * x_d[:, None], axis=0)
            total += tl.where(columns[None, :] == d, summed[:, None], 0.0 * summed[:, None])
    else:
        d = first + tl.arange(0, BLOCK)
        mask = i_in[:, None] & (d < COUNT)[None, :]
        x_d = tl.load(x + i[:, None] * x_stride + d[None, :], mask=mask, other=0.0)
        total = tl.dot(tl.trans(g), x_d, total, input_precision="ieee", out_dtype=total.dtype)
    return total


@triton.jit
@no_type_check
def predict_kernel(
    positions, p_stride, factors, phi, phi_stride, out, m, n, blocks_each,
    D: tl.constexpr, K: tl.constexpr, K_BLOCK: tl.constexpr, SIGMA: tl.constexpr, SLOPE: tl.constexpr,
    I: tl.constexpr, J: tl.constexpr, D_BLOCK: tl.constexpr,
):  # fmt: skip
    """out[split, i, c] = sum over the split's particles j of s_j a_jc sigma(z_ij).

    A program has a block of data i and a split, which is `blocks_each` blocks of particles.
    """
    i = tl.program_id(0).to(tl.int64) * I + tl.arange(0, I)
    i_in = i < n
    split = tl.program_id(1).to(tl.int64)
    c = tl.arange(0, K_BLOCK)
    if K == 1:
        total = tl.zeros((I, J), dtype=phi.dtype.element_ty)
    else:
        total = tl.zeros((I, K_BLOCK), dtype=phi.dtype.element_ty)
    for block in range(blocks_each):
        j = (split * blocks_each + block) * J + tl.arange(0, J)
        j_in = j < m
        value = sigma(_products(phi, phi_stride, i, i_in, positions, p_stride, j, j_in, D, D_BLOCK), SIGMA, SLOPE)
        s = tl.load(factors + j, mask=j_in, other=0.0)
        if K == 1:
            a = tl.load(positions + j * p_stride + D, mask=j_in, other=0.0)
            total += value * (s * a)[None, :]
        else:
            a_mask = j_in[:, None] & (c < K)[None, :]
            a = tl.load(positions + j[:, None] * p_stride + D + c[None, :], mask=a_mask, other=0.0)
            total = tl.dot(value, s[:, None] * a, total, input_precision="ieee", out_dtype=total.dtype)
    if K == 1:
        tl.store(out + split * n + i, tl.sum(total, axis=1), mask=i_in)
    else:
        tl.store(out + (split * n + i)[:, None] * K + c[None, :], total, mask=i_in[:, None] & (c < K)[None, :])


@triton.jit
@no_type_check
def pull_kernel(
    positions, p_stride, factors, phi, phi_stride, cotangents, out, m, n, blocks_each,
    D: tl.constexpr, K: tl.constexpr, K_BLOCK: tl.constexpr, SIGMA: tl.constexpr, SLOPE: tl.constexpr,
    HIDDEN: tl.constexpr, OUTPUT: tl.constexpr,
    I: tl.constexpr, J: tl.constexpr, D_BLOCK: tl.constexpr, G_BLOCK: tl.constexpr,
):  # fmt: skip
    """out[split, j, :] = s_j times the split's part of sum_i (c_i . a_j) sigma'(z_ij) phi_i and sum_i c_i sigma(z_ij).

    A program has a block of particles j, a split (`blocks_each` blocks of data) and a block of features. The programs
    with the first block of features also compute the part in the output weights.
    """
    j = tl.program_id(0).to(tl.int64) * J + tl.arange(0, J)
    j_in = j < m
    split = tl.program_id(1).to(tl.int64)
    first = tl.program_id(2) * G_BLOCK
    hidden = tl.zeros((J, G_BLOCK), dtype=phi.dtype.element_ty)
    output = tl.zeros((J, K_BLOCK), dtype=phi.dtype.element_ty)
    for block in range(blocks_each):
        i = (split * blocks_each + block) * I + tl.arange(0, I)
        i_in = i < n
        z = _products(phi, phi_stride, i, i_in, positions, p_stride, j, j_in, D, D_BLOCK)
        if HIDDEN:
            c_a = _products(cotangents, K, i, i_in, positions + D, p_stride, j, j_in, K, D_BLOCK)
            g = c_a * slope(z, SIGMA, SLOPE)
            hidden = _gathered(hidden, g, phi, phi_stride, i, i_in, first, D, G_BLOCK)
        if OUTPUT:
            output = _gathered(output, sigma(z, SIGMA, SLOPE), cotangents, K, i, i_in, 0, K, K_BLOCK)
    s = tl.load(factors + j, mask=j_in, other=0.0)[:, None]
    rows = out + ((split * m + j) * (D + K))[:, None]
    if HIDDEN:
        d = (first + tl.arange(0, G_BLOCK))[None, :]
        tl.store(rows + d, s * hidden, mask=j_in[:, None] & (d < D))
    if OUTPUT:
        c = tl.arange(0, K_BLOCK)[None, :]
        tl.store(rows + D + c, s * output, mask=j_in[:, None] & (c < K) & (first == 0))


def predict(neuron: Perceptron, positions: Positions, factors: PerParticle, phi: Features) -> Outputs:
    """sum_j factors_j a_j sigma(w_j . phi_i) [data, outputs]."""
    constants = predict_constants(neuron, positions.dtype)
    m = len(positions)
    n = len(phi)
    data_blocks = triton.cdiv(len(phi), constants["I"])
    splits, blocks_each = _split(triton.cdiv(m, constants["J"]), data_blocks)
    positions, phi = _rows(positions), _rows(phi)
    out = phi.new_empty(splits, n, neuron.outputs)
    with _on(positions):
        predict_kernel[data_blocks, splits](
            *(positions, positions.stride(0), factors.contiguous(), phi, phi.stride(0), out, m, n, blocks_each),
            **constants,
        )
    return _summed(out)


def pull(
    neuron: Perceptron, positions: Positions, factors: PerParticle, phi: Features, cotangents: Outputs
) -> Positions:
    """factors_j sum_i c_i . grad g_j(x_i) [particles, dim]; zero in coordinates that are not trained.

    The gradient in w_j is sum_i (c_i . a_j) sigma'(w_j . phi_i) phi_i, that in a_j is sum_i c_i sigma(w_j . phi_i).
    """
    constants = pull_constants(neuron, positions.dtype)
    m = len(positions)
    n = len(phi)
    particle_blocks = triton.cdiv(len(positions), constants["J"])
    columns = triton.cdiv(neuron.hidden, constants["G_BLOCK"]) if constants["HIDDEN"] else 1
    splits, blocks_each = _split(triton.cdiv(n, constants["I"]), particle_blocks)
    positions, phi = _rows(positions), _rows(phi)
    out = positions.new_zeros(splits, m, neuron.dim)
    with _on(positions):
        pull_kernel[particle_blocks, splits, columns](
            *(positions, positions.stride(0), factors.contiguous(), phi, phi.stride(0), cotangents.contiguous(), out),
            *(m, n, blocks_each),
            **constants,
        )
    return _summed(out)


def predict_constants(neuron: Perceptron, dtype: torch.dtype) -> dict[str, Any]:
    """The constants for which `predict_kernel` is compiled; a block fits into the registers of four warps."""
    data, particles = (32, 64) if dtype == torch.float32 else (32, 32)
    return {
        "D": neuron.hidden,
        "K": neuron.outputs,
        "K_BLOCK": triton.next_power_of_2(neuron.outputs),
        "SIGMA": type(neuron.activation).__name__,
        "SLOPE": getattr(neuron.activation, "slope", 0.0),
        "I": data,
        "J": particles,
        "D_BLOCK": WIDE,
    }


def pull_constants(neuron: Perceptron, dtype: torch.dtype) -> dict[str, Any]:
    """The constants for which `pull_kernel` is compiled."""
    return {
        **predict_constants(neuron, dtype),
        "HIDDEN": neuron.trained != "output",
        "OUTPUT": neuron.trained != "hidden",
        "G_BLOCK": min(triton.next_power_of_2(neuron.hidden), ACCUMULATED),
    }


def _split(blocks: int, others: int) -> tuple[int, int]:
    """The number of programs that share a sum over blocks, and the number of blocks of each.

    `others` is the number of programs that run beside each of them.
    """
    blocks_each = triton.cdiv(blocks, max(1, min(blocks, PROGRAMS // others)))
    return triton.cdiv(blocks, blocks_each), blocks_each


def _on(tensor: Tensor) -> AbstractContextManager[object]:
    """A context in which kernels are launched on the tensor's GPU; it does nothing for the interpreter's CPU."""
    return torch.cuda.device(tensor.device) if tensor.is_cuda else nullcontext()


def _rows(matrix: Tensor) -> Tensor:
    """The matrix with contiguous rows; the matrix itself where they already are."""
    return matrix if matrix.stride(1) == 1 else matrix.contiguous()


def _summed(parts: Tensor) -> Tensor:
    """The sum of the programs' parts, in float64 and in order."""
    return parts[0] if len(parts) == 1 else parts.sum(dim=0, dtype=torch.float64).to(parts.dtype)
