"""Initial laws: distributions from which the positions of a cloud are sampled, for given masses."""

import math
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import torch

from particles.arguments.reals import non_negative
from particles.cloud import ParticleCloud
from particles.errors import MassError
from particles.initial.deep_law import DeepLaw
from particles.initial.uniform_points import Points, Random
from particles.neurons.deep.neuron import Deep
from particles.neurons.protocols import Neuron
from particles.neurons.user_neuron import UserNeuron, as_neuron
from particles.shapes import AnyFloat, Masses


@runtime_checkable
class Law(Protocol):
    """A distribution from which clouds are drawn."""

    def sample(self, *, masses: Masses, seed: int) -> ParticleCloud:
        """A cloud with these masses [particles]. The same seed gives the same positions, whatever the masses are."""
        ...


@runtime_checkable
class OutputLaw(Protocol):
    """The law of one output weight, given by its quantile function; its mean is zero."""

    @property
    def variance(self) -> float:
        """The second moment E a^2."""
        ...

    def quantile(self, uniforms: AnyFloat) -> AnyFloat:
        """Output weights [...] from uniform numbers [...] in (0, 1), entry by entry."""
        ...


@dataclass(frozen=True)
class RademacherOutputs:
    """Output weights -1 or +1 with equal probability."""

    variance: float = field(default=1.0, init=False)

    def quantile(self, uniforms: AnyFloat) -> AnyFloat:
        """Output weights [...]: -1 for uniform numbers below one half, +1 for the others."""
        return torch.where(uniforms < 0.5, -torch.ones_like(uniforms), torch.ones_like(uniforms))


@dataclass(frozen=True)
class GaussianOutputs:
    """Output weights from N(0, variance); raises ValueError for a variance that is negative or not finite."""

    variance: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "variance", non_negative(self.variance, "The variance"))

    def quantile(self, uniforms: AnyFloat) -> AnyFloat:
        """Output weights [...], the quantiles of N(0, variance) at uniform numbers [...]."""
        normals: AnyFloat = torch.special.ndtri(uniforms)
        return math.sqrt(self.variance) * normals


@dataclass(frozen=True)
class GaussianLaw:
    """Hidden weights w_j ~ N(0, variance I) and output weights a_j from `outputs`, all independent.

    `variance` is 1 in the text of the asymmetric paper and 2 in its published code (Caron et al. 2023). `points` is the
    source of the uniform numbers, `Random()` or `Sobol()`. For a user neuron all coordinates are hidden weights. Raises
    ValueError for a variance that is negative or not finite.
    """

    neuron: Neuron | UserNeuron
    outputs: OutputLaw = RademacherOutputs()
    variance: float = 1.0
    points: Points = Random()

    def __post_init__(self) -> None:
        object.__setattr__(self, "variance", non_negative(self.variance, "The variance"))
        if isinstance(self.neuron, Deep):
            raise TypeError(
                "A GaussianLaw has one variance for all hidden weights, but a deep network one for each layer; take "
                "DeepLaw(neuron)."
            )

    def sample(self, *, masses: Masses, seed: int) -> ParticleCloud:
        """A cloud with these masses [particles], in their dtype and on their device.

        Positions [particles, dim] come from the seed's stream "init". Raises ValueError for a seed that is not a
        non-negative integer and for more coordinates than a Sobol sequence has, MassError or ShapeError for masses that
        no cloud can have.
        """
        neuron = as_neuron(self.neuron)
        uniforms = self.points.draw(masses.shape[0], neuron.dim, seed).to(masses.device)
        hidden = math.sqrt(self.variance) * torch.special.ndtri(uniforms[:, : neuron.hidden])
        outputs = self.outputs.quantile(uniforms[:, neuron.hidden :])
        return ParticleCloud(torch.cat([hidden, outputs], dim=1).to(masses.dtype), masses)


@dataclass(frozen=True)
class SymmetricPairs:
    """Pairs of particles j and j + m/2 with equal hidden and opposite output weights, so the network starts at zero.

    The tangent kernel is that of the first half (Hu et al. 2020; Chizat et al. 2019). `sample` needs masses whose two
    halves agree, as `masses.paired` makes them, and a neuron with output weights.
    """

    law: GaussianLaw | DeepLaw

    def sample(self, *, masses: Masses, seed: int) -> ParticleCloud:
        """A cloud of symmetric pairs with these masses [particles].

        Raises MassError where the halves of the masses differ, ValueError for a neuron without output weights, and what
        `GaussianLaw.sample` raises.
        """
        neuron = as_neuron(self.law.neuron)
        if neuron.hidden == neuron.dim:
            raise ValueError("Symmetric pairs flip output weights, but this neuron has none; use the law itself.")
        half = masses.shape[0] // 2
        if masses.shape[0] % 2 or not torch.equal(masses[:half], masses[half:]):
            raise MassError(
                "Symmetric pairs need an even number of masses whose second half repeats the first; make them with "
                "masses.paired(values)."
            )
        first = self.law.sample(masses=masses[:half] / masses[:half].sum(), seed=seed).positions
        mirrored = torch.cat([first[:, : neuron.hidden], -first[:, neuron.hidden :]], dim=1)
        return ParticleCloud(torch.cat([first, mirrored]), masses)
