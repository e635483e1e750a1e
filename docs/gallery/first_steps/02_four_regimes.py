"""
Four regimes of one network
===========================

The same particles and the same data, but four node scalings: what a mass does to a particle's output and to its
speed. In NTK scaling with equal masses nobody moves and the network is a kernel method; with unequal masses the heavy
particles travel; in mean field everybody does; and the lazy scaling goes from mean field to the kernel by one number
c.
"""

import matplotlib.pyplot as plt
import torch

from flows import Adaptive, GradientFlow, evolve
from particles import (
    NTK,
    Biased,
    Dataset,
    GaussianLaw,
    Identity,
    LargestMovement,
    Lazy,
    MeanField,
    Perceptron,
    ReLU,
    Risk,
    Squared,
    SymmetricPairs,
    masses,
)

generator = torch.Generator().manual_seed(1)
x = 3.0 * torch.rand(60, 2, dtype=torch.float64, generator=generator) - 1.5
y = torch.sign(x[:, 0] * x[:, 1])  # the corners of a square, opposite ones alike

# %%
# Masses are halves that agree, so that particles come in pairs and the network starts at zero.
neuron = Perceptron(ReLU(), Biased(Identity(2)), trained="both")
equal = masses.paired(masses.uniform(100))
heavy = masses.paired(masses.asymmetrical(100, gamma=0.1, alpha=0.6))
regimes = {
    "NTK, equal masses": (NTK(), equal),
    "NTK, unequal masses": (NTK(), heavy),
    "mean field": (MeanField(), equal),
    "lazy, c = 3": (Lazy(3.0), equal),
}

# %%
# One loop for all: only the scaling and the masses differ.
ends = {}
for name, (scaling, weights) in regimes.items():
    start = SymmetricPairs(GaussianLaw(neuron)).sample(masses=weights, seed=0)
    risk = Risk(neuron, scaling, Squared(), Dataset(x, y))
    end = evolve(GradientFlow(risk), start, Adaptive(rtol=1e-3), until=100.0)
    ends[name] = start, end
    moved = float(LargestMovement(start)(end))
    print(f"{name:20s} risk {float(risk(start)):.2f} -> {float(risk(end)):.3f}, largest movement {moved:.2f}")

# %%
# Particles by the direction of their hinge, before (grey) and after; area is mass.
figure, axes = plt.subplots(1, 4, figsize=(11, 3.2), sharex=True, sharey=True)
for axis, (name, (start, end)) in zip(axes, ends.items(), strict=True):
    area = 2000 * end.masses
    for before, after in zip(start.positions[:, :2], end.positions[:, :2], strict=True):
        axis.plot(*torch.stack([before, after]).T, color="0.8", lw=0.6, zorder=1)
    axis.scatter(*start.positions[:, :2].T, s=4, color="0.6")
    axis.scatter(*end.positions[:, :2].T, s=area, c=end.positions[:, -1], cmap="coolwarm", vmin=-3, vmax=3)
    axis.set(title=name, xlabel="w$_1$", xlim=(-7, 7), ylim=(-7, 7), aspect="equal")
axes[0].set_ylabel("w$_2$")
plt.show()

# %%
# Where to go on: the page on :doc:`masses, scalings and time </concepts>`, and the study :doc:`asymmetric-scaling
# </studies/asymmetric_scaling>` on real data.
