"""Weighted products of matrices over particles; of a symmetric product one half is computed and mirrored."""

from particles.shapes import AnyFloat, Features, Grams, Hidden, ManyHidden, ManyOtherHidden, ManyPerParticle

#: Columns of a block of a symmetric Gram matrix; a matrix of less than two blocks is computed as a whole.
MIRRORED = 64
#: Number of columns up to which a product is faster when it is computed as its transpose.
NARROW = 8


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


def narrow_product(wide: Hidden, narrow: Features) -> AnyFloat:
    """wide @ narrow [particles, features], computed as a transpose, which BLAS does faster for few columns."""
    return (narrow.T.contiguous() @ wide.T).T
