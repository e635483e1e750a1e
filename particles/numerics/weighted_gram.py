"""Products of matrices over particles or data: weighted ones, of which symmetric halves are mirrored, and narrow ones.

A product with few columns is computed as its transpose, which BLAS does up to twice as fast.
"""

import torch

from particles.shapes import AnyFloat, Grams, ManyHidden, ManyOtherHidden, ManyPerParticle, ManyPositions

#: Columns of a block of a symmetric Gram matrix; a matrix of less than two blocks is computed as a whole.
MIRRORED = 64
#: Number of columns up to which a product is faster when it is computed as its transpose, in each dtype.
NARROW = {torch.float32: 8, torch.float64: 64}
#: Least number of rows of a narrow product over data; with fewer its bits would depend on the number of threads.
TALL = 128


def weighted_products(factor: ManyPerParticle, rows: ManyHidden, columns: ManyOtherHidden) -> Grams:
    """sum_j factor_j rows_ji columns_jl [data, data'], member by member where there is a leading axis.

    Where rows and columns are one tensor, one half is computed and mirrored.
    """
    weighted = factor[..., None] * rows
    size = rows.shape[-1]
    if rows is not columns or size < 2 * MIRRORED:
        return weighted.mT @ columns
    result = rows.new_empty(*rows.shape[:-2], size, size)
    for first in range(0, size, MIRRORED):
        part = slice(first, first + MIRRORED)
        rest = slice(first + MIRRORED, None)
        result[..., part, first:] = weighted[..., part].mT @ columns[..., first:]
        result[..., rest, part] = result[..., part, rest].mT
    return result


def is_narrow(hidden: ManyHidden, columns: AnyFloat) -> bool:
    """Whether hidden @ columns is computed faster as its transpose, with the same bits on any number of threads."""
    return hidden.shape[-2] >= TALL and columns.shape[-1] <= NARROW.get(columns.dtype, 0)


def over_data(hidden: ManyHidden, columns: AnyFloat) -> ManyPositions:
    """hidden @ columns [particles, features], member by member where there is a leading axis."""
    if not is_narrow(hidden, columns):
        return hidden @ columns
    return (columns.mT.contiguous() @ hidden.mT).mT


def over_particles(hidden: ManyHidden, columns: ManyPositions) -> AnyFloat:
    """hidden^T @ columns [data, features], member by member where there is a leading axis."""
    few = columns.shape[-1] <= NARROW.get(columns.dtype, 0)
    return (columns.mT @ hidden).mT if few else hidden.mT @ columns
