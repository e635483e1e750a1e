"""Networks in NTK scaling that start at zero, whose limit is a kernel flow: of perceptrons, and of deep particles."""

import torch

from flows import RK4, GradientFlow
from limits import KernelFlow, infinite_width_kernels, tangent_kernel
from particles import (
    NTK,
    Dataset,
    Deep,
    DeepLaw,
    Dense,
    Erf,
    GaussianLaw,
    Identity,
    Perceptron,
    Risk,
    Squared,
    SymmetricPairs,
    Tanh,
    masses,
)
from particles.shapes import Gram, Inputs, OtherInputs
from runs.studies.infinite_width.question import Question, normals

#: Inputs, data, and when networks are looked at.
INPUTS, DATA, UNTIL = 3, 8, 4.0
#: Hidden units of a deep particle. It has one hidden layer, so that its mean kernel does not depend on them.
UNITS = 4


def lazy(deep: bool) -> Question:
    """f at another input, and the risk: of tanh neurons, or of particles that are networks of erf units each."""
    neuron = Deep(INPUTS, (Dense(UNITS), Dense(1)), Erf()) if deep else Perceptron(Tanh(), Identity(INPUTS), 1, "both")
    law = DeepLaw(neuron) if isinstance(neuron, Deep) else GaussianLaw(neuron)
    inputs = normals(DATA, INPUTS, seed=1)
    risk = Risk(neuron, NTK(), Squared(), Dataset(inputs, torch.sin(2.0 * inputs[:, 0]) * inputs[:, 1]))
    elsewhere = normals(1, INPUTS, seed=2)

    def kernel(x1: Inputs, x2: OtherInputs | None = None) -> Gram:
        return (
            infinite_width_kernels(neuron, x1, x2).ntk
            if isinstance(neuron, Deep)
            else tangent_kernel(neuron, law)(x1, x2)
        )

    def exact() -> dict[str, float]:
        flow = KernelFlow(kernel, risk.data)
        risk_there = 0.5 * float(flow.residual(UNTIL).square().mean())
        return {"f": float(flow.predictions(UNTIL, elsewhere)), "risk": risk_there}

    return Question(
        draw=lambda count, seed: SymmetricPairs(law).sample(masses=masses.uniform(count), seed=seed),
        flow=GradientFlow(risk),
        integrator=RK4,
        step=0.5,
        times=(UNTIL,),
        quantities={
            "f": lambda start, end: risk.predictions(end, elsewhere)[0, 0],
            "risk": lambda start, end: risk(end),
        },
        exact=exact,
    )
