"""Noisy rectifiers on three points of the line at rest, whose law is known (Shevchenko, Kungurtsev, Mondelli 2022)."""

import torch

from flows import LangevinFlow, LeimkuhlerMatthews
from limits import ReLUGibbs
from particles import Biased, Dataset, GaussianLaw, GaussianOutputs, MeanField, Perceptron, Plain, ReLU, Risk, Squared
from runs.studies.infinite_width.question import Question, equal_masses

#: Temperature 1 / beta and confinement lambda; so many times 1 / (2 (lambda - max |g|)) clouds come to rest.
HEAT, CONFINEMENT, UNTIL = 0.25, 0.3, 24.0


def rectifiers() -> Question:
    """The stationary risk of noisy SGD, and E a^2."""
    neuron = Perceptron(ReLU(), Biased(Plain(1)), 1, "both")
    x = torch.tensor([[-1.0], [0.0], [1.0]], dtype=torch.float64)
    risk = Risk(neuron, MeanField(), Squared(), Dataset(x, torch.tensor([0.5, -0.3, 0.4], dtype=torch.float64)))

    def exact() -> dict[str, float]:
        law = ReLUGibbs(risk, HEAT, CONFINEMENT).solve()
        missed = law.predictions - risk.data.targets
        return {"risk": 0.5 * float(missed.square().mean()), "E a^2": law.output_square}

    return Question(
        draw=equal_masses(GaussianLaw(neuron, outputs=GaussianOutputs())),
        flow=LangevinFlow(risk, HEAT, CONFINEMENT),
        integrator=LeimkuhlerMatthews,
        step=0.1,
        times=(UNTIL,),
        quantities={
            "risk": lambda start, end: risk(end),
            "E a^2": lambda start, end: end.masses @ end.positions[:, 2].square(),
        },
        exact=exact,
    )
