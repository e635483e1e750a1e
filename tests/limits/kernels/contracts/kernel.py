"""What every kernel keeps: symmetric, positive semi-definite, the mean of its finite partner, the same in pieces."""

import math
from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor

from limits import Kernel
from particles import ParticleCloud, masses
from tests.draws import normals
from tests.limits.kernels.contracts.members import INPUTS, Partner
from tests.tolerances import QUADRATURE, SINGLE, Z

#: Clouds sampled, their particles, and inputs.
CLOUDS, COUNT, DATA, OTHERS = 60, 200, 5, 3
X = normals(DATA, INPUTS, seed=1)
OTHER = normals(OTHERS, INPUTS, seed=2)


def is_symmetric(kernel: Kernel, partner: Partner) -> None:
    """K(x, x') = K(x', x)^T, exactly where the second argument is left out."""
    gram = kernel(X)
    assert torch.equal(gram, gram.T), "The Gram matrix is not symmetric."
    swapped = (kernel(X, OTHER) - kernel(OTHER, X).T).abs().max()
    assert float(swapped) <= QUADRATURE * _size(gram), "The kernel changes when its arguments are swapped."


def is_positive(kernel: Kernel, partner: Partner) -> None:
    """No eigenvalue is negative beyond the accuracy of the entries, also where an input occurs twice."""
    x = torch.cat([X, X[:2], 2.0 * X[:1], 0.0 * X[:1]])
    least = float(torch.linalg.eigvalsh(kernel(x))[0])
    assert least >= -len(x) * QUADRATURE * _size(kernel(x)), f"An eigenvalue is {least:.3g}: not semi-definite."


def is_the_mean_of_its_partner(kernel: Kernel, partner: Partner) -> None:
    """Every entry agrees with the mean over sampled clouds within five standard errors."""
    drawn = torch.stack([partner(cloud, X, OTHER) for cloud in _clouds(kernel)])
    error = drawn.std(dim=0) / math.sqrt(CLOUDS)
    expected = kernel(X, OTHER)
    # Entries without any spread are equal up to rounding, which the tiny addend stands for.
    z = (drawn.mean(dim=0) - expected) / (error + 1e-12 * _size(expected))
    assert float(z.abs().max()) < Z, f"The kernel is not the mean of its clouds: z = {float(z.abs().max()):.3g}."


def names_its_partner(kernel: Kernel, partner: Partner) -> None:
    """`sampled` is the partner, with and without a second argument, and belongs to the neuron it names."""
    cloud = _clouds(kernel)[0]
    for found, expected in (
        (kernel.sampled(cloud, X, OTHER), partner(cloud, X, OTHER)),
        (kernel.sampled(cloud, X), partner(cloud, X, X)),
    ):
        gap = float((found - expected).abs().max())
        assert gap <= 1e-12 * _size(expected), f"sampled() is not the finite partner: {gap:.3g}."
    assert cloud.dim == kernel.neuron.dim, "The kernel names another neuron."


def sees_only_the_pair(kernel: Kernel, partner: Partner) -> None:
    """An entry depends on its own two inputs: pieces, orders and joint evaluation agree within the accuracy."""
    rows = kernel.neuron.outputs * DATA
    whole = kernel(torch.cat([X, OTHER]))
    size = _size(whole)
    claim = "An entry depends on other inputs."
    assert float((whole[:rows, :rows] - kernel(X)).abs().max()) <= 2.0 * QUADRATURE * size, claim
    assert float((whole[:rows, rows:] - kernel(X, OTHER)).abs().max()) <= 2.0 * QUADRATURE * size, claim


def error_is_reported(kernel: Kernel, partner: Partner) -> None:
    """The bound that comes with the Gram matrix is within the accuracy asked for, and the matrix is the same."""
    evaluated = kernel.evaluate(X)
    assert torch.equal(evaluated.gram, kernel(X)), "evaluate() gives another Gram matrix."
    assert 0.0 <= evaluated.error <= 4.0 * QUADRATURE * _size(evaluated.gram), "The reported error is too large."


def dtype_is_kept(kernel: Kernel, partner: Partner) -> None:
    """float32 in, float32 out and as precise as that is; nothing given is written into."""
    narrow, before = X.float(), X.clone()
    gram = kernel(narrow)
    assert gram.dtype == torch.float32, "The kernel does not keep float32."
    assert float((gram.double() - kernel(narrow.double())).abs().max()) <= SINGLE * _size(gram), "Precision is lost."
    assert torch.equal(X, before), "The kernel writes into its inputs."


Law = Callable[[Kernel, Partner], None]
LAWS: list[Law] = [
    is_symmetric,
    is_positive,
    is_the_mean_of_its_partner,
    names_its_partner,
    sees_only_the_pair,
    error_is_reported,
    dtype_is_kept,
]


def _size(gram: Tensor) -> float:
    return max(float(gram.abs().max()), 1.0)


@cache
def _clouds(kernel: Kernel) -> list[ParticleCloud]:
    law = kernel.law  # every kernel here is of Gaussian weights
    return [law.sample(masses=masses.uniform(COUNT), seed=seed) for seed in range(CLOUDS)]
