"""
Mean field and NTK on one axis
==============================

One model, f = (alpha / m) sum_j u_j h(theta_j . x), is mean field at alpha = 1 and the NTK at alpha = sqrt(m) (Fang,
Dong and Zhang 2020). Along that axis the movement of the particles falls as 1 / alpha, at every width, which is a
theorem: the mean distance is at most sqrt(t R_0) / alpha. Nine networks from one start are evolved side by side, each
with its own alpha.
"""

import matplotlib.pyplot as plt
import numpy as np
import torch

from flows import Adaptive, GradientFlow, LogSpaced, Trace, evolve_all
from particles import (
    Biased,
    Dataset,
    Ensemble,
    GaussianLaw,
    Identity,
    Lazy,
    MeanMovement,
    Perceptron,
    Risk,
    Squared,
    SymmetricPairs,
    Tanh,
    masses,
)

generator = torch.Generator().manual_seed(0)
x = 3.0 * torch.rand(60, 2, dtype=torch.float64, generator=generator) - 1.5
data = Dataset(x, torch.sign(x[:, 0] * x[:, 1]))

# %%
# One start that is zero, so that the initial risk is the same at every alpha.
m, until, alphas = 256, 20.0, 2.0 ** np.arange(9)
neuron = Perceptron(Tanh(), Biased(Identity(2)), trained="both")
start = SymmetricPairs(GaussianLaw(neuron)).sample(masses=masses.uniform(m), seed=0)
risks = [Risk(neuron, Lazy(float(alpha)), Squared(), data) for alpha in alphas]
traces = [Trace(risk=risk, movement=MeanMovement(start)) for risk in risks]
evolve_all(
    [GradientFlow(risk) for risk in risks],
    Ensemble.of([start] * len(alphas)),
    Adaptive(rtol=1e-4),
    until=until,
    observers=[[LogSpaced(0.1, until, 20, trace)] for trace in traces],
)

# %%
# The exponent, by a line through the logarithms from alpha = 4 on, and the theorem at every alpha.
moved = np.array([trace["movement"][-1] for trace in traces])
bound = np.sqrt(until * float(risks[0](start))) / alphas
exponent = np.polyfit(np.log(alphas[2:]), np.log(moved[2:]), 1)[0]
print(f"movement falls as alpha^({exponent:.3f}); at most {np.max(moved / bound):.0%} of its bound")

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4))
left.loglog(alphas, bound, "--", color="0.5", label="bound")
left.loglog(alphas, moved, "o-", label="measured")
left.axvline(m**0.5, color="C3", lw=1, label="NTK, alpha = 16")
left.set(xlabel="alpha", ylabel="mean movement at t = 20")
left.legend()
for trace, alpha, colour in zip(traces[::2], alphas[::2], plt.cm.viridis(np.linspace(0.05, 0.85, 5)), strict=True):
    right.semilogx(trace.times[1:], trace["risk"][1:], color=colour, label=f"alpha = {alpha:g}")
right.set(xlabel="time t", ylabel="risk")
right.legend()
plt.show()

# %%
# Where to go on: :doc:`the study </studies/one_axis>` has the map over alpha and width, importance and repopulation
# of features.
