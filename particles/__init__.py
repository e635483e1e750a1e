"""What exists and what can be measured: clouds, neurons, risks, observables, trajectories."""

from particles.arguments import check_arguments_of
from particles.arguments.display import show_objects_of
from particles.cloud import ParticleCloud
from particles.distributed.ranks import Ranks
from particles.distributed.shared_cloud import SharedCloud
from particles.ensemble.clouds import Ensemble
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
from particles.initial import masses
from particles.initial.deep_law import DeepLaw
from particles.initial.laws import GaussianLaw, GaussianOutputs, Law, OutputLaw, RademacherOutputs, SymmetricPairs
from particles.initial.resampling.autoencoder import AutoencoderLaw
from particles.initial.resampling.importance import importance
from particles.initial.resampling.kernel_density import KernelDensityLaw
from particles.initial.resampling.resample import resample
from particles.initial.resampling.thinning import Thinned, thin
from particles.initial.uniform_points import Points, Random, Sobol
from particles.neurons.activations import Activation, Erf, LeakyReLU, Linear, ReLU, Sigmoid, Softplus, Tanh
from particles.neurons.bump.neuron import Bump
from particles.neurons.bump.profiles import CompactProfile, GaussianProfile, Profile
from particles.neurons.deep.layers import AveragePool, Convolution, Dense
from particles.neurons.deep.neuron import Deep
from particles.neurons.embeddings import Biased, Embedding, Identity, Plain, Quadratic, RandomFeatures
from particles.neurons.gated import GELU, SiLU
from particles.neurons.perceptron import Perceptron
from particles.neurons.protocols import Neuron, Tangent
from particles.neurons.smooth_leaky_relu import SmoothLeakyReLU
from particles.neurons.user_neuron import MappedNeuron, UserNeuron, as_neuron
from particles.numerics.randomness import generator
from particles.observables import (
    Accuracy,
    ActiveFraction,
    Alignment,
    BalanceChange,
    ClassAccuracy,
    FeatureMovement,
    GramChange,
    LargestMovement,
    Margin,
    MassWeightedMovement,
    MeanMovement,
    Preactivations,
    RelativeFeatureMovement,
    SmallestEigenvalue,
    TeacherAngle,
    TeacherOverlap,
    effective_count,
)
from particles.right_forms import CONVERSIONS, FORMS, METHODS
from particles.risk.dataset import Dataset
from particles.risk.losses import CrossEntropy, Logistic, Loss, Squared
from particles.risk.modules.from_torch import from_module
from particles.risk.modules.to_torch import to_module
from particles.risk.network import Network
from particles.risk.risk import L2, Risk
from particles.risk.scaling import NTK, Lazy, MeanField, Power, Scaling, Standard
from particles.risk.tangent_products import jacobian_product, jacobian_transpose_product, scaled_jacobian, tangent_gram
from particles.trajectory import SharedTrajectory, Trajectory, TrajectoryReader, TrajectoryWriter

__all__ = [
    "GELU",
    "L2",
    "NTK",
    "Accuracy",
    "Activation",
    "ActiveFraction",
    "Alignment",
    "AutoencoderLaw",
    "AveragePool",
    "BalanceChange",
    "Biased",
    "Bump",
    "ClassAccuracy",
    "CompactProfile",
    "Convolution",
    "CrossEntropy",
    "Dataset",
    "Deep",
    "DeepLaw",
    "Dense",
    "Embedding",
    "Ensemble",
    "Erf",
    "FeatureMovement",
    "FlowDiverged",
    "FlowRefused",
    "GaussianLaw",
    "GaussianOutputs",
    "GaussianProfile",
    "GramChange",
    "Identity",
    "KernelDensityLaw",
    "LargestMovement",
    "Law",
    "Lazy",
    "LeakyReLU",
    "Linear",
    "Logistic",
    "Loss",
    "MappedNeuron",
    "Margin",
    "MassError",
    "MassWeightedMovement",
    "MeanField",
    "MeanMovement",
    "Network",
    "Neuron",
    "OutputLaw",
    "ParticleCloud",
    "Perceptron",
    "Plain",
    "Points",
    "Power",
    "Preactivations",
    "Profile",
    "Quadratic",
    "RademacherOutputs",
    "Random",
    "RandomFeatures",
    "RankFailed",
    "RankLost",
    "Ranks",
    "ReLU",
    "RelativeFeatureMovement",
    "Risk",
    "Scaling",
    "ShapeError",
    "SharedCloud",
    "SharedTrajectory",
    "SiLU",
    "Sigmoid",
    "SmallestEigenvalue",
    "SmoothLeakyReLU",
    "Sobol",
    "Softplus",
    "Squared",
    "Standard",
    "SymmetricPairs",
    "Tangent",
    "Tanh",
    "TeacherAngle",
    "TeacherOverlap",
    "Thinned",
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
    "from_module",
    "generator",
    "importance",
    "jacobian_product",
    "jacobian_transpose_product",
    "masses",
    "resample",
    "scaled_jacobian",
    "tangent_gram",
    "thin",
    "to_module",
]

check_arguments_of(globals(), METHODS, FORMS, CONVERSIONS)
show_objects_of(__name__)
