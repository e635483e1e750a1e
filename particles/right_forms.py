"""How what this room needs is best written, for the advice that its doors give."""

from typing import Any

from torch import Tensor

from particles.accuracy import Accuracy
from particles.activations import Activation
from particles.cloud import ParticleCloud
from particles.dataset import Dataset
from particles.embeddings import Embedding
from particles.ensemble import Ensemble
from particles.functional import UserNeuron
from particles.laws import GaussianLaw, Law, OutputLaw, SymmetricPairs
from particles.losses import Loss
from particles.network import Network
from particles.observables import (
    Alignment,
    GramChange,
    LargestMovement,
    MassWeightedMovement,
    MeanMovement,
    SmallestEigenvalue,
)
from particles.points import Points
from particles.ranks import Ranks
from particles.risk import L2, Risk
from particles.scaling import Lazy, Power, Scaling
from particles.shapes import Masses
from particles.shared import SharedCloud
from particles.tangents import Neuron
from particles.trajectory import Trajectory

#: Methods that look at their arguments; others are called in the loop and trust them, or take none.
METHODS: dict[type, str] = {
    ParticleCloud: "to reweighted",
    SharedCloud: "of",
    Dataset: "to",
    Ensemble: "of to",
    GaussianLaw: "sample",
    SymmetricPairs: "sample",
    Network: "__call__",
    Risk: "__call__ predictions residual potential on",
    MeanMovement: "__call__",
    MassWeightedMovement: "__call__",
    LargestMovement: "__call__",
    GramChange: "__call__",
    SmallestEigenvalue: "__call__",
    Alignment: "__call__",
    Accuracy: "__call__",
    Trajectory: "create append open",
}

#: What may be written where this is needed.
FORMS: dict[Any, str] = {
    Activation: "Tanh()",
    Embedding: "Identity(dim=3)",
    Scaling: "MeanField()",
    Loss: "Squared()",
    Dataset: "Dataset(inputs, targets)",
    Neuron: "Perceptron(activation=Tanh(), embedding=Identity(dim=3))",
    UserNeuron: "an object with an integer dim and feature(theta, x)",
    Law: "GaussianLaw(neuron)",
    GaussianLaw: "GaussianLaw(neuron)",
    OutputLaw: "RademacherOutputs()",
    Points: "Random()",
    ParticleCloud: "law.sample(masses=masses.uniform(500), seed=0)",
    Ensemble: "Ensemble.of(clouds)",
    Risk: "Risk(neuron=neuron, scaling=MeanField(), loss=Squared(), data=data)",
    L2: "L2(0.01)",
    Lazy: "Lazy(10.0)",
    Power: "Power(0.5)",
    Network: "risk.network",
    Ranks: "Ranks()",
    Masses: "masses.uniform(500)",
}

#: How one thing becomes another; {name} is the argument, {value} what was given for it.
TURNS: dict[tuple[Any, Any], str] = {
    (Tensor, ParticleCloud): "ParticleCloud({name})",
    (Law, ParticleCloud): "law.sample(masses=masses.uniform(500), seed=0)",
    (Ensemble, ParticleCloud): "{name}[0] for its first member",
    (ParticleCloud, Ensemble): "Ensemble.of([{name}])",
    (int, Masses): "masses.uniform({value!r})",
    (float, L2): "L2({value!r})",
    (Risk, Network): "{name}.network",
    (Network, Risk): "the risk it belongs to",
    (ParticleCloud, Masses): "{name}.masses",
}
