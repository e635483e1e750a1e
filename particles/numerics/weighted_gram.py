"""Weighted products of matrices over particles; of a symmetric product one half is computed and mirrored."""

from particles.shapes import AnyFloat, Features, Gram, Hidden, OtherHidden, PerParticle

#: Columns of a block of a symmetric Gram matrix; a matrix of less than two blocks is computed as a whole.
MIRRORED = 64
#: Number of columns up to which a product is faster when it is computed as its transpose.
NARROW = 8


def weighted_products(factor: PerParticle, rows: Hidden, columns: OtherHidden) -> Gram:
    """sum_j factor_j rows_ji columns_jl [data, data']; where both are one tensor, one half is computed and mirrored."""
    weighted = factor[:, None] * rows
    if rows is not columns or rows.shape[1] < 2 * MIRRORED:
        return weighted.T @ columns
    result = rows.new_empty(rows.shape[1], rows.shape[1])
    for first in range(0, rows.shape[1], MIRRORED):
        part = slice(first, first + MIRRORED)
        rest = slice(first + MIRRORED, None)
        result[part, first:] = weighted[:, part].T @ columns[:, first:]
        result[rest, part] = result[part, rest].T
    return result


def narrow_product(wide: Hidden, narrow: Features) -> AnyFloat:
    """wide @ narrow [particles, features], computed as a transpose, which BLAS does faster for few columns."""
    return (narrow.T.contiguous() @ wide.T).T
