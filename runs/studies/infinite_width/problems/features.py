"""The three-layer network of Chen, Vanden-Eijnden and Bruna: infinitely many neurons over frozen random features."""

from flows import GradientFlow, Heun
from particles import (
    GaussianLaw,
    Identity,
    MeanField,
    ParticleCloud,
    Perceptron,
    RandomFeatures,
    RelativeFeatureMovement,
    ReLU,
    Risk,
    Squared,
)
from particles.shapes import Scalar
from runs.studies.feature_learning.data import wei
from runs.studies.infinite_width.question import Question, equal_masses

#: Inputs, data and frozen features of the first layer, and how long the second one is trained.
INPUTS, DATA, FEATURES, UNTIL = 6, 24, 32, 120.0


def features() -> Question:
    """rms(h_t - h_0) / rms(h_0) over neurons and data, and the risk, on y = x_1^2 - x_2^2 (Wei et al. 2019)."""
    data, _ = wei(DATA, INPUTS, seed=1)
    neuron = Perceptron(ReLU(), RandomFeatures(Identity(INPUTS), ReLU(), FEATURES, seed=1), 1, "hidden")
    risk = Risk(neuron, MeanField(), Squared(), data)

    def movement(start: ParticleCloud, end: ParticleCloud) -> Scalar:
        return RelativeFeatureMovement(risk, start, data.inputs)(end)

    return Question(
        draw=equal_masses(GaussianLaw(neuron)),
        flow=GradientFlow(risk),
        integrator=Heun,
        step=2.0,
        times=(UNTIL,),
        quantities={"feature movement": movement, "risk": lambda start, end: risk(end)},
    )
