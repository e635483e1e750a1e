"""A neuron whose feature has mean square one over given inputs, as a user may write it: u h(theta, x) / |h(theta)|."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from particles.shapes import Inputs

#: Features of which the mean square is less are not blown up further.
LEAST = 1e-12


@dataclass(frozen=True, eq=False)
class NormalisedTanh:
    """g(theta, x) = u tanh(theta . x) / sqrt((1/n) sum_i tanh(theta . x_i)^2): features as section VI has them.

    (1/n) sum_i h(theta, x_i)^2 = 1 on its inputs for every theta, so that |u_j| alone says how much particle j adds.
    """

    inputs: Inputs
    outputs: ClassVar[int] = 1

    @property
    def dim(self) -> int:
        """Those of theta, and u."""
        return self.inputs.shape[1] + 1

    @property
    def groups(self) -> Mapping[str, int]:
        """theta are hidden, u is the output weight."""
        return {"hidden": self.dim - 1, "output": 1}

    def feature(self, theta: Tensor, x: Tensor) -> Tensor:
        """g(theta, x) of one particle and one input."""
        size = torch.tanh(self.inputs.to(theta) @ theta[:-1]).square().mean()
        return theta[-1] * torch.tanh(theta[:-1] @ x) / (size + LEAST).sqrt()
