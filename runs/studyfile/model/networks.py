"""What a study file can name of networks: activations, embeddings, layers, neurons, and the laws of their starts."""

from collections.abc import Iterable, Mapping
from math import prod
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, SerializeAsAny

from particles import (
    Activation,
    AveragePool,
    Biased,
    Bump,
    CompactProfile,
    Convolution,
    Deep,
    DeepLaw,
    Dense,
    Embedding,
    GaussianLaw,
    GaussianOutputs,
    GaussianProfile,
    Identity,
    Law,
    Neuron,
    Perceptron,
    Plain,
    Quadratic,
    RademacherOutputs,
    Random,
    RandomFeatures,
    ShapeError,
    Sobol,
    SymmetricPairs,
    UserNeuron,
)
from particles.neurons.deep.layers import PADDINGS
from particles.neurons.deep.parameterisation import NAMES as PARAMETERISATIONS
from runs.studyfile.model.kinds import (
    ARGUMENTS,
    IMPORTED,
    OUR_CLASSES,
    PATH,
    SIZE,
    Count,
    NonNegative,
    Positive,
    Seed,
    named,
    of_user,
    plain,
)
from runs.studyfile.model.sections import Section, built, choice, kind, read_choice
from runs.system.printable import shortened
from runs.system.refusal import Refusal


def _are_activations(classes: Iterable[type]) -> list[type]:
    """Those that have all that an activation has; the protocol itself is none."""
    needed = [name for name in vars(Activation) if not name.startswith("_")]
    return [one for one in classes if one is not Activation and all(hasattr(one, name) for name in needed)]


ACTIVATIONS = {name: plain(one) for name, one in named(_are_activations(OUR_CLASSES)).items()}
ACTIVATIONS["import"] = IMPORTED
ACTIVATION = choice("activation", ACTIVATIONS)


def _random_features(inputs: int, folder: Path, activation: Section, count: int, seed: int) -> Embedding:
    return RandomFeatures(Identity(inputs), built(ACTIVATIONS, activation, folder=folder), count, seed)


EMBEDDINGS = {
    "identity": kind(Identity),
    "plain": kind(Plain),
    "biased": kind(lambda inputs: Biased(Identity(inputs))),
    "quadratic": kind(Quadratic),
    "random-features": kind(_random_features, in_folder=True, activation=(ACTIVATION, ...), count=SIZE, seed=(Seed, 0)),
}


def _perceptron(
    inputs: int,
    targets: int,
    folder: Path,
    activation: Section,
    embedding: Section,
    outputs: int | None,
    trained: str | list[str],
) -> Neuron:
    return Perceptron(
        built(ACTIVATIONS, activation, folder=folder),
        built(EMBEDDINGS, embedding, inputs, folder=folder),
        outputs=outputs or targets,
        trained=trained,
    )


PROFILES = {"gaussian": kind(GaussianProfile), "compact": kind(CompactProfile, smoothness=(Count, 1))}


def _bump(inputs: int, targets: int, width: float, profile: Section) -> Neuron:
    return Bump(inputs, width, built(PROFILES, profile))


def _user_neuron(inputs: int, targets: int, folder: Path, path: str, arguments: dict[str, Any]) -> UserNeuron:
    neuron: UserNeuron = of_user(folder, path, arguments)
    return neuron


def _dense(targets: int, folder: Path, width: int | None, activation: Section | None, **given: Any) -> Dense:
    return Dense(targets if width is None else width, activation=_maybe(activation, folder), **given)


def _convolution(targets: int, folder: Path, activation: Section | None, **given: Any) -> Convolution:
    return Convolution(activation=_maybe(activation, folder), **given)


def _average_pool(targets: int, folder: Path, size: int | None) -> AveragePool:
    return AveragePool(size)


def _maybe(activation: Section | None, folder: Path) -> Activation | None:
    """The activation of a layer that has its own."""
    return None if activation is None else built(ACTIVATIONS, activation, folder=folder)


def _read_activation(given: object) -> object:
    return None if given is None else read_choice("activation", ACTIVATIONS, given)


def _read_layers(given: object) -> list[Section]:
    """The layers of a list of tables, each with its number from 1 in what is said of it."""
    if not isinstance(given, list) or not given:
        raise Refusal(
            f"neuron.layers is {shortened(repr(given))}, but a list of layers is needed: write for example "
            '[{ kind = "dense", width = 64 }, { kind = "dense" }].'
        )
    layers = [read_choice(f"neuron.layers.{number}", LAYERS, layer) for number, layer in enumerate(given, start=1)]
    weighted = [number for number, layer in enumerate(layers, start=1) if "bias" in layer.given()]
    for number in weighted[:-1]:
        if layers[number - 1].given().get("width", 1) is None:
            raise Refusal(
                f"The key neuron.layers.{number}.width is missing: only the readout, the last layer with weights, may "
                "leave it to the data, which say how many outputs there are."
            )
    return layers


