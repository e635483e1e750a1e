"""
Langevin and its stationary law
===============================

With noise of temperature T a cloud does not come to rest at a point but at a law: the Gibbs measure of its own
potential, which ``limits`` computes on a grid without any particle. On the way there the density of infinitely many
particles obeys a Fokker-Planck equation. A cloud of 4000 particles is compared with both.
"""

import matplotlib.pyplot as plt
import torch

from flows import LangevinFlow, LeimkuhlerMatthews, evolve
from limits import Atoms, Density, FokkerPlanck, Gibbs, Grid, Interval
from particles import Dataset, Identity, MeanField, ParticleCloud, Perceptron, Risk, Squared, Tanh

# %%
# Neurons 3 tanh(w x), of which w is trained, and nine data.
x = torch.linspace(-2.0, 2.0, 9, dtype=torch.float64)[:, None]
y = 3.0 * torch.tanh(3.0 * x) - 1.8 * torch.tanh(0.5 * x)
risk = Risk(Perceptron(Tanh(), Identity(1), trained="hidden"), MeanField(), Squared(), Dataset(x, y))
temperature, confinement = 0.1, 0.18

# %%
# The particles: w standard normal, the output weight 3 frozen.
generator = torch.Generator().manual_seed(0)
w = torch.randn(4000, 1, dtype=torch.float64, generator=generator)
start = ParticleCloud(torch.cat([w, torch.full_like(w, 3.0)], dim=1))
flow = LangevinFlow(risk, temperature, confinement)
early = evolve(flow, start, LeimkuhlerMatthews(0.01), until=0.5, seed=0)
late = evolve(flow, early, LeimkuhlerMatthews(0.02), until=20.5, time=0.5, index=0, seed=1)

# %%
# The density of infinitely many particles at the same two moments.
grid = Grid((Interval(-6.0, 6.0, 200), Atoms((3.0,))))


def normal(places: torch.Tensor) -> torch.Tensor:
    """The density of the start, up to a factor."""
    return torch.exp(-0.5 * places[:, 0].square())


on_the_way = FokkerPlanck(risk, temperature, confinement, grid).solve(normal, [0.5]).last.marginal(0)
at_rest = Gibbs(risk, temperature, confinement, grid, normal).solve().density.marginal(0)


def apart(cloud: ParticleCloud, density: Density) -> float:
    """W1 on the line: mean distance of quantiles."""
    levels = (torch.arange(cloud.count, dtype=torch.float64) + 0.5) / cloud.count
    return float((cloud.positions[:, 0].sort().values - density.quantile(levels)).abs().mean())


moments = (("t = 0.5", early, on_the_way, "Fokker-Planck"), ("at rest", late, at_rest, "Gibbs"))
figure, axes = plt.subplots(1, 2, sharey=True, figsize=(9, 4))
for axis, (when, cloud, density, name) in zip(axes, moments, strict=True):
    drawn = density.sample(4000, seed=0)
    print(f"{when}: W1 to {name} {apart(cloud, density):.4f}; of 4000 independent draws {apart(drawn, density):.4f}")
    axis.hist(cloud.positions[:, 0], bins=80, range=(-4, 6), density=True, color="0.8", label="4000 particles")
    axis.plot(density.grid.centres[:, 0], density.values, color="C3", label=name)
    axis.set(xlabel="w", xlim=(-4, 6), title=when)
    axis.legend()
axes[0].set_ylabel("density")
plt.show()

# %%
# Where to go on: the study :doc:`mean-field-laws </studies/mean_field_laws>` counts particles up to 16,000;
# :class:`flows.UnderdampedFlow` has inertia; :class:`limits.ReLUGibbs` is the same at any temperature for ReLU.
