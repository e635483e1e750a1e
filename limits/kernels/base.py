"""What every kernel is, and how a Gram matrix is streamed tile by tile.

Memory beyond the result stays bounded: one tile of 256 times 256 entries and a few work matrices of that size.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from particles import ParticleCloud, ShapeError
from particles.neurons.protocols import Neuron
from particles.shapes import Gram, Inputs, OtherInputs

#: Rows and columns of one tile: a handful of its matrices in float64 fit into a core's cache.
TILE = 256

Block = Callable[[slice, slice], tuple[tuple[Tensor, ...], float]]


@dataclass(frozen=True, eq=False)
class Evaluated:
    """A Gram matrix and a bound on the error of its entries: of quadrature, where it was needed, and of rounding."""

    gram: Gram
    error: float


@runtime_checkable
class Kernel(Protocol):
    """The limit of a Gram matrix of infinitely many particles; `neuron` names the finite partner.

    A Gram matrix has gradients in both inputs by torch.autograd, for closed forms up to rounding, for quadrature up to
    about ten times the accuracy asked for. Where the kernel has none there is a convention. If sigma' jumps (ReLU,
    LeakyReLU) and hidden weights are trained, the kernel has a corner at inputs that are equal, or parallel with a jump
    at 0: the gradient is then the mean of the one-sided ones, which central differences tend to. If an input is zero
    and sigma has a kink at 0, without a bias, the kernel is no more than a cone there, and a finite vector comes back.
    Second derivatives hold where inputs are not parallel; ReLU kernels of parallel ones have none.
    """

    @property
    def neuron(self) -> Neuron:
        """The neuron whose clouds have this limit."""
        ...

    def __call__(self, x1: Inputs, x2: OtherInputs | None = None) -> Gram:
        """The Gram matrix [n1 k, n2 k] between inputs x1 and x2 (x1 again where left out), row index i k + c."""
        ...

    def evaluate(self, x1: Inputs, x2: OtherInputs | None = None) -> Evaluated:
        """The same with the error that quadrature achieved."""
        ...

    def sampled(self, cloud: ParticleCloud, x1: Inputs, x2: OtherInputs | None = None) -> Gram:
        """The finite partner: the Gram matrix of a cloud of these neurons, whose mean over the law is the kernel."""
        ...


def streamed(
    rows: int,
    columns: int,
    block: Block,
    *,
    like: Tensor,
    symmetric: bool,
    results: int = 1,
    outputs: int = 1,
    tile: int = TILE,
    graded: bool = False,
) -> tuple[Evaluated, ...]:
    """Matrices whose tiles `block(rows, columns)` gives, with an error, times the identity of the outputs.

    Symmetric ones are computed on and above the diagonal only. Results have the dtype and device of `like`, and errors
    include what rounding to it takes. graded: a gradient will be asked for; then a tile keeps nothing but its inputs
    and is computed again on the way back.
    """
    matrices = [like.new_zeros(rows, outputs, columns, outputs) for _ in range(results)]
    largest = 0.0
    for part, other in _tiles(rows, columns, tile, symmetric):
        tiles, error = _kept_small(block, part, other) if graded else block(part, other)
        largest = max(largest, error)
        for matrix, values in zip(matrices, tiles, strict=True):
            if symmetric and part == other:
                values = values.triu() + values.triu(1).T  # some processors' products X X^T are not symmetric
            for output in range(outputs):
                matrix[part, output, other, output] = values.to(like.dtype)
                if symmetric and part != other:
                    matrix[other, output, part, output] = values.T.to(like.dtype)
    return tuple(_evaluated(matrix.reshape(rows * outputs, columns * outputs), largest) for matrix in matrices)


def _evaluated(gram: Gram, error: float) -> Evaluated:
    narrow = 0.0 if gram.dtype == torch.float64 else 0.5 * torch.finfo(gram.dtype).eps
    return Evaluated(gram, error + narrow * float(gram.detach().abs().max()))


def _kept_small(block: Block, part: slice, other: slice) -> tuple[tuple[Tensor, ...], float]:
    made: tuple[tuple[Tensor, ...], float] = checkpoint(
        block, part, other, use_reentrant=False, preserve_rng_state=False
    )
    return made


def wants_gradient(*tensors: Tensor | None) -> bool:
    """Whether what is computed of these tensors will have a gradient in one of them."""
    return torch.is_grad_enabled() and any(tensor is not None and tensor.requires_grad for tensor in tensors)


def root(values: Tensor) -> Tensor:
    """The square root; its derivative at zero is zero, as what it is asked for is a corner or vanishes there."""
    if not values.requires_grad:
        return values.sqrt()
    positive = values > 0.0
    return torch.where(positive, torch.where(positive, values, 1.0).sqrt(), 0.0)


def placed(values: Tensor, exact: Tensor) -> Tensor:
    """`exact`, with the gradient of `values`, which are the same up to rounding."""
    return values + (exact - values).detach() if values.requires_grad else exact


def _tiles(rows: int, columns: int, tile: int, symmetric: bool) -> Iterator[tuple[slice, slice]]:
    for first in range(0, rows, tile):
        for other in range(first if symmetric else 0, columns, tile):
            yield slice(first, min(first + tile, rows)), slice(other, min(other + tile, columns))


def checked_inputs(inputs: Tensor) -> Tensor:
    """Inputs [data, inputs] in float64; refuses other shapes and dtypes."""
    if inputs.dtype not in (torch.float64, torch.float32):
        raise TypeError(f"Inputs of a kernel are {inputs.dtype}, but float64 or float32 is needed.")
    if inputs.ndim != 2 or 0 in inputs.shape:
        raise ShapeError(f"Inputs of a kernel have shape {tuple(inputs.shape)}, but [data, inputs] is needed.")
    if not bool(torch.isfinite(inputs).all()):
        raise ValueError("Inputs of a kernel hold values that are not finite (NaN or infinite); remove them first.")
    return inputs.double()
