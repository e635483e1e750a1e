"""Embeddings of ours as torch modules without parameters."""

from torch import Tensor, nn

from particles.neurons.embeddings import Embedding


class Embedded(nn.Module):
    """phi(x) as a torch module that holds nothing to be trained."""

    def __init__(self, embedding: Embedding) -> None:
        super().__init__()
        self.embedding = embedding

    def forward(self, x: Tensor) -> Tensor:
        """phi(x) [data, features] of inputs [data, inputs]."""
        return self.embedding(x)

    def extra_repr(self) -> str:
        """The embedding."""
        return repr(self.embedding)
