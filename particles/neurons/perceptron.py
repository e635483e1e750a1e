"""The perceptron: how a particle's position is read as hidden and output weights.

Evaluated at given positions and embedded inputs it is a tangent (`perceptron_tangent.py`): everything that a flow needs
of a piece of the cloud, in closed form and without an autograd graph.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from particles.arguments.integers import whole
from particles.errors import ShapeError
from particles.neurons.activations import Activation
from particles.neurons.embeddings import Embedding
from particles.neurons.groups import chosen_groups
from particles.neurons.member_tangent import MemberTangent
from particles.neurons.perceptron_tangent import PerceptronTangent
from particles.shapes import Features, Inputs, MemberPositions, Positions, PreActivations

#: The word for both groups of coordinates.
BOTH = "both"


@dataclass(frozen=True)
class Perceptron:
    """g(theta, x) = a sigma(w . phi(x)), theta = (w, a): hidden weights w [features], output weights a [outputs].

    positions[:, :features] are the hidden weights and the rest the output weights: the groups "hidden" and "output".
    `trained` says which of them move: "hidden", "output" or "both", or a tuple of names of groups.
    """

    activation: Activation
    embedding: Embedding
    outputs: int = 1
    trained: str | Sequence[str] = "hidden"

    def __post_init__(self) -> None:
        object.__setattr__(self, "outputs", whole(self.outputs, "The number of outputs"))
        chosen = chosen_groups(self.trained, self.groups, BOTH)
        object.__setattr__(self, "trained", chosen[0] if len(chosen) == 1 else BOTH)

    @property
    def hidden(self) -> int:
        """D, the number of hidden weights."""
        return self.embedding.features

    @property
    def dim(self) -> int:
        """D + k."""
        return self.hidden + self.outputs

    @property
    def groups(self) -> dict[str, slice]:
        """The names of the coordinates: "hidden" weights and "output" weights."""
        return {"hidden": slice(0, self.hidden), "output": slice(self.hidden, self.dim)}

    @property
    def trained_columns(self) -> slice:
        """The coordinates that training moves."""
        first = self.hidden if self.trained == "output" else 0
        return slice(first, self.hidden if self.trained == "hidden" else self.dim)

    def embed(self, inputs: Inputs) -> Features:
        """phi(x_i) [data, features]."""
        return self.embedding(inputs)

    def tangent(self, positions: Positions, phi: Features) -> PerceptronTangent:
        """These particles [particles, dim] at these embedded inputs [data, features]."""
        self._check(positions.shape[-1])
        return PerceptronTangent(self, positions, phi)

    def member_tangent(self, positions: MemberPositions, phi: Features) -> MemberTangent:
        """The particles of several clouds [members, particles, dim] at embedded inputs that all of them share."""
        self._check(positions.shape[-1])
        return MemberTangent(self, positions, phi)

    def preactivations(self, positions: Positions, phi: Features) -> dict[str, PreActivations]:
        """{"hidden": w_j . phi(x_i)} [particles, data, 1]."""
        self._check(positions.shape[-1])
        return {"hidden": (positions[:, : self.hidden] @ phi.T)[..., None]}

    def _check(self, dim: int) -> None:
        if dim != self.dim:
            raise ShapeError(
                f"Particles have {dim} coordinates, but this neuron needs {self.dim}: {self.hidden} hidden weights and "
                f"{self.outputs} output weights."
            )
