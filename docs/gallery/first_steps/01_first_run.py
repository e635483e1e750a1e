"""
A first run
===========

A network with one hidden layer is a cloud of particles: each hidden neuron is a point, with a mass. Training moves
the cloud along its gradient flow, and here an integrator with a tolerance does so, not a learning rate. We record the
risk and how far the particles went, and read both back.
"""

import matplotlib.pyplot as plt
import torch

from flows import Adaptive, GradientFlow, LogSpaced, Trace, evolve
from particles import Dataset, GaussianLaw, Identity, MeanField, MeanMovement, Perceptron, Risk, Squared, Tanh, masses

# %%
# Data are tensors, arrays, frames or lists. Here are forty points of ten inputs, and a product to be learned.
generator = torch.Generator().manual_seed(0)
x = torch.randn(40, 10, dtype=torch.float64, generator=generator)
y = torch.sin(x[:, 0]) * x[:, 1]

# %%
# A neuron says how one particle is read, a law where particles start, a scaling what a mass does.
neuron = Perceptron(activation=Tanh(), embedding=Identity(dim=10), trained="both")
start = GaussianLaw(neuron).sample(masses=masses.uniform(300), seed=0)
risk = Risk(neuron=neuron, scaling=MeanField(), loss=Squared(), data=Dataset(x, y))

# %%
# An observer sees the cloud while it moves. This one keeps two numbers at forty times, evenly spaced in their
# logarithm.
trace = Trace(risk=risk, movement=MeanMovement(start))
end = evolve(GradientFlow(risk), start, Adaptive(rtol=1e-4), until=300.0, observers=[LogSpaced(0.01, 300.0, 40, trace)])
print(f"risk {float(risk(start)):.3f} -> {float(risk(end)):.2e}, mean movement {trace['movement'][-1]:.2f}")

# %%
# Left, the run. Right, where each particle started and where it ended, in the two inputs that matter: those that
# carry the function have left the crowd.
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4))
left.loglog(trace.times, trace["risk"], label="risk")
left.loglog(trace.times[1:], trace["movement"][1:], "--", label="mean movement")
left.set(xlabel="time t", title="The run")
left.legend()
right.scatter(*start.positions[:, :2].T, s=8, color="0.75", label="start")
right.scatter(*end.positions[:, :2].T, s=8, c=end.positions[:, -1], cmap="coolwarm", label="end, coloured by a")
right.set(xlabel="w for the first input", ylabel="w for the second input", aspect="equal")
right.legend(loc="lower center", bbox_to_anchor=(0.5, 1.05), ncols=2)
plt.show()

# %%
# Where to go on: the same network in :ref:`four regimes <sphx_glr__gallery_first_steps_02_four_regimes.py>`, and
# :class:`particles.Trajectory`, which records a run in a file.
