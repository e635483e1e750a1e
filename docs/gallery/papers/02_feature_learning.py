"""
Feature learning with a linear rate
===================================

A network whose features move may still converge at a linear rate: what is needed is that enough neurons stay active,
not that they stay where they are (Chen, Vanden-Eijnden and Bruna 2022). We train the hidden weights of one network in
mean field and in NTK scaling; both risks fall exponentially, and only one network changes its features. The paper's
rate is computed beside.
"""

import matplotlib.pyplot as plt
import torch

from flows import RK4, Every, GradientFlow, Trace, evolve
from limits.theorems import Problem, Verdict, every_feature_theorem
from particles import (
    NTK,
    Dataset,
    GaussianLaw,
    Identity,
    LeakyReLU,
    MeanField,
    Perceptron,
    RelativeFeatureMovement,
    Risk,
    Squared,
    masses,
)

generator = torch.Generator().manual_seed(0)
x = torch.randn(12, 20, dtype=torch.float64, generator=generator)
y = torch.sign(torch.randn(12, dtype=torch.float64, generator=generator))  # random labels

# %%
# The same start, two scalings. Output weights are random signs and frozen.
neuron = Perceptron(LeakyReLU(0.3), Identity(20), trained="hidden")
law = GaussianLaw(neuron)
start = law.sample(masses=masses.uniform(400), seed=0)
traces, frames = {}, []
for name, scaling in (("mean field", MeanField()), ("NTK", NTK())):
    risk = Risk(neuron, scaling, Squared(), Dataset(x, y))
    trace = traces[name] = Trace(risk=risk, features=RelativeFeatureMovement(risk, start, x))
    observers = [Every(time=0.5, observer=trace)]
    if name == "mean field":
        problem = Problem(risk, law, start.masses)
        observers.append(Every(time=0.5, observer=lambda step, time, cloud: frames.append((time, cloud))))
    evolve(GradientFlow(risk), start, RK4(0.25), until=80.0, observers=observers)
    late = trace.times > 20.0
    rate = -torch.linalg.lstsq(
        torch.stack([torch.tensor(trace.times[late]), torch.ones(late.sum(), dtype=torch.float64)], dim=1),
        torch.tensor(trace["risk"][late]).log()[:, None],
    ).solution[0, 0]
    print(f"{name:10s}: risk falls as exp(-{float(rate):.3f} t), features moved by {trace['features'][-1]:.0%}")

# %%
# The paper's statements on the mean-field run.
for result in every_feature_theorem(problem, frames, seeds=range(20)):
    if result.verdict in (Verdict.HOLDS, Verdict.VIOLATED):
        print(f"{result.verdict.value}, margin {result.margin:.2f}: {result.statement[:84]}")

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4))
for (name, trace), style in zip(traces.items(), ("-", "--"), strict=True):
    left.semilogy(trace.times, trace["risk"], style, label=name)
    right.plot(trace.times, trace["features"], style, label=name)
left.set(xlabel="time t", ylabel="risk", title="A linear rate in both")
right.set(xlabel="time t", ylabel="movement of features, relative", title="Features learned in one")
left.legend()
plt.show()

# %%
# Where to go on: :doc:`the study </studies/feature_learning>` has three scalings, five layers and all theorems.
