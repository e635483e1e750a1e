"""An estimate whose standard errors are parts of the quantities' own sizes, which the estimate finds on its way."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from limits import InfiniteWidth

#: Estimates with these tolerances by name; a later call goes on from the samples that are there.
Estimating = Callable[[Mapping[str, float]], InfiniteWidth]
#: A tolerance that any pilot of samples meets.
LOOSE = 1e100
#: A tolerance that turned out too large by less than this factor is left as it is.
NEAR = 1.25
#: So many estimates are made, at most, to find the sizes.
MOST = 5


def relative(part: float, names: Sequence[str], estimating: Estimating) -> InfiniteWidth:
    """The estimate whose tolerances are `part` of the size of each quantity.

    That is |F| where F is more than two standard errors from zero; else, since no part of zero can be met, the mean or
    the standard deviation at the first width, whichever is larger.
    """
    found = estimating(dict.fromkeys(names, LOOSE))
    sizes = _at_first(found)
    for _ in range(MOST):
        found = estimating({name: part * size for name, size in sizes.items()})
        seen = {value.name: abs(value.value) for value in found.values if abs(value.value) > 2.0 * value.standard_error}
        if all(sizes[name] <= NEAR * size for name, size in seen.items()):
            break
        sizes |= {name: min(sizes[name], size) for name, size in seen.items()}
    return found


def _at_first(found: InfiniteWidth) -> dict[str, float]:
    """The sizes at the first width; one for a quantity that is zero in every sample."""
    fine = found.fine[0]
    sizes = np.maximum(np.abs(fine.mean(axis=(0, 1))), fine.std(axis=(0, 1)))
    return {name: float(size) if size > 0.0 else 1.0 for name, size in zip(found.names, sizes, strict=True)}
