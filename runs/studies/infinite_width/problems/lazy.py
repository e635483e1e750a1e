"""Networks in NTK scaling that start at zero, whose limit is a kernel flow: of perceptrons, and of deep particles."""

from collections.abc import Callable

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

#: K(x1, x2), and K(x1, x1) where x2 is left out.
AnyKernel = Callable[[Inputs, OtherInputs | None], Gram]
#: Inputs, data, and when networks are looked at.
INPUTS, DATA, UNTIL = 3, 8, 4.0
#: Hidden units of a deep particle. It has one hidden layer, so that its mean kernel does not depend on them.
UNITS = 4


def lazy(deep: bool) -> Question:
    """f at another input, and the risk: of tanh neurons, or of particles that are networks of erf units each."""
    neuron, law, kernel = _deep() if deep else _shallow()
    inputs = normals(DATA, INPUTS, seed=1)
    risk = Risk(neuron, NTK(), Squared(), Dataset(inputs, torch.sin(2.0 * inputs[:, 0]) * inputs[:, 1]))
    elsewhere = normals(1, INPUTS, seed=2)

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


def _shallow() -> tuple[Perceptron | Deep, GaussianLaw | DeepLaw, AnyKernel]:
    """Tanh neurons, both layers trained."""
    neuron = Perceptron(Tanh(), Identity(INPUTS), 1, "both")
    law = GaussianLaw(neuron)
    return neuron, law, tangent_kernel(neuron, law)


def _deep() -> tuple[Perceptron | Deep, GaussianLaw | DeepLaw, AnyKernel]:
    """Particles that are networks of a few erf units."""
    neuron = Deep(INPUTS, (Dense(UNITS), Dense(1)), Erf())
    return neuron, DeepLaw(neuron), lambda x1, x2=None: infinite_width_kernels(neuron, x1, x2).ntk
