"""
Early training is a linear model
================================

Early in training a network with one hidden layer is a linear model in x, with one more feature that depends on the
norm of x (Hu, Xiao, Adlam and Pennington 2020). Its kernel is known in closed form, so its training is one formula.
The network follows it for a while, and then learns what no linear model can.
"""

import matplotlib.pyplot as plt
import torch

from flows import Adaptive, GradientFlow, LogSpaced, evolve
from limits import KernelFlow, early_time_model
from particles import (
    NTK,
    Dataset,
    Erf,
    GaussianLaw,
    Identity,
    ParticleCloud,
    Perceptron,
    Risk,
    Squared,
    SymmetricPairs,
    masses,
)

# %%
# Twenty inputs, and a target that is a network of five neurons itself.
generator = torch.Generator().manual_seed(0)
dim, rows = 20, 400
x, hidden = (torch.randn(n, dim, dtype=torch.float64, generator=generator) for n in (rows, 5))
signs = torch.tensor([1.0, -1.0, 1.0, -1.0, 1.0], dtype=torch.float64)
data = Dataset(x, torch.erf(3.0 * x @ hidden.T / dim**0.5) @ signs / 5.0**0.5)

# %%
# The network starts at zero. The linear model is made of its neuron and its law alone.
neuron = Perceptron(Erf(), Identity(dim), trained="both")
law = GaussianLaw(neuron)
start = SymmetricPairs(law).sample(masses=masses.uniform(512), seed=0)
risk = Risk(neuron, NTK(), Squared(), data)
model = KernelFlow(early_time_model(neuron, law), data)

# %%
# Both functions on the data at thirty times; the linear model needs no steps.
times, network = [], []


def look(step: int, time: float, cloud: ParticleCloud) -> None:
    """An observer: it sees the cloud, and keeps what the network says."""
    times.append(time)
    network.append(risk.predictions(cloud))


evolve(GradientFlow(risk), start, Adaptive(rtol=1e-3), until=1e4, observers=[LogSpaced(1.0, 1e4, 30, look)])
linear = model.predictions(torch.tensor(times, dtype=torch.float64), x)


def relative(difference: torch.Tensor) -> torch.Tensor:
    """Mean square relative to that of the targets, at each time."""
    return difference.square().mean(dim=(1, 2)) / data.targets.square().mean()


functions = torch.stack(network)
gaps = relative(functions - linear)
losses = relative(functions - data.targets), relative(linear - data.targets)
early = int((losses[1] > 1.1 * losses[1][-1]).sum())  # where the linear model is still learning
apart, end = float(gaps[:early].max()), float(gaps[-1])
print(f"apart by at most {apart:.1%} of the targets until time {times[early]:.0f}, by {end:.1%} at the end")
print(f"not explained: {float(losses[0][-1]):.1%} by the network, {float(losses[1][-1]):.1%} by the linear model")

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4))
left.semilogx(times[1:], losses[0][1:], label="network")
left.semilogx(times[1:], losses[1][1:], "--", label="linear model")
left.set(xlabel="time t", ylabel="part of the targets not explained", ylim=(0, None))
left.legend()
right.loglog(times[1:], gaps[1:])
right.axvline(times[early], color="0.6", lw=1)
right.set(xlabel="time t", ylabel="(network - linear model)$^2$ / targets$^2$")
plt.show()

# %%
# Where to go on: :doc:`the study </studies/early_time>` lets the number of inputs grow, and has deep and
# convolutional networks.
