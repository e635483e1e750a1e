"""
Optimal transport between trained clouds
========================================

Two networks trained from different seeds have different weights, but nearly the same cloud: numbering is all that
differs. Optimal transport pairs the particles, says how far the clouds are apart, and gives a path from one network
to the other. Along it the risk does not rise, while the straight line between the weights has a barrier.
"""

import matplotlib.pyplot as plt
import torch

from flows import Adaptive, GradientFlow, evolve
from limits import StraightPath, TransportPath, barrier
from limits.transport import transport
from particles import Biased, Dataset, GaussianLaw, Identity, MeanField, Perceptron, ReLU, Risk, Squared, masses

x = torch.linspace(-2.0, 2.0, 40, dtype=torch.float64)[:, None]
y = torch.sin(3.0 * x)
neuron = Perceptron(ReLU(), Biased(Identity(1)), trained="both")
risk = Risk(neuron, MeanField(), Squared(), Dataset(x, y))
first, second = (
    evolve(
        GradientFlow(risk),
        GaussianLaw(neuron).sample(masses=masses.uniform(400), seed=seed),
        Adaptive(rtol=1e-3),
        until=100.0,
    )
    for seed in (0, 1)
)

# %%
# The exact plan, with a certificate: the true distance is not further off than the gap.
found = transport(first, second)
by_number = (first.positions - second.positions).square().sum(dim=1).mean().sqrt()
print(f"W2 {float(found.distance):.3f} (certified to {found.gap:.0e}); particle by particle {float(by_number):.3f}")

# %%
# The risk along both paths.
straight, moved = barrier(StraightPath(first, second), risk), barrier(TransportPath(first, second), risk)
print(f"barrier of the straight path {float(straight.height):.4f}, along the transport {float(moved.height):.4f}")

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4))
for i, j in zip(found.plan.rows[::2], found.plan.columns[::2], strict=True):
    left.plot(*torch.stack([first.positions[i], second.positions[j]]).T[:2], color="0.7", lw=0.7, zorder=1)
left.scatter(*first.positions.T[:2], s=7, label="first")
left.scatter(*second.positions.T[:2], s=7, label="second")
left.set(xlabel="weight w", ylabel="bias b", title="Two clouds and every second move of the plan")
left.legend()
right.plot(straight.places, straight.risks, "--", label="straight")
right.plot(moved.places, moved.risks, label="optimal transport")
right.set(xlabel="from the first network to the second", ylabel="risk", ylim=(0, None))
right.legend()
plt.show()

# %%
# Where to go on: :func:`limits.wasserstein` for the distance alone, :func:`limits.homogeneous_distance` modulo
# rescaling of ReLU neurons, and ``meanfield distance FILE FILE2`` on the command line.
