"""The protocol of a kernel, and the loop that computes a Gram matrix tile by tile.

Beside the result, memory holds one tile of 256 times 256 entries and a few work matrices of that size.
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

#: Rows and columns of one tile. A few matrices of this size in float64 fit into the cache of a core.
TILE = 256

Block = Callable[[slice, slice], tuple[tuple[Tensor, ...], float]]


@dataclass(frozen=True, eq=False)
class Evaluated:
    """A Gram matrix `gram` [n1 k, n2 k] and `error`, a bound on the absolute error of its entries.

    The bound covers rounding, and quadrature where it was needed.
    """

    gram: Gram
    error: float


@runtime_checkable
class Kernel(Protocol):
    """The limit of a Gram matrix for infinitely many particles. Gram matrices are not divided by n.

    A Gram matrix has gradients in both inputs by torch.autograd: up to rounding for closed forms, and up to about ten
    times the requested accuracy for quadrature. At points where the kernel is not differentiable a convention applies.
    If sigma' jumps (ReLU, LeakyReLU) and hidden weights are trained, the kernel has a corner where inputs are equal,
    or parallel if the jump is at 0. The gradient there is the mean of the one-sided gradients, which is the limit of
    central differences. If an input is zero, sigma has a kink at 0 and there is no bias, then the kernel is a cone at
    that input, and the gradient is some finite vector. Second derivatives are right where inputs are not parallel;
    ReLU kernels have none at parallel inputs.
    Raises TypeError, ShapeError or ValueError for inputs that are not float64 or float32, not [data, inputs], or not
    finite, and ValueError where quadrature does not reach the requested accuracy.
    """

    @property
    def neuron(self) -> Neuron:
        """The neuron whose clouds have this limit."""
        ...

    def __call__(self, x1: Inputs, x2: OtherInputs | None = None) -> Gram:
        """The Gram matrix [n1 k, n2 k] between inputs x1 [n1, d] and x2 [n2, d], row index i k + c.

        x2 is x1 where left out.
        """
        ...

    def evaluate(self, x1: Inputs, x2: OtherInputs | None = None) -> Evaluated:
        """The same Gram matrix, with a bound on the error of its entries."""
        ...

    def sampled(self, cloud: ParticleCloud, x1: Inputs, x2: OtherInputs | None = None) -> Gram:
        """The Gram matrix [n1 k, n2 k] of a finite cloud of these neurons; its mean over the law is the kernel."""
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
    """Matrices that `block(rows, columns)` gives tile by tile with an error, times the identity of the outputs.

    A symmetric matrix is computed on and above its diagonal only. Results have the dtype and device of `like`, and
    errors include the rounding to that dtype. With `graded`, where a gradient will be asked for, a tile keeps only its
    inputs and is computed a second time in the backward pass.
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
    """Whether a result computed from these tensors will have a gradient in one of them."""
    return torch.is_grad_enabled() and any(tensor is not None and tensor.requires_grad for tensor in tensors)


def root(values: Tensor) -> Tensor:
    """The square root, with derivative zero at zero: what it multiplies has a corner there or vanishes."""
    if not values.requires_grad:
        return values.sqrt()
    positive = values > 0.0
    return torch.where(positive, torch.where(positive, values, 1.0).sqrt(), 0.0)


def placed(values: Tensor, exact: Tensor) -> Tensor:
    """The numbers of `exact` with the gradient of `values`; both agree up to rounding."""
    return values + (exact - values).detach() if values.requires_grad else exact


def _tiles(rows: int, columns: int, tile: int, symmetric: bool) -> Iterator[tuple[slice, slice]]:
    for first in range(0, rows, tile):
        for other in range(first if symmetric else 0, columns, tile):
            yield slice(first, min(first + tile, rows)), slice(other, min(other + tile, columns))


def checked_inputs(inputs: Tensor) -> Tensor:
    """Inputs [data, inputs] in float64; raises TypeError, ShapeError or ValueError for other dtypes, shapes and NaN."""
    if inputs.dtype not in (torch.float64, torch.float32):
        raise TypeError(f"Inputs of a kernel are {inputs.dtype}, but float64 or float32 is needed.")
    if inputs.ndim != 2 or 0 in inputs.shape:
        raise ShapeError(f"Inputs of a kernel have shape {tuple(inputs.shape)}, but [data, inputs] is needed.")
    if not bool(torch.isfinite(inputs).all()):
        raise ValueError("Inputs of a kernel hold values that are not finite (NaN or infinite); remove them first.")
    return inputs.double()
