"""
A neuron of one's own
=====================

A neuron is any class with ``dim`` and ``feature(theta, x)`` for one particle and one input, written in torch; its
derivatives are torch's. Here a particle is a wave: a frequency, a phase and an amplitude. Training a cloud of waves
in mean-field scaling finds the two frequencies of which the data are made.
"""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import torch

from flows import Adaptive, GradientFlow, evolve
from particles import Dataset, MeanField, ParticleCloud, Risk, Squared


@dataclass(frozen=True)
class Wave:
    """a cos(w x + b), theta = (w, b, a)."""

    dim: int = 3

    def feature(self, theta: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """One particle at one input [1]."""
        return theta[2] * torch.cos(theta[0] * x[0] + theta[1])


# %%
# Data with two frequencies, and a cloud whose frequencies are anywhere between 0 and 6.
x = torch.linspace(-3.0, 3.0, 80, dtype=torch.float64)[:, None]
y = torch.cos(2.0 * x) + 0.5 * torch.sin(5.0 * x)
generator = torch.Generator().manual_seed(0)
uniform = torch.rand(300, 3, dtype=torch.float64, generator=generator)
start = ParticleCloud(uniform * torch.tensor([6.0, 6.28, 0.2], dtype=torch.float64))

# %%
# Everything else is as with any neuron.
risk = Risk(Wave(), MeanField(), Squared(), Dataset(x, y))
end = evolve(GradientFlow(risk), start, Adaptive(rtol=1e-3), until=20.0)
strength = end.positions[:, 2].abs()
near = ((end.positions[:, :1] - torch.tensor([2.0, 5.0], dtype=torch.float64)).abs() < 0.5).any(dim=1)
share = float(strength[near].sum() / strength.sum())
print(f"risk {float(risk(start)):.3f} -> {float(risk(end)):.5f}; {share:.0%} of all amplitude within 0.5 of 2 or 5")

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4))
left.hist(start.positions[:, 0], bins=60, range=(0, 7), weights=start.positions[:, 2].abs(), color="0.8", label="start")
left.hist(end.positions[:, 0], bins=60, range=(0, 7), weights=strength, color="C0", alpha=0.8, label="end")
left.set(xlabel="frequency w", ylabel="amplitude, summed", title="Where the amplitude is")
left.legend()
right.plot(x, y, color="0.3", lw=4, alpha=0.4, label="data")
right.plot(x, risk.predictions(end), label="network")
right.set(xlabel="x", title="The fit")
right.legend()
plt.show()

# %%
# Where to go on: ``outputs`` and ``groups`` of a neuron are said at :class:`particles.UserNeuron`; study files take
# such a class by ``{ kind = "import", path = "module:Wave" }`` (:doc:`study files </files/study_files>`).
