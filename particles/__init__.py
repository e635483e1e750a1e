"""What exists and what can be measured: clouds, neurons, risks, observables, trajectories."""

from particles import masses
from particles.accuracy import Accuracy
from particles.activations import (
    GELU,
    Activation,
    Erf,
    LeakyReLU,
    Linear,
    ReLU,
    Sigmoid,
    SiLU,
    Softplus,
    Tanh,
)
from particles.cloud import ParticleCloud
from particles.dataset import Dataset
from particles.doors import open_doors
from particles.embeddings import Biased, Embedding, Identity, Quadratic, RandomFeatures
from particles.ensemble import Ensemble
from particles.errors import (
    FlowDiverged,
    FlowRefused,
    MassError,
    RankFailed,
    RankLost,
    ShapeError,
    ToleranceNotReached,
    TrajectoryError,
    TransportUnsolved,
    Unresolved,
)
from particles.forms import FORMS, METHODS, TURNS
from particles.functional import MappedNeuron, UserNeuron, as_neuron
from particles.laws import GaussianLaw, GaussianOutputs, Law, OutputLaw, RademacherOutputs, SymmetricPairs
from particles.losses import CrossEntropy, Logistic, Loss, Squared
from particles.network import Network
from particles.neurons import Perceptron
from particles.observables import (
    Alignment,
    GramChange,
    LargestMovement,
    MassWeightedMovement,
    MeanMovement,
    SmallestEigenvalue,
    effective_count,
)
from particles.points import Points, Random, Sobol
from particles.randomness import generator
from particles.ranks import Ranks
from particles.risk import L2, Risk
from particles.scaling import NTK, Lazy, MeanField, Power, Scaling
from particles.shared import SharedCloud
from particles.tangent import jacobian_product, jacobian_transpose_product, scaled_jacobian, tangent_gram
from particles.tangents import Neuron, Tangent
from particles.trajectory import SharedTrajectory, Trajectory, TrajectoryReader, TrajectoryWriter

__all__ = [
    "GELU",
    "L2",
    "NTK",
    "Accuracy",
    "Activation",
    "Alignment",
    "Biased",
    "CrossEntropy",
    "Dataset",
    "Embedding",
    "Ensemble",
    "Erf",
    "FlowDiverged",
    "FlowRefused",
    "GaussianLaw",
    "GaussianOutputs",
    "GramChange",
    "Identity",
    "LargestMovement",
    "Law",
    "Lazy",
    "LeakyReLU",
    "Linear",
    "Logistic",
    "Loss",
    "MappedNeuron",
    "MassError",
    "MassWeightedMovement",
    "MeanField",
    "MeanMovement",
    "Network",
    "Neuron",
    "OutputLaw",
    "ParticleCloud",
    "Perceptron",
    "Points",
    "Power",
    "Quadratic",
    "RademacherOutputs",
    "Random",
    "RandomFeatures",
    "RankFailed",
    "RankLost",
    "Ranks",
    "ReLU",
    "Risk",
    "Scaling",
    "ShapeError",
    "SharedCloud",
    "SharedTrajectory",
    "SiLU",
    "Sigmoid",
    "SmallestEigenvalue",
    "Sobol",
    "Softplus",
    "Squared",
    "SymmetricPairs",
    "Tangent",
    "Tanh",
    "ToleranceNotReached",
    "Trajectory",
    "TrajectoryError",
    "TrajectoryReader",
    "TrajectoryWriter",
    "TransportUnsolved",
    "Unresolved",
    "UserNeuron",
    "as_neuron",
    "effective_count",
    "generator",
    "jacobian_product",
    "jacobian_transpose_product",
    "masses",
    "scaled_jacobian",
    "tangent_gram",
]

open_doors(globals(), METHODS, FORMS, TURNS)
