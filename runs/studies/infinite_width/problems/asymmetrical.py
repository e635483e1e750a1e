"""Rectifiers in asymmetrical scaling, whose limit is random: the kernel at the start, and what training does to it."""

import math

import torch
from torch import Tensor

from flows import GradientFlow, Heun
from limits import Nested, RandomKernel, tangent_kernel
from limits.kernels.random_kernel import zipf_atoms
from particles import (
    NTK,
    Dataset,
    GaussianLaw,
    Identity,
    ParticleCloud,
    Perceptron,
    ReLU,
    Risk,
    Squared,
    SymmetricPairs,
    masses,
)
from runs.studies.infinite_width.question import Quantity, Question, normals

#: Masses gamma / m + (1 - gamma) zipf_j, of index alpha.
GAMMA, ALPHA = 0.2, 0.5
#: Inputs, data, and how long networks are trained.
INPUTS, DATA, UNTIL = 5, 10, 20.0
#: Width of the lowest level: a random limit varies as much in narrow clouds as in wide ones, which cost more.
NARROW = 32
#: Names of quantities.
CHANGE, SQUARE = "Gram change", "its square"
#: Atoms of the closed form; the mass of all others is 1e-5.
ATOMS = 100_000


def start_kernel() -> Question:
    """Law of K_inf(x, x) at one input by three numbers: mean, variance, and E exp(-4 K_inf / c), c = |x|^2 / d."""
    neuron, x = _neuron(), normals(1, INPUTS, seed=1)
    risk = Risk(neuron, NTK(), Squared(), Dataset(x, torch.zeros(1, 1, dtype=torch.float64)))
    law = RandomKernel(tangent_kernel(neuron, GaussianLaw(neuron)), GAMMA, ALPHA)
    mean = float(law.mean(x))
    rate = 2.0 / mean

    def at(cloud: ParticleCloud) -> Tensor:
        return risk.at(cloud).gram()[0, 0]

    def exact() -> dict[str, float]:
        return {"E K": mean, "Var K": law.total_variance(x), "E exp(-4 K / c)": transform(rate, 2.0 * mean)}

    return Question(
        draw=_draw,
        flow=GradientFlow(risk),
        integrator=Heun,
        step=1.0,
        times=(0.0,),
        quantities={
            "E K": lambda start, end: at(end),
            "Var K": lambda start, end: (at(end) - mean).square(),
            "E exp(-4 K / c)": lambda start, end: torch.exp(-rate * at(end)),
        },
        exact=exact,
        coupling=Nested(ALPHA),
        narrow=NARROW,
    )


def transform(rate: float, size: float) -> float:
    """E exp(-rate K_inf(x, x)) = exp(-rate gamma c / 2) prod_j (1 + exp(-rate (1 - gamma) c lt_j)) / 2.

    A rectifier's kernel at one input is c = |x|^2 / d where it is active, with probability 1/2, and zero where not.
    """
    atoms, tail = zipf_atoms(ATOMS, ALPHA)
    scaled = rate * (1.0 - GAMMA) * size
    logs = float(torch.log1p(torch.exp(-scaled * atoms)).sum()) - len(atoms) * math.log(2.0)
    return math.exp(logs - 0.5 * scaled * tail - 0.5 * rate * GAMMA * size)


def training(gamma: float) -> Question:
    """Change of the Gram matrix |K_t - K_0|_F and its square, movement of the heaviest particle, and the risk.

    Under NTK scaling, gamma = 1, the square alone, since it is what falls as 1/m.

    Networks start at zero: partners of opposite sign share a mass. A start at random would be another one at every
    width, with differences that do not fall.
    """
    neuron, x = _neuron(), normals(DATA, INPUTS, seed=1)
    risk = Risk(neuron, NTK(), Squared(), Dataset(x, torch.sin(math.pi * x / 2.0).mean(dim=1, keepdim=True)))

    def change(start: ParticleCloud, end: ParticleCloud) -> Tensor:
        size: Tensor = (risk.at(end).gram() - risk.at(start).gram()).norm()
        return size

    def square(start: ParticleCloud, end: ParticleCloud) -> Tensor:
        return change(start, end).square()

    others: dict[str, Quantity] = {
        "movement": lambda start, end: (end.positions[0] - start.positions[0]).norm(),
        "risk": lambda start, end: risk(end),
    }

    def draw(count: int, seed: int) -> ParticleCloud:
        values = masses.asymmetrical(count // 2, gamma, None if gamma == 1.0 else ALPHA)
        cloud = SymmetricPairs(GaussianLaw(neuron)).sample(masses=masses.paired(values), seed=seed)
        pairs = torch.arange(count).reshape(2, -1).T.flatten()
        return ParticleCloud(cloud.positions[pairs], cloud.masses[pairs])

    return Question(
        draw=draw,
        flow=GradientFlow(risk),
        integrator=Heun,
        step=0.5,
        times=(UNTIL,),
        quantities={SQUARE: square} if gamma == 1.0 else {CHANGE: change, SQUARE: square, **others},
        coupling=Nested(),
        narrow=NARROW,
    )


def _draw(count: int, seed: int) -> ParticleCloud:
    """Clouds whose first particles are the same at every width, with the masses of their width."""
    return GaussianLaw(_neuron()).sample(masses=masses.asymmetrical(count, GAMMA, ALPHA), seed=seed)


def _neuron() -> Perceptron:
    return Perceptron(ReLU(), Identity(INPUTS), 1, "hidden")
