"""What a study file can name: activations, embeddings, neurons, masses, laws, scalings, losses, flows, integrators."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from flows import (
    BAOAB,
    BDF,
    RK4,
    Adaptive,
    BirthDeathFlow,
    Chebyshev,
    DormandPrince,
    Draws,
    Epochs,
    Euler,
    EulerMaruyama,
    Exponential,
    Flow,
    GradientFlow,
    GrowthSplitting,
    Heun,
    LangevinFlow,
    LeimkuhlerMatthews,
    LinearisedFlow,
    LinearSplitting,
    MinibatchFlow,
    NTKFlow,
    StepBound,
    UnderdampedFlow,
)
from particles import (
    GELU,
    NTK,
    Biased,
    CrossEntropy,
    Embedding,
    Erf,
    GaussianLaw,
    GaussianOutputs,
    Identity,
    Law,
    Lazy,
    LeakyReLU,
    Linear,
    Logistic,
    MeanField,
    Neuron,
    ParticleCloud,
    Perceptron,
    Power,
    Quadratic,
    RademacherOutputs,
    Random,
    RandomFeatures,
    ReLU,
    Risk,
    Sigmoid,
    SiLU,
    Sobol,
    Softplus,
    Squared,
    SymmetricPairs,
    Tanh,
    UserNeuron,
    masses,
)
from runs.studyfile.model.draws import Whole
from runs.studyfile.model.imports import imported
from runs.studyfile.model.sections import Kind, Section, built, choice, kind
from runs.system.refusal import Refusal

Count = Annotated[Whole, Field(ge=1)]
#: So many seeds there are.
SEEDS = 2**64
Seed = Annotated[Whole, Field(ge=0, lt=SEEDS)]
Positive = Annotated[float, Field(gt=0.0)]
NonNegative = Annotated[float, Field(ge=0.0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
NEEDED = (Positive, ...)
SIZE = (Count, ...)
PATH = (str, ...)
ARGUMENTS: tuple[Any, Any] = (dict[str, Any], {})

ACTIVATIONS = {
    "relu": kind(ReLU),
    "leaky-relu": kind(LeakyReLU, slope=(float, 0.01)),
    "erf": kind(Erf),
    "tanh": kind(Tanh),
    "sigmoid": kind(Sigmoid),
    "softplus": kind(Softplus),
    "gelu": kind(GELU),
    "silu": kind(SiLU),
    "linear": kind(Linear),
}
ACTIVATION = choice("activation", ACTIVATIONS)


def _random_features(inputs: int, activation: Section, count: int, seed: int) -> Embedding:
    return RandomFeatures(Identity(inputs), built(ACTIVATIONS, activation), count, seed)


EMBEDDINGS = {
    "identity": kind(Identity),
    "biased": kind(lambda inputs: Biased(Identity(inputs))),
    "quadratic": kind(Quadratic),
    "random-features": kind(_random_features, activation=(ACTIVATION, ...), count=SIZE, seed=(Seed, 0)),
}


def _perceptron(
    inputs: int, targets: int, _: Path, activation: Section, embedding: Section, outputs: int | None, trained: str
) -> Neuron:
    return Perceptron(
        built(ACTIVATIONS, activation),
        built(EMBEDDINGS, embedding, inputs),
        outputs=outputs or targets,
        trained=trained,
    )


def _user_neuron(inputs: int, targets: int, folder: Path, path: str, arguments: dict[str, Any]) -> UserNeuron:
    neuron: UserNeuron = imported(path, folder)(**arguments)
    return neuron


NEURONS = {
    "perceptron": kind(
        _perceptron,
        activation=(ACTIVATION, ...),
        embedding=(choice("embedding", EMBEDDINGS, "identity"), "identity"),
        outputs=(Count | None, None),
        trained=(Literal["hidden", "output", "both"], "hidden"),
    ),
    "import": kind(_user_neuron, path=PATH, arguments=ARGUMENTS),
}

MASSES = {
    "uniform": kind(masses.uniform, count=SIZE),
    "zipf": kind(masses.zipf, count=SIZE, alpha=NEEDED),
    "asymmetrical": kind(masses.asymmetrical, count=SIZE, gamma=(Share, ...), alpha=(Positive | None, None)),
    "stable": kind(masses.stable, count=SIZE, alpha=NEEDED, seed=(Seed, 0)),
    "generalised-gamma": kind(masses.generalised_gamma, count=SIZE, shape=NEEDED, power=NEEDED, seed=(Seed, 0)),
    "beta": kind(masses.beta, count=SIZE, a=NEEDED, b=NEEDED, seed=(Seed, 0)),
    "horseshoe": kind(masses.horseshoe, count=SIZE, seed=(Seed, 0)),
}

OUTPUT_LAWS = {"rademacher": kind(RademacherOutputs), "gaussian": kind(GaussianOutputs, variance=(Positive, 1.0))}


def _gaussian_law(neuron: Neuron | UserNeuron, outputs: Section, variance: float, points: str, symmetric: bool) -> Law:
    rows = Sobol() if points == "sobol" else Random()
    law = GaussianLaw(neuron, outputs=built(OUTPUT_LAWS, outputs), variance=variance, points=rows)
    return SymmetricPairs(law) if symmetric else law


LAWS = {
    "gaussian": kind(
        _gaussian_law,
        outputs=(choice("law.outputs", OUTPUT_LAWS, "rademacher"), "rademacher"),
        variance=(Positive, 1.0),
        points=(Literal["random", "sobol"], "random"),
        symmetric=(bool, False),
    )
}

SCALINGS = {
    "mean-field": kind(MeanField),
    "ntk": kind(NTK),
    "lazy": kind(Lazy, scale=NEEDED),
    "power": kind(Power, exponent=(float, ...)),
}

LOSSES = {"squared": kind(Squared), "logistic": kind(Logistic), "cross-entropy": kind(CrossEntropy)}


def _minibatch(risk: Risk, start: ParticleCloud, folder: Path, seed: int, size: int, step: float, epochs: bool) -> Flow:
    return MinibatchFlow(risk, Epochs(size, seed) if epochs else Draws(size, seed), step)


PAIRING = (Literal["measure", "joint"], "measure")
HEAT = {"temperature": (NonNegative, ...), "confinement": (NonNegative, 0.0), "pairing": PAIRING}

#: Each is made of the risk, the start, the folder of the study file and the seed of the run.
FLOWS = {
    "gradient": kind(lambda risk, *_: GradientFlow(risk)),
    "ntk": kind(lambda risk, *_: NTKFlow(risk)),
    "linearised": kind(lambda risk, start, *_: LinearisedFlow(risk, start)),
    "langevin": kind(lambda risk, start, folder, seed, **heat: LangevinFlow(risk, **heat), **HEAT),
    "underdamped": kind(
        lambda risk, start, folder, seed, **heat: UnderdampedFlow(risk, **heat), **HEAT, friction=NEEDED
    ),
    "minibatch": kind(_minibatch, size=SIZE, step=NEEDED, epochs=(bool, False)),
    "birth-death": kind(lambda risk, *_, rate: BirthDeathFlow(risk, rate), rate=(Positive, 1.0)),
    "import": kind(
        lambda risk, start, folder, seed, path, arguments: imported(path, folder)(risk, **arguments),
        path=PATH,
        arguments=ARGUMENTS,
    ),
}


def _fixed(integrator: Any) -> Kind:
    def build(step: float | str, safety: float) -> Any:
        if safety != 1.0 and not isinstance(step, str):
            raise Refusal(
                f"safety is a share of the bound, and the step is {step!r}: leave it out, or take step = 'bound'."
            )
        return integrator(StepBound(safety) if isinstance(step, str) else step)

    return kind(build, step=(Positive | Literal["bound"], ...), safety=(Positive, 1.0))


def _adaptive(integrator: Any) -> Kind:
    def build(max_step: float | None, **tolerance: float) -> Any:
        return integrator(**tolerance) if max_step is None else integrator(**tolerance, max_step=max_step)

    return kind(build, rtol=(NonNegative, 1e-4), atol=(NonNegative, 0.0), max_step=(Positive | None, None))


FIXED: dict[str, Any] = {
    "euler": Euler,
    "heun": Heun,
    "rk4": RK4,
    "euler-maruyama": EulerMaruyama,
    "leimkuhler-matthews": LeimkuhlerMatthews,
    "linear-splitting": LinearSplitting,
    "baoab": BAOAB,
}
INTEGRATORS = {
    **{
        name: _adaptive(integrator)
        for name, integrator in (
            *(("adaptive", Adaptive), ("bdf", BDF), ("exponential", Exponential)),
            *(("chebyshev", Chebyshev), ("dormand-prince", DormandPrince)),
        )
    },
    **{name: _fixed(integrator) for name, integrator in FIXED.items()},
    "growth-splitting": kind(
        lambda transport, step: GrowthSplitting(FIXED[transport](step)),
        transport=(Literal["euler", "heun", "rk4", "euler-maruyama"], ...),
        step=NEEDED,
    ),
}
