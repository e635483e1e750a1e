"""How far two kernels are from each other on data that are too many for an eigendecomposition."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy
import torch
from numpy.typing import NDArray
from torch import Tensor

from limits.kernels.base import checked_inputs
from particles import ShapeError
from particles.shapes import Inputs

GramFunction = Callable[[Tensor, Tensor | None], Tensor]
Product = Callable[[Tensor], Tensor]

#: Matrices up to this many rows are diagonalised; larger ones are given to Lanczos' method.
DENSE = 300
#: Differences of up to this many rows are kept in float64, more of them in float32.
DOUBLE = 4096
#: Data of one tile.
TILE = 1024


@dataclass(frozen=True)
class KernelDistance:
    """Spectral and Frobenius norm of a difference of two Gram matrices [n k, n k], from `kernel_distance`."""

    spectral: float
    frobenius: float


def kernel_distance(kernel: GramFunction, other: GramFunction, inputs: Inputs) -> KernelDistance:
    """|K - K'|_2 and |K - K'|_F of two kernels at these inputs [n, inputs], functions (x1, x2 or None) -> Gram matrix.

    The difference is computed tile by tile in float64, each pair of tiles once. It is kept in float32 where it has more
    than 4096 rows, 0.4 GB for ten thousand, so that the rounding is relative to the difference and not to the kernels.
    Its largest eigenvalue in size is found by Lanczos' method, which multiplies by the matrix some twenty times.
    Raises TypeError, ShapeError or ValueError for inputs as `Kernel` does, and ShapeError for kernels of different
    numbers of outputs.
    """
    inputs = checked_inputs(inputs)
    difference, squares = _difference(kernel, other, inputs)
    if len(difference) <= DENSE:
        spectral = float(torch.linalg.eigvalsh(difference.double()).abs().max())
    else:
        spectral = largest_size(lambda vector: (difference @ vector.to(difference)).to(vector), len(difference))
    return KernelDistance(spectral, squares**0.5)


def largest_size(product: Product, rows: int) -> float:
    """The largest |eigenvalue| of a symmetric matrix [rows, rows], by Lanczos' method from products with vectors."""

    def multiplied(vector: NDArray[np.float64]) -> NDArray[np.float64]:
        result: NDArray[np.float64] = product(torch.from_numpy(vector).flatten()).numpy()
        return result

    operator = scipy.sparse.linalg.LinearOperator((rows, rows), matvec=multiplied, dtype=np.float64)
    start = np.random.default_rng(0).standard_normal(rows)
    options = {"which": "LM", "v0": start, "tol": 1e-8, "return_eigenvectors": False}
    return abs(float(scipy.sparse.linalg.eigsh(operator, k=1, **options)[0]))


def _difference(kernel: GramFunction, other: GramFunction, inputs: Tensor) -> tuple[Tensor, float]:
    """K - K' [n k, n k] on the CPU, and the sum of its squares in float64."""
    count = len(inputs)
    k = _outputs(kernel, other, inputs[:1])
    matrix = torch.empty(count * k, count * k, dtype=torch.float64 if count * k <= DOUBLE else torch.float32)
    squares = 0.0
    for first in range(0, count, TILE):
        rows = inputs[first : first + TILE]
        for second in range(first, count, TILE):
            columns = None if second == first else inputs[second : second + TILE]
            part = _checked(kernel, rows, columns, k) - _checked(other, rows, columns, k)
            squares += (1.0 if columns is None else 2.0) * float(part.square().sum())
            here = slice(first * k, first * k + part.shape[0])
            there = slice(second * k, second * k + part.shape[1])
            matrix[here, there] = part.to(matrix)
            if columns is not None:
                matrix[there, here] = part.T.to(matrix)
    return matrix, squares


def _checked(kernel: GramFunction, rows: Tensor, columns: Tensor | None, k: int) -> Tensor:
    """The Gram matrix of two tiles in float64; raises ShapeError for another shape."""
    part, needed = kernel(rows, columns), (len(rows) * k, len(rows if columns is None else columns) * k)
    if part.shape != needed:
        raise ShapeError(f"A kernel gave a matrix of shape {tuple(part.shape)}, but {needed} is needed, index i k + c.")
    return part.double()


def _outputs(kernel: GramFunction, other: GramFunction, one: Tensor) -> int:
    sizes = len(kernel(one, None)), len(other(one, None))
    if sizes[0] != sizes[1]:
        raise ShapeError(f"The kernels have {sizes[0]} and {sizes[1]} outputs; compare kernels of equally many.")
    return sizes[0]
