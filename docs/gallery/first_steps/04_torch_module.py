"""
A torch module in and out, beside Adam
======================================

A module of torch becomes a network and a cloud by one call, and a module again by another, with equal predictions.
Adam is an integrator like any other, and takes the very steps of ``torch.optim.Adam``. Beside it the gradient flow,
of which gradient descent is the coarsest integrator, ends at another function.
"""

import copy

import matplotlib.pyplot as plt
import torch
from torch import nn

from flows import Adam, Adaptive, GradientFlow, Trace, evolve
from particles import Dataset, Risk, Squared, from_module, to_module

generator = torch.Generator().manual_seed(0)
x = torch.linspace(-3.0, 3.0, 25, dtype=torch.float64)[:, None]
y = torch.sin(2.0 * x)

# %%
# In: weights are drawn from a generator of ours, so that the page is the same whenever it is built.
module = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1)).double()
with torch.no_grad():
    for weight in module.parameters():
        drawn = torch.randn(weight.shape, dtype=weight.dtype, generator=generator)
        weight.copy_(drawn / weight.shape[-1] ** 0.5)
network, start = from_module(module)
risk = Risk(neuron=network.neuron, scaling=network.scaling, loss=Squared(), data=Dataset(x, y))

# %%
# 300 steps of Adam: ours, and torch's on the same loss, which is 1/2 the mean square.
trace = Trace(risk=risk)
ours = evolve(GradientFlow(risk), start, Adam(step=1e-2), until=3.0, observers=[trace])
theirs = copy.deepcopy(module)
optimiser = torch.optim.Adam(theirs.parameters(), lr=1e-2)
for _ in range(300):
    optimiser.zero_grad()
    (0.5 * (theirs(x) - y).square().mean()).backward()
    optimiser.step()

# %%
# Out: the trained cloud as a module, and the largest difference of the two functions.
adam = to_module(network, ours)
with torch.no_grad():
    print(f"largest difference to torch.optim.Adam after 300 steps: {float((adam(x) - theirs(x)).abs().max()):.1e}")

# %%
# The gradient flow from the same start, as long as it takes to reach Adam's risk.
flowing = Trace(risk=risk)
flowed = evolve(GradientFlow(risk), start, Adaptive(rtol=1e-3), until=200.0, observers=[flowing])
flow = to_module(network, flowed)
print(f"risk: Adam {trace['risk'][-1]:.1e} in 300 steps, gradient flow {flowing['risk'][-1]:.1e} at time 200")

grid = torch.linspace(-4.5, 4.5, 300, dtype=torch.float64)[:, None]
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4))
left.semilogy(trace.times / 1e-2, trace["risk"], color="C1")
left.set(xlabel="step of Adam", ylabel="risk", title="Adam")
with torch.no_grad():
    right.plot(grid, adam(grid), color="C1", label="Adam")
    right.plot(grid, flow(grid), "--", color="C0", label="gradient flow")
right.plot(x, y, ".", color="0.3", label="data")
right.set(xlabel="x", ylabel="f(x)", title="Two functions from one start")
right.legend()
plt.show()

# %%
# Where to go on: :func:`particles.from_module` with ``particles="rows"`` makes hidden units particles;
# :class:`flows.HeavyBall` is momentum, :class:`flows.Warmup` and :class:`flows.CosineDecay` are schedules.
