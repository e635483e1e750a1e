"""
Asymmetric scaling: the theorems beside a run
=============================================

Networks whose node scalings differ converge like a kernel method and still learn features (Caron, Ayed, Jung, Lee,
Lee and Yang 2023). Each theorem of the paper is a function here: it checks its assumptions, computes its bound, and
says whether the run kept it. We train at two values of gamma and look at all verdicts.
"""

import matplotlib.pyplot as plt
import torch

from flows import Adaptive, Every, GradientFlow, evolve
from limits.theorems import Problem, Verdict, every_theorem
from particles import (
    NTK,
    Dataset,
    GaussianLaw,
    Identity,
    LargestMovement,
    Perceptron,
    RademacherOutputs,
    Risk,
    Softplus,
    Squared,
    masses,
)

generator = torch.Generator().manual_seed(0)
x = torch.randn(12, 10, dtype=torch.float64, generator=generator)
x = x / x.norm(dim=1, keepdim=True)
y = torch.sin(3.0 * x[:, 0]) + x[:, 1]

# %%
# A mass is a squared node scaling: gamma/m for all, and the rest by Zipf's law with exponent 1/alpha.
neuron = Perceptron(Softplus(), Identity(10), trained="hidden")
law = GaussianLaw(neuron, outputs=RademacherOutputs())
risk = Risk(neuron, NTK(), Squared(), Dataset(x, y))
results, runs = {}, {}
for gamma, alpha in ((1.0, None), (0.2, 0.5)):
    weights = masses.asymmetrical(500, gamma=gamma, alpha=alpha)
    start, frames = law.sample(masses=weights, seed=0), []
    evolve(
        GradientFlow(risk),
        start,
        Adaptive(rtol=1e-4),
        until=50.0,
        observers=[Every(time=1.0, observer=lambda step, time, cloud, frames=frames: frames.append((time, cloud)))],
    )
    runs[gamma] = start, frames
    results[gamma] = every_theorem(Problem(risk, law, weights, gamma, alpha), frames, seeds=range(20))
    held = sum(result.verdict is Verdict.HOLDS for result in results[gamma])
    broken = sum(result.verdict is Verdict.VIOLATED for result in results[gamma])
    print(f"gamma = {gamma}: {held} of {len(results[gamma])} statements hold, {broken} violated")

# %%
# The margin of each statement whose assumptions hold: the distance from violation, relative to the bound. Exact
# statements have small margins because they are exact, those with generous constants large ones.
both = [
    (one, other)
    for one, other in zip(results[1.0], results[0.2], strict=True)
    if Verdict.ASSUMPTION_FAILS not in (one.verdict, other.verdict) and abs(one.margin) + abs(other.margin) < 1e3
]
places = torch.arange(len(both))
figure, axis = plt.subplots(figsize=(9, 4.5))
axis.barh(places - 0.2, [one.margin for one, _ in both], height=0.38, label="gamma = 1")
axis.barh(places + 0.2, [other.margin for _, other in both], height=0.38, label="gamma = 0.2")
axis.axvline(0.0, color="0.3", lw=1)
axis.set_yticks(places, [one.source.split(", ", 1)[-1] for one, _ in both], fontsize=8)
axis.set(xlabel="margin (negative: violated)", xlim=(-0.1, 1.3))
axis.legend(loc="upper right")
plt.show()

# %%
# The heavy particles move, the light ones stay.
for gamma, (start, frames) in runs.items():
    print(f"gamma = {gamma}: largest movement {float(LargestMovement(start)(frames[-1][1])):.2f}")

# %%
# Where to go on: :doc:`the study </studies/asymmetric_scaling>` on real data, and ``meanfield check FILE.h5``, which
# says all this of a file.
