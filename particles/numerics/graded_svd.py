"""Accurate singular values and vectors of matrices whose rows and columns are in different units.

The usual algorithms give every singular value an error of eps times the largest one. Here Gaussian elimination with
complete pivoting first gives A = X D Y^T with well-conditioned X and Y and a diagonal D of any range. Jacobi's method
then gives every singular value an error of eps relative to itself (Demmel et al. 1999, algorithm 3.1).
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

Matrix = NDArray[np.float64]

#: After elimination an entry counts as zero below this many units of rounding of its row and column.
ROUNDED = 64.0
#: How often rows and columns are divided by their largest entries.
ROUNDS = 3
#: Options of dgejsv: high relative accuracy under scaled rows and columns ("F"), and all singular values ("N").
ACCURATE, ALL = 2, 0


@dataclass(frozen=True, eq=False)
class GradedSVD:
    """The decomposition A = U diag(values) V^T, with U = `left` and V = `right`.

    There are as many singular values as A has rank, from the largest to the least.
    """

    left: Float[Tensor, "rows rank"]
    values: Float[Tensor, " rank"]
    right: Float[Tensor, "columns rank"]

    @classmethod
    def of(cls, matrix: Float[Tensor, "rows columns"]) -> Self:
        """The decomposition of a matrix in float64, on the matrix's device.

        Entries are taken to be as precise as their dtype, and the rank does not count what is rounding in the units of
        its row and column. The cost is about two operations for every entry and every unit of rank. Raises
        ArithmeticError where Jacobi's method does not converge.
        """
        parts = _decomposed(matrix.double().cpu().numpy(), torch.finfo(matrix.dtype).eps)
        return cls(*(torch.from_numpy(np.ascontiguousarray(part)).to(matrix.device) for part in parts))


def _decomposed(matrix: Matrix, eps: float) -> tuple[Matrix, Matrix, Matrix]:
    """U, values and V: with X D = Q R P, R P Y^T = U' diag(values) V^T by Jacobi's method, and U = Q U'."""
    first, pivots, second = _eliminated(matrix, eps)
    if pivots.size == 0:
        return np.zeros((matrix.shape[0], 0)), pivots, np.zeros((matrix.shape[1], 0))
    orthogonal, triangular, order = scipy.linalg.qr(first * pivots, mode="economic", pivoting=True)
    values, right, left, work, _, failed = scipy.linalg.lapack.dgejsv(
        second[:, order] @ triangular.T, joba=ACCURATE, jobr=ALL, jobp=0
    )
    if failed != 0:
        raise ArithmeticError(f"The singular values of a matrix {matrix.shape} were not found: Jacobi's method failed.")
    return orthogonal @ left, values * (work[0] / work[1]), right[:, : pivots.size]


def _eliminated(matrix: Matrix, eps: float) -> tuple[Matrix, Matrix, Matrix]:
    """X [rows, rank], D [rank] and Y [columns, rank] of A = X D Y^T, whose largest entries are one."""
    rest = matrix.copy()
    negligible = ROUNDED * eps * _sizes(matrix)
    first, pivots, second = [], [], []
    for _ in range(min(matrix.shape)):
        row, column = np.unravel_index(np.abs(rest).argmax(), rest.shape)
        pivot = rest[row, column]
        if pivot == 0.0:
            break
        first.append(rest[:, column] / pivot)
        second.append(rest[row] / pivot)
        pivots.append(pivot)
        rest -= np.outer(first[-1], rest[row])
        rest[:, column] = rest[row] = 0.0
        rest[np.abs(rest) <= negligible] = 0.0
    shape = (-1, len(pivots))
    return (
        np.array(first).T.reshape(*shape) if pivots else np.zeros((matrix.shape[0], 0)),
        np.array(pivots),
        np.array(second).T.reshape(*shape) if pivots else np.zeros((matrix.shape[1], 0)),
    )


def _sizes(matrix: Matrix) -> Matrix:
    """Sizes r_i c_j >= |A_ij| of the entries, by a scale r_i for each row and c_j for each column."""
    rows = np.ones((matrix.shape[0], 1))
    columns = np.ones((1, matrix.shape[1]))
    for _ in range(ROUNDS):
        rows *= _largest(matrix / (rows * columns), axis=1)
        columns *= _largest(matrix / (rows * columns), axis=0)
    return rows * columns


def _largest(matrix: Matrix, axis: int) -> Matrix:
    """The largest |entries| along an axis, and 1 where all entries are zero."""
    largest: Matrix = np.abs(matrix).max(axis=axis, keepdims=True, initial=0.0)
    return np.where(largest > 0.0, largest, 1.0)
