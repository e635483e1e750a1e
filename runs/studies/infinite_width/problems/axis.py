"""The survey's axis f = (alpha / m) sum_j u_j h(theta_j, x) at alpha = 1, both layers trained from N(0, 1)."""

import torch

from flows import RK4, GradientFlow
from particles import Dataset, GaussianLaw, GaussianOutputs, Identity, MeanField, Perceptron, Risk, Squared, Tanh
from runs.studies.infinite_width.question import Question, equal_masses, normals

#: Inputs and data, and when the risk is looked at.
INPUTS, DATA = 3, 16
TIMES = (8.0, 16.0, 32.0, 64.0, 128.0)


def axis() -> Question:
    """The risk along training, of a target tanh(2 x_1) x_2."""
    x = normals(DATA, INPUTS, seed=1)
    neuron = Perceptron(Tanh(), Identity(INPUTS), 1, "both")
    risk = Risk(neuron, MeanField(), Squared(), Dataset(x, torch.tanh(2.0 * x[:, :1]) * x[:, 1:2]))
    return Question(
        draw=equal_masses(GaussianLaw(neuron, outputs=GaussianOutputs())),
        flow=GradientFlow(risk),
        integrator=RK4,
        step=1.0,
        times=TIMES,
        quantities={"risk": lambda start, end: risk(end)},
    )
