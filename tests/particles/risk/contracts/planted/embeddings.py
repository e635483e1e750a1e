"""Embeddings with one mistake each, beside the law that must reject them and the claim it then makes."""

import torch
from torch import Tensor

from particles import Identity
from tests.particles.risk.contracts import embedding


class Unscaled(Identity):
    """x itself, which grows with the number of inputs."""

    def __call__(self, x: Tensor) -> Tensor:
        """x."""
        return x


class Standardised(Identity):
    """Subtracts the mean over the inputs at hand."""

    def __call__(self, x: Tensor) -> Tensor:
        """Depends on the company an input keeps."""
        return x - x.mean(dim=0)


class Redrawn(Identity):
    """Features drawn anew at every call."""

    def __call__(self, x: Tensor) -> Tensor:
        """From the global generator."""
        return x @ torch.randn(self.dim, self.dim).to(x)


class Wide(Identity):
    """Promotes to float64."""

    def __call__(self, x: Tensor) -> Tensor:
        """x / sqrt(d)."""
        return super().__call__(x.double())


PLANTED_EMBEDDINGS = [
    (Unscaled(100), embedding.features_are_of_order_one, "is 9.* on average|is 1.* on average"),
    (Standardised(3), embedding.inputs_stand_alone, "do not stand alone"),
    (Redrawn(3), embedding.copies_are_the_same_map, "global generator was touched"),
    (Wide(3), embedding.dtype_is_kept, "float32 is not kept"),
]
