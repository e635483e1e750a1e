"""The advice in refusals of `particles`: which methods check their arguments, and how a right argument is written."""

from typing import Any

from torch import Tensor

from particles.cloud import ParticleCloud
from particles.distributed.ranks import Ranks
from particles.distributed.shared_cloud import SharedCloud
from particles.ensemble.clouds import Ensemble
from particles.initial.deep_law import DeepLaw
from particles.initial.laws import GaussianLaw, Law, OutputLaw, SymmetricPairs
from particles.initial.resampling.autoencoder import AutoencoderLaw
from particles.initial.resampling.kernel_density import KernelDensityLaw
from particles.initial.resampling.thinning import Thinned
from particles.initial.uniform_points import Points
from particles.neurons.activations import Activation
from particles.neurons.bump.profiles import Profile
from particles.neurons.deep.layers import AveragePool, Convolution, Dense
from particles.neurons.deep.neuron import Deep
from particles.neurons.embeddings import Embedding
from particles.neurons.protocols import Neuron
from particles.neurons.user_neuron import UserNeuron
from particles.observables import OBSERVABLES
from particles.risk.dataset import Dataset
from particles.risk.losses import Loss
from particles.risk.network import Network
from particles.risk.risk import L2, Risk
from particles.risk.scaling import Lazy, Power, Scaling
from particles.shapes import Masses
from particles.trajectory import Trajectory, TrajectoryReader

#: Methods that look at their arguments; others are called in the loop and trust them, or take none.
METHODS: dict[type, str] = {
    ParticleCloud: "to reweighted",
    SharedCloud: "of",
    Dataset: "to",
    Ensemble: "of to",
    DeepLaw: "sample",
    GaussianLaw: "sample",
    SymmetricPairs: "sample",
    KernelDensityLaw: "of sample",
    AutoencoderLaw: "fitted sample",
    Network: "__call__",
    Risk: "__call__ predictions residual potential on",
    **dict.fromkeys(OBSERVABLES, "__call__"),
    Trajectory: "create append open",
    TrajectoryReader: "plot",
}

#: For a class that an annotation asks for, an expression that gives one.
FORMS: dict[Any, str] = {
    Activation: "Tanh()",
    Embedding: "Identity(dim=3)",
    Profile: "GaussianProfile()",
    Scaling: "MeanField()",
    Loss: "Squared()",
    Dataset: "Dataset(inputs, targets)",
    Neuron: "Perceptron(activation=Tanh(), embedding=Identity(dim=3))",
    UserNeuron: "an object with an integer dim and feature(theta, x)",
    Law: "GaussianLaw(neuron)",
    GaussianLaw: "GaussianLaw(neuron)",
    DeepLaw: "DeepLaw(neuron)",
    Deep: "Deep(3, [Dense(100), Dense(1)], Tanh())",
    Dense: "Dense(100)",
    Convolution: "Convolution(16, 3)",
    AveragePool: "AveragePool(2)",
    OutputLaw: "RademacherOutputs()",
    Points: "Random()",
    ParticleCloud: "law.sample(masses=masses.uniform(500), seed=0)",
    Ensemble: "Ensemble.of(clouds)",
    Risk: "Risk(neuron=neuron, scaling=MeanField(), loss=Squared(), data=data)",
    L2: "L2(0.01)",
    Lazy: "Lazy(10.0)",
    Power: "Power(0.5)",
    Network: "risk.network",
    Thinned: "thin(cloud, 100, seed=0)",
    Ranks: "Ranks()",
    Masses: "masses.uniform(500)",
}

#: For what was given and what is needed, the expression that converts one into the other; {name} is the argument's
#: name and {value} its value.
CONVERSIONS: dict[tuple[Any, Any], str] = {
    (Tensor, ParticleCloud): "ParticleCloud({name})",
    (Law, ParticleCloud): "law.sample(masses=masses.uniform(500), seed=0)",
    (Ensemble, ParticleCloud): "{name}[0] for its first member",
    (ParticleCloud, Ensemble): "Ensemble.of([{name}])",
    (int, Masses): "masses.uniform({value!r})",
    (float, L2): "L2({value!r})",
    (Risk, Network): "{name}.network",
    (Network, Risk): "the risk it belongs to",
    (ParticleCloud, Masses): "{name}.masses",
    (ParticleCloud, Law): "KernelDensityLaw.of({name})",
    (Thinned, ParticleCloud): "{name}.cloud",
}
