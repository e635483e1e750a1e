"""
A deep network is one particle
==============================

A particle may be a whole network: its coordinates are the weights of all layers. So flows, integrators, observables
and files take deep networks as they take shallow ones. In the NTK parameterisation a wide one barely moves in any of
its layers; in the maximal-update parameterisation its features do.
"""

import matplotlib.pyplot as plt
import torch

from flows import Adaptive, GradientFlow, LogSpaced, Trace, evolve
from particles import Dataset, Deep, DeepLaw, Dense, RelativeFeatureMovement, Risk, Squared, Standard, Tanh, masses

generator = torch.Generator().manual_seed(0)
x = torch.randn(30, 8, dtype=torch.float64, generator=generator)
y = torch.tanh(2.0 * x[:, 0]) * x[:, 1]

# %%
# Three layers of weights, two parameterisations, three widths; features are what the hidden layers give.
figure, axes = plt.subplots(1, 2, sharey=True, figsize=(9, 4))
for axis, parameterisation in zip(axes, ("ntk", "maximal-update"), strict=True):
    for width, colour in zip((32, 128, 512), plt.cm.viridis([0.1, 0.5, 0.8]), strict=True):
        layers = [Dense(width), Dense(width), Dense(1)]
        network = Deep(8, layers, activation=Tanh(), parameterisation=parameterisation)
        start = DeepLaw(network).sample(masses=masses.uniform(1), seed=0)
        risk = Risk(network, Standard(), Squared(), Dataset(x, y))
        trace = Trace(risk=risk, features=RelativeFeatureMovement(risk, start, inputs=x))
        evolve(
            GradientFlow(risk), start, Adaptive(rtol=1e-3), until=200.0, observers=[LogSpaced(0.1, 200.0, 25, trace)]
        )
        moved = trace["features"].reshape(len(trace.times), -1)[:, -1]  # of the last hidden layer
        axis.loglog(trace.times[1:], moved[1:], color=colour, label=f"width {width}")
        print(f"{parameterisation:15s} width {width:3d}: risk {trace['risk'][-1]:.4f}, features moved {moved[-1]:.3f}")
    axis.set(title=parameterisation, xlabel="time t")
axes[0].set_ylabel("movement of features, relative")
axes[1].legend()
plt.show()

# %%
# Where to go on: :class:`particles.Deep` has convolutions, pools and biases, :func:`limits.infinite_width_kernels`
# the limit of infinite width, and the study :doc:`feature-learning </studies/feature_learning>` five layers.
