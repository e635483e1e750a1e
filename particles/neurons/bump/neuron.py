"""The bump: a neuron whose position is the centre of a density on the space of inputs."""

from dataclasses import dataclass

from particles.arguments.integers import whole
from particles.arguments.reals import positive
from particles.errors import ShapeError
from particles.neurons.bump.profiles import GaussianProfile, Profile
from particles.neurons.bump.tangent import BumpTangent
from particles.shapes import Features, Inputs, ManyPositions, MemberPositions, Positions


@dataclass(frozen=True)
class Bump:
    """g(theta, x) = width^(-dim) K((x - theta) / width): a density of integral one around the centre theta [dim].

    `dim` is the number of inputs and of coordinates, which are the group "centre" and are all trained; the one output
    has no weight. `profile` is the shape K: `GaussianProfile()`, `CompactProfile()` or a user's own. Under `MeanField`
    f = sum_j lambda_j g(theta_j, .) is the kernel density estimate of the cloud, and as width -> 0 the measure itself
    (Javanmard, Mondelli and Montanari 2020). Particles that are to stay in a set need walls: `flows.Walled`.

    Raises ValueError for a dim that is no positive integer and a width that is not positive.
    """

    dim: int
    width: float
    profile: Profile = GaussianProfile()

    def __post_init__(self) -> None:
        object.__setattr__(self, "dim", whole(self.dim, "The dim of Bump"))
        object.__setattr__(self, "width", positive(self.width, "The width of Bump"))

    @property
    def hidden(self) -> int:
        """All coordinates."""
        return self.dim

    @property
    def outputs(self) -> int:
        """One."""
        return 1

    @property
    def groups(self) -> dict[str, slice]:
        """The name of the coordinates: "centre"."""
        return {"centre": slice(0, self.dim)}

    @property
    def trained_columns(self) -> slice:
        """All coordinates."""
        return slice(0, self.dim)

    def embed(self, inputs: Inputs) -> Features:
        """The inputs themselves [data, dim]; raises ShapeError for another number of them."""
        if inputs.shape[1] != self.dim:
            raise ShapeError(
                f"Inputs have {inputs.shape[1]} coordinates, but the bump has {self.dim}; make them agree."
            )
        return inputs

    def tangent(self, positions: Positions, phi: Features) -> BumpTangent:
        """Bumps at these centres [particles, dim], at these inputs [data, dim]."""
        return self._tangent(positions, phi)

    def member_tangent(self, positions: MemberPositions, phi: Features) -> BumpTangent:
        """The bumps of several clouds [members, particles, dim] at inputs that all of them share."""
        return self._tangent(positions, phi)

    def _tangent(self, positions: ManyPositions, phi: Features) -> BumpTangent:
        if positions.shape[-1] != self.dim:
            raise ShapeError(f"Particles have {positions.shape[-1]} coordinates, but the bump needs {self.dim}.")
        return BumpTangent(self, positions, phi)
