"""
Infinite width, trained, with an error bar
==========================================

What does a trained network of infinitely many neurons do? Its mean over widths is a series in 1/m, and clouds of
several widths that share their particles differ by little, so few samples of wide clouds are needed. The answer comes
with a standard error, and with how wide a network must be to be as good.
"""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import torch

from flows import Adaptive, GradientFlow, evolve_all
from limits import Drawn, infinite_width
from particles import (
    Dataset,
    Ensemble,
    GaussianLaw,
    Identity,
    MeanField,
    MeanMovement,
    ParticleCloud,
    Perceptron,
    Risk,
    Squared,
    Tanh,
    masses,
)

generator = torch.Generator().manual_seed(0)
x = torch.randn(10, 2, dtype=torch.float64, generator=generator)
neuron = Perceptron(Tanh(), Identity(2), trained="both")
risk = Risk(neuron, MeanField(), Squared(), Dataset(x, torch.sin(2.0 * x[:, 0]) * x[:, 1]))

# %%
# Two functions say everything: how a cloud is drawn, and what is measured of clouds of one width, which are trained
# side by side.


def draw(width: int, seed: int) -> ParticleCloud:
    """A cloud at its start."""
    return GaussianLaw(neuron).sample(masses=masses.uniform(width), seed=seed)


def measured(clouds: Sequence[Drawn]) -> torch.Tensor:
    """Risk and mean movement at time 5: [clouds, 2]."""
    starts = [drawn.cloud for drawn in clouds]
    ends = evolve_all(GradientFlow(risk), Ensemble.of(starts), Adaptive(rtol=1e-3), until=5.0)
    pairs = [(risk(end), MeanMovement(start)(end)) for start, end in zip(starts, ends, strict=True)]
    return torch.tensor(pairs, dtype=torch.float64)


found = infinite_width(measured, draw, quantities=("risk", "movement"), tolerance=2e-2, first_width=8, pilot=16)
print(found.verdict)
for value in found.values:
    print(
        f"{value.name}: {value.value:.4f} +- {value.standard_error:.4f}, between {value.low:.4f} and {value.high:.4f}"
    )
wide = found.finite_width.width_for("risk", 0.01, relative=True)
print(f"width at which the risk is right to 1 %: {wide.value:.0f}, at most {wide.high:.0f}")

# %%
# Single networks beside the limit.
widths = (8, 16, 32, 64, 128, 256)
figure, axes = plt.subplots(1, 2, figsize=(9, 4))
for column, (axis, value) in enumerate(zip(axes, found.values, strict=True)):
    for m in widths:
        seen = measured([Drawn(draw(m, 1000 + seed), seed=0, first=0) for seed in range(12)])[:, column]
        axis.semilogx([m] * 12, seen, ".", color="C0", alpha=0.6)
    axis.axhspan(value.low, value.high, color="C3", alpha=0.3, label="infinite width, 95 %")
    axis.set(xlabel="width m", ylabel=f"{value.name} at t = 5")
    axis.legend()
plt.show()

# %%
# Where to go on: :func:`limits.infinite_width` says which coupling serves which scaling, and keeps its samples, so
# that a smaller tolerance begins with what there is.
