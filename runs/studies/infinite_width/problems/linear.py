"""Linear neurons, whose mean-field law is known at any time: gradient and Langevin flow."""

from dataclasses import replace

import torch

from flows import RK4, GradientFlow, LangevinFlow, LinearSplitting
from limits import GaussianFlow
from particles import (
    Dataset,
    GaussianLaw,
    GaussianOutputs,
    Identity,
    Linear,
    MeanField,
    ParticleCloud,
    Perceptron,
    Risk,
    Sobol,
    Squared,
)
from particles.shapes import Scalar
from runs.studies.infinite_width.question import Question, equal_masses, normals

#: Temperature and confinement of the noisy flow, and when both are looked at.
HEAT, CONFINEMENT, UNTIL = 0.1, 0.2, 1.0


def linear(noisy: bool) -> Question:
    """f(x) at a datum, the risk, and how far particles moved, E |theta(t) - theta(0)|^2, of four data in the plane."""
    neuron = Perceptron(Linear(), Identity(2), 1, "both")
    inputs = normals(4, 2, seed=1)
    risk = Risk(neuron, MeanField(), Squared(), Dataset(inputs, inputs[:, :1] - 0.5 * inputs[:, 1:]))
    law = GaussianLaw(neuron, outputs=GaussianOutputs())
    heat, confinement = (HEAT, CONFINEMENT) if noisy else (0.0, 0.0)

    def exact() -> dict[str, float]:
        flow = GaussianFlow(risk, law, heat, confinement)
        found, (mean, covariance) = flow.law(UNTIL), flow.initial
        second = covariance + torch.outer(mean, mean)
        step = found.propagator - torch.eye(neuron.dim, dtype=torch.float64)
        f = flow.predictions(UNTIL)
        return {
            "f": float(f[-1, 0]),
            "risk": 0.5 * float((f - risk.data.targets).square().mean()),
            "movement": float((step @ second @ step.T + found.noise).trace()),
        }

    return Question(
        draw=equal_masses(law),
        flow=LangevinFlow(risk, heat, confinement) if noisy else GradientFlow(risk),
        integrator=LinearSplitting if noisy else RK4,
        step=0.05 if noisy else 0.25,
        times=(UNTIL,),
        quantities={
            "f": lambda start, end: risk.predictions(end)[-1, 0],
            "risk": lambda start, end: risk(end),
            "movement": moved,
        },
        exact=exact,
        even=equal_masses(replace(law, points=Sobol())),
    )


def moved(start: ParticleCloud, end: ParticleCloud) -> Scalar:
    """sum_j lambda_j |theta_j - theta_j(0)|^2."""
    return end.masses @ (end.positions - start.positions).square().sum(dim=1)