#: Keys of layers with weights: an activation of their own, and what replaces what the parameterisation says.
WEIGHTED: dict[str, tuple[Any, Any]] = {
    "bias": (bool, False),
    "activation": (Annotated[SerializeAsAny[Section] | None, BeforeValidator(_read_activation)], None),
    "multiplier": (Positive | None, None),
    "deviation": (NonNegative | None, None),
    "rate": (Positive | None, None),
}
#: Each is made of the number of targets.
LAYERS = {
    "dense": kind(_dense, Dense, in_folder=True, width=(Count | None, None), **WEIGHTED),
    "convolution": kind(
        _convolution,
        Convolution,
        in_folder=True,
        channels=SIZE,
        size=SIZE,
        padding=(Literal[PADDINGS], "circular"),
        **WEIGHTED,
    ),
    "average-pool": kind(_average_pool, AveragePool, in_folder=True, size=(Count | None, None)),
}


def _deep(
    count: int,
    targets: int,
    /,
    folder: Path,
    inputs: int | list[int] | None,
    layers: list[Section],
    activation: Section,
    trained: str | list[str],
    **given: Any,
) -> Neuron:
    shape = count if inputs is None else inputs if isinstance(inputs, int) else tuple(inputs)
    numbers = shape if isinstance(shape, int) else prod(shape)
    if numbers != count:
        raise Refusal(f"neuron.inputs is {inputs}, which are {numbers} numbers, but the data have {count} inputs.")
    made = [built(LAYERS, layer, targets, folder=folder) for layer in layers]
    sigma = built(ACTIVATIONS, activation, folder=folder)
    groups = trained if isinstance(trained, str) else tuple(trained)
    try:
        neuron = Deep(shape, made, sigma, trained=groups, **given)
    except (ShapeError, ValueError) as error:
        raise Refusal(f"The network of [neuron] cannot be made: {error}") from error
    if neuron.outputs != targets:
        raise Refusal(
            f"The last layer of [neuron] gives {neuron.outputs} outputs, but the data have {targets}: leave the width "
            "of a dense readout out."
        )
    return neuron


NEURONS = {
    "perceptron": kind(
        _perceptron,
        Perceptron,
        in_folder=True,
        activation=(ACTIVATION, ...),
        embedding=(choice("embedding", EMBEDDINGS, "identity"), "identity"),
        outputs=(Count | None, None),
        trained=(Literal["hidden", "output", "both"] | list[Literal["hidden", "output"]], "hidden"),
    ),
    "deep": kind(
        _deep,
        Deep,
        in_folder=True,
        inputs=(Count | list[Count] | None, None),
        layers=(Annotated[list[SerializeAsAny[Section]], BeforeValidator(_read_layers)], ...),
        activation=(ACTIVATION, ...),
        parameterisation=(Literal[PARAMETERISATIONS], "ntk"),
        trained=(str | list[str], "all"),
        weight_variance=(Positive, 1.0),
        bias_variance=(NonNegative, 0.0),
    ),
    "bump": kind(_bump, Bump, width=(Positive, ...), profile=(choice("profile", PROFILES, "gaussian"), "gaussian")),
    "import": kind(_user_neuron, in_folder=True, path=PATH, arguments=ARGUMENTS),
}

OUTPUT_LAWS = {"rademacher": kind(RademacherOutputs), "gaussian": kind(GaussianOutputs, variance=(Positive, 1.0))}


def _gaussian_law(neuron: Neuron | UserNeuron, outputs: Section, variance: float, points: str, symmetric: bool) -> Law:
    if isinstance(neuron, Deep):
        raise Refusal('The law "gaussian" is not that of networks of kind deep: take deep, or leave the law out.')
    rows = Sobol() if points == "sobol" else Random()
    law = GaussianLaw(neuron, outputs=built(OUTPUT_LAWS, outputs), variance=variance, points=rows)
    return SymmetricPairs(law) if symmetric else law


def _deep_law(neuron: Neuron | UserNeuron, points: str, symmetric: bool) -> Law:
    if not isinstance(neuron, Deep):
        raise Refusal('The law "deep" is that of networks of kind deep: take gaussian for this neuron.')
    law = DeepLaw(neuron, Sobol() if points == "sobol" else Random())
    return SymmetricPairs(law) if symmetric else law


LAWS = {
    "gaussian": kind(
        _gaussian_law,
        outputs=(choice("law.outputs", OUTPUT_LAWS, "rademacher"), "rademacher"),
        variance=(Positive, 1.0),
        points=(Literal["random", "sobol"], "random"),
        symmetric=(bool, False),
    ),
    "deep": kind(_deep_law, points=(Literal["random", "sobol"], "random"), symmetric=(bool, False)),
}


def completed(run: Mapping[str, Any]) -> dict[str, Any]:
    """The tables of a run with those that a deep network has where nothing is said.

    It is one particle, or two where it starts symmetric; under NTK scaling the two have the kernel of one.
    """
    neuron = run.get("neuron")
    if (neuron.get("kind") if isinstance(neuron, Mapping) else neuron) != "deep":
        return dict(run)
    law = run.get("law", "deep")
    law = {"kind": "deep", **law} if isinstance(law, Mapping) else law
    count = 2 if isinstance(law, Mapping) and law.get("symmetric") is True else 1
    return {"scaling": "ntk", "masses": {"kind": "uniform", "count": count}, **run, "law": law}
