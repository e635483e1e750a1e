"""A small problem of which the cases are made: six data in two inputs, eight particles."""

import torch

from flows import Checkpoint, Euler, GradientFlow, LangevinFlow, StepNoise
from limits import Grid, Interval, KernelFlow, feature_kernel, measure, stand_in, tangent_kernel
from particles import (
    NTK,
    Dataset,
    Ensemble,
    GaussianLaw,
    GaussianOutputs,
    Identity,
    Linear,
    MeanField,
    ParticleCloud,
    Perceptron,
    ReLU,
    Risk,
    Squared,
    Tanh,
    masses,
)

X = torch.linspace(-1.0, 1.0, 12, dtype=torch.float64).reshape(6, 2).sin()
Y = X[:, :1] - 0.3 * X[:, 1:]
DATA = Dataset(X, Y)
NEURON = Perceptron(activation=Tanh(), embedding=Identity(dim=2))
ROOF = Perceptron(activation=ReLU(), embedding=Identity(dim=2), trained="both")
LAW = GaussianLaw(NEURON)
RISK = Risk(neuron=NEURON, scaling=MeanField(), loss=Squared(), data=DATA)
LAZY = Risk(neuron=NEURON, scaling=NTK(), loss=Squared(), data=DATA)
CLOUD = LAW.sample(masses=masses.uniform(8), seed=0)
OTHER = LAW.sample(masses=masses.uniform(8), seed=1)
ENSEMBLE = Ensemble.of([CLOUD, OTHER])
FLOW = GradientFlow(RISK)
NOISY = LangevinFlow(RISK, 0.1)
NOISE = StepNoise(0, 0)
KERNEL = tangent_kernel(NEURON, LAW)
FEATURES = feature_kernel(NEURON, LAW)
KERNEL_FLOW = KernelFlow(KERNEL, DATA)
#: One input, one coordinate in all but the output weight.
LINE = Perceptron(activation=Linear(), embedding=Identity(dim=1), trained="both")
LINE_RISK = Risk(neuron=LINE, scaling=MeanField(), loss=Squared(), data=Dataset(X[:, :1], Y))
LINE_LAW = GaussianLaw(LINE, outputs=GaussianOutputs())
GRID = Grid((Interval(-5.0, 5.0, 8), Interval(-5.0, 5.0, 8)))
MEASURE = measure(CLOUD.positions, CLOUD.masses)
CHECKPOINT = Checkpoint(1, 0.1, CLOUD, None)
EULER = Euler(step=0.1)


def made(count: int, seed: int) -> ParticleCloud:
    """A cloud of so many particles."""
    return LAW.sample(masses=masses.uniform(count), seed=seed)


STAND_IN = stand_in(made, 16)


def seen(step: int, time: float, cloud: ParticleCloud) -> None:
    """See one state."""
