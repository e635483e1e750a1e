"""Planted errors of whole risks: velocities with one mistake each, beside the law that must reject them."""

import torch
from torch import Tensor

from particles import L2, Dataset, Identity, MeanField, ParticleCloud, Perceptron, Risk, Squared, Tanh
from tests.particles.risk.contracts import risk
from tests.particles.risk.contracts.plain import dataset


class Uphill(Risk):
    """Moves up the slope."""

    def velocity(self, cloud: ParticleCloud) -> Tensor:
        """Minus the velocity."""
        return -super().velocity(cloud)


class Weightless(Risk):
    """Counts every datum alike."""

    def velocity(self, cloud: ParticleCloud) -> Tensor:
        """The velocity on unweighted data."""
        flat = Dataset(self.data.inputs, self.data.targets)
        return Risk(self.neuron, self.scaling, self.loss, flat, self.regulariser).velocity(cloud)


class FlatMasses(Risk):
    """Moves every particle as if masses were equal."""

    def velocity(self, cloud: ParticleCloud) -> Tensor:
        """The right forces with mobility m."""
        mobility = self.scaling.mobility(cloud.masses) / cloud.count
        return super().velocity(cloud) / mobility[:, None]


class Unregularised(Risk):
    """Forgets the regulariser in the velocity."""

    def velocity(self, cloud: ParticleCloud) -> Tensor:
        """The velocity of the losses alone."""
        return Risk(self.neuron, self.scaling, self.loss, self.data).velocity(cloud)


class MasslessRegulariser(Risk):
    """Pulls every particle alike, whatever its mass."""

    def velocity(self, cloud: ParticleCloud) -> Tensor:
        """Without lambda_j in the regulariser's part."""
        losses = Risk(self.neuron, self.scaling, self.loss, self.data).velocity(cloud)
        return losses + (super().velocity(cloud) - losses) / (cloud.masses[:, None] * cloud.count)


class FlatNetwork(Risk):
    """Averages particles whatever their masses."""

    def predictions(self, cloud: ParticleCloud, inputs: Tensor | None = None) -> Tensor:
        """The predictions for equal masses."""
        return super().predictions(ParticleCloud(cloud.positions), inputs)


class LeadingParticle(Risk):
    """Lets the first particle lead."""

    def velocity(self, cloud: ParticleCloud) -> Tensor:
        """Subtracts a part of the first particle's velocity."""
        velocity = super().velocity(cloud)
        return velocity - 0.1 * velocity[:1]


class Remembering(Risk):
    """Hands out one buffer."""

    buffer = torch.zeros(7, 5, dtype=torch.float64)

    def velocity(self, cloud: ParticleCloud) -> Tensor:
        """Right until asked again."""
        return self.buffer.copy_(super().velocity(cloud))


class Writing(Risk):
    """Moves the particles it was asked about."""

    def velocity(self, cloud: ParticleCloud) -> Tensor:
        """Writes into the cloud."""
        velocity = super().velocity(cloud)
        cloud.positions.add_(velocity, alpha=1e-9)
        return velocity


class Promoting(Risk):
    """Computes in float64 whatever comes."""

    def velocity(self, cloud: ParticleCloud) -> Tensor:
        """The velocity of the widened cloud."""
        return super().velocity(cloud.to(dtype=torch.float64))


EXAMPLE = Risk(
    Perceptron(Tanh(), Identity(3), 2, "both"), MeanField(), Squared(), dataset(Squared(), 2), L2(strength=0.3)
)


def _planted(kind: type[Risk], **changes: object) -> Risk:
    fields = {name: getattr(EXAMPLE, name) for name in ("neuron", "scaling", "loss", "data", "regulariser")}
    return kind(**{**fields, **changes})


SLOPE = (risk.velocity_is_minus_mobility_times_slope, "not minus mobility times the slope")
PLANTED_RISKS = [
    *(
        (_planted(kind), *SLOPE)
        for kind in (Uphill, Weightless, FlatMasses, Unregularised, MasslessRegulariser, LeadingParticle)
    ),
    (_planted(FlatNetwork), risk.splitting_a_particle_changes_nothing, "Splitting a particle changes the predictions"),
    (_planted(LeadingParticle), risk.particles_have_no_order, "velocity depends on the order"),
    (_planted(Remembering), risk.nothing_is_written_or_remembered, "written into later"),
    (_planted(Writing), risk.nothing_is_written_or_remembered, "remembers what it was asked"),
    (_planted(Promoting), risk.float32_is_kept, "float32 is not kept"),
]
