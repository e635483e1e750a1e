"""Weighted products of matrices over particles; symmetric ones are computed once and mirrored."""

from particles.shapes import AnyFloat, Features, Gram, Hidden, OtherHidden, PerParticle

#: Columns of a block of a symmetric Gram matrix; one of less than two blocks is computed as a whole.
MIRRORED = 64
#: Columns up to which a product is better taken as its transpose.
NARROW = 8


def weighted_products(factor: PerParticle, rows: Hidden, columns: OtherHidden) -> Gram:
    """sum_j factor_j rows_ji columns_jl [data, data']; where both are the same, half of it is computed and mirrored."""
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
    """wide @ narrow [particles, features] as its own transpose, which BLAS does faster of few columns."""
    return (narrow.T.contiguous() @ wide.T).T
