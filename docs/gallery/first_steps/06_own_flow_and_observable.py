"""
A flow and an observable of one's own
=====================================

A flow is any object with ``velocity(cloud, time)``, an observable any function of a cloud, an observer any function
of step, time and cloud. Here the flow is gradient descent with a pull between particles: each is drawn to the centre
of the others that share its sign. With little pull the network keeps many features, with much it keeps two.
"""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import torch

from flows import DormandPrince, Every, GradientFlow, Trace, evolve
from particles import (
    Biased,
    Dataset,
    GaussianLaw,
    Identity,
    MeanField,
    ParticleCloud,
    Perceptron,
    Risk,
    Squared,
    Tanh,
    masses,
)


@dataclass(frozen=True)
class Drawn:
    """The velocity of another flow, and a pull to the centre of all particles whose output weight has the same sign."""

    flow: GradientFlow
    pull: float

    def velocity(self, cloud: ParticleCloud, time: float) -> torch.Tensor:
        """One velocity for each particle and coordinate: the flow sees the whole cloud."""
        positive = (cloud.positions[:, -1:] > 0).to(cloud.dtype)
        velocity = self.flow.velocity(cloud, time)
        for members in (positive, 1.0 - positive):
            centre = (members * cloud.positions).sum(dim=0) / members.sum()
            velocity = velocity + self.pull * members * (centre - cloud.positions)
        return velocity


def spread(cloud: ParticleCloud) -> torch.Tensor:
    """Root mean square distance of hidden weights from their centre, by mass."""
    weights = cloud.positions[:, :-1]
    centre = (cloud.masses[:, None] * weights).sum(dim=0)
    return ((weights - centre).square().sum(dim=1) * cloud.masses).sum().sqrt()


# %%
# The same start, three strengths of the pull.
generator = torch.Generator().manual_seed(2)
x = torch.linspace(-2.0, 2.0, 40, dtype=torch.float64)[:, None]
y = torch.sin(3.0 * x)
neuron = Perceptron(Tanh(), Biased(Identity(1)), trained="both")
risk = Risk(neuron, MeanField(), Squared(), Dataset(x, y))
start = GaussianLaw(neuron, variance=9.0).sample(masses=masses.uniform(200), seed=0)

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4))
for pull, colour in ((0.0, "C0"), (0.03, "C1"), (0.3, "C2")):
    trace = Trace(risk=risk, spread=spread)
    flow = Drawn(GradientFlow(risk), pull)
    end = evolve(flow, start, DormandPrince(rtol=1e-4), until=20.0, observers=[Every(time=0.5, observer=trace)])
    left.plot(trace.times, trace["spread"], color=colour, label=f"pull {pull}")
    right.scatter(*end.positions[:, :2].T, s=10, color=colour)
    first, last = trace["spread"][[0, -1]]
    print(f"pull {pull:4.2f}: risk {trace['risk'][-1]:.4f}, spread {first:.2f} -> {last:.2f}")
left.set(xlabel="time t", ylabel="spread of hidden weights", ylim=(0, None), title="An observable of one's own")
left.legend()
right.set(xlabel="weight w", ylabel="bias b", title="Particles at the end")
plt.show()

# %%
# Where to go on: noise, momentum and masses that grow are further methods of a flow (:class:`flows.NoisyFlow`,
# :class:`flows.KineticFlow`, :class:`flows.GrowingFlow`); :class:`flows.StopBelow` ends a run at a level.
