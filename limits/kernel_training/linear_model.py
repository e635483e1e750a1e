"""The linear model of a network of any depth: a x.x'/d + b + c 1{same datum}, fitted to its tangent kernel."""

import math
from dataclasses import dataclass

import scipy
import torch
from torch import Tensor

from limits.kernels.base import checked_inputs
from particles import ShapeError
from particles.arguments.integers import whole
from particles.arguments.reals import non_negative
from particles.shapes import Gram, Inputs, OtherInputs


@dataclass(frozen=True)
class LinearModel:
    """The kernel slope x.x'/d + constant + excess 1{same datum}, times the identity of k outputs.

    Early in training a deep or convolutional network follows the linear model of this kernel (Hu et al. 2020, section
    4): its features are x sqrt(slope / d) and sqrt(constant), and `excess` is what the diagonal of the tangent kernel
    has on top, which fits each datum alone and predicts nothing elsewhere. `KernelFlow(model, data)` trains it from
    zero without a Gram matrix. `linear_model` fits one. Raises ValueError for a number that is negative or infinite.
    """

    slope: float
    constant: float = 0.0
    excess: float = 0.0
    outputs: int = 1

    def __post_init__(self) -> None:
        for name in ("slope", "constant", "excess"):
            object.__setattr__(self, name, non_negative(getattr(self, name), f"The {name} of a linear model"))
        object.__setattr__(self, "outputs", whole(self.outputs, "The number of outputs"))

    def features(self, inputs: Inputs) -> Tensor:
        """(x sqrt(slope / d), sqrt(constant)) [data, d + 1] in float64; raises as `checked_inputs` of kernels does."""
        x = checked_inputs(inputs)
        constant = x.new_full((len(x), 1), math.sqrt(self.constant))
        return torch.cat([math.sqrt(self.slope / x.shape[1]) * x, constant], dim=1)

    def factor(self, inputs: Inputs) -> Tensor:
        """Features of all outputs [n k, (d + 1) k], row index i k + c; without the excess."""
        features = self.features(inputs)
        return torch.kron(features, torch.eye(self.outputs).to(features))

    def __call__(self, x1: Inputs, x2: OtherInputs | None = None) -> Gram:
        """The Gram matrix [n1 k, n2 k] in the dtype of x1; x2 is x1 where left out, with the excess on the diagonal.

        Data of x2 are taken to be others than those of x1. Raises TypeError, ShapeError or ValueError for inputs as
        `Kernel` does.
        """
        first = self.factor(x1)
        second = first if x2 is None else self.factor(x2)
        if x2 is not None and x1.shape[1] != x2.shape[1]:
            raise ShapeError(f"x1 has {x1.shape[1]} inputs but x2 has {x2.shape[1]}; give the same number.")
        gram = first @ second.T
        if x2 is None:
            gram = gram + self.excess * torch.eye(len(gram)).to(gram)
        return gram.to(x1.dtype)


def linear_model(gram: Gram, inputs: Inputs) -> LinearModel:
    """The model nearest to a tangent Gram matrix [n k, n k] at these inputs, by least squares with numbers >= 0.

    `slope` and `constant` are fitted to all pairs of different data, those of outputs with themselves; `excess` is the
    mean of what the diagonal has on top. A few hundred data are enough to fit a model for more of the same kind.
    Raises ShapeError for a matrix of another shape or fewer than three data, and as `Kernel` for wrong inputs.
    """
    x = checked_inputs(inputs)
    count = len(x)
    k = len(gram) // count
    if count < 3 or gram.shape != (count * k, count * k) or k == 0:
        raise ShapeError(
            f"The Gram matrix has shape {tuple(gram.shape)} and there are {count} data; give [n k, n k] of three or "
            "more."
        )
    overlaps = x @ x.T / x.shape[1]
    blocks = gram.to(x).reshape(count, k, count, k).diagonal(dim1=1, dim2=3).mean(dim=2)
    off = ~torch.eye(count, dtype=torch.bool)
    design = torch.stack([overlaps[off], torch.ones_like(overlaps[off])], dim=1)
    orthogonal, triangular = torch.linalg.qr(design)
    (slope, constant), _ = scipy.optimize.nnls(triangular.numpy(), (orthogonal.T @ blocks[off]).numpy())
    excess = float((blocks.diagonal() - slope * overlaps.diagonal() - constant).mean())
    return LinearModel(float(slope), float(constant), max(excess, 0.0), k)
