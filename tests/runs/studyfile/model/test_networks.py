"""Deep networks of a study file: layers, starts, what is filled in, and one sentence for what does not fit."""

from pathlib import Path
from typing import Any

import pytest

from particles import (
    AveragePool,
    Bump,
    CompactProfile,
    Convolution,
    Deep,
    DeepLaw,
    Dense,
    LeakyReLU,
    ReLU,
    Sobol,
    SymmetricPairs,
    Tanh,
)
from runs.recorded.flat_parameters import flat
from runs.studyfile.experiment import Experiment
from runs.studyfile.model.config import RunConfig
from runs.studyfile.model.keys import set_all
from runs.studyfile.model.networks import LAWS, NEURONS
from runs.studyfile.model.sections import built, read_choice
from runs.system.refusal import Refusal
from tests.runs.studyfile.small.studies import config, values, write_data

SMALL: dict[str, Any] = {
    "kind": "deep",
    "activation": "relu",
    "layers": [{"kind": "dense", "width": 4}, {"kind": "dense", "width": 3, "activation": "tanh"}, "dense"],
}


def deep(changes: dict[str, Any], count: int = 3, targets: int = 1) -> Any:
    """The neuron of such a table for data of so many inputs and targets."""
    return built(NEURONS, read_choice("neuron", NEURONS, {**SMALL, **changes}), count, targets)


def run(**changes: Any) -> RunConfig:
    """A run of the small study with a deep network; None leaves a table out."""
    held = {**values(), "neuron": SMALL, "law": None, "masses": None, "scaling": None, **changes}
    return RunConfig.model_validate({name: value for name, value in held.items() if value is not None})


def test_layers_are_those_of_the_file() -> None:
    """Assert that kinds, sizes, own activations and overrides arrive, and the readout is as wide as the data."""
    layers = [
        {"kind": "convolution", "channels": 8, "size": 3, "padding": "zero", "bias": True, "rate": 2.0},
        {"kind": "average-pool", "size": 2},
        {"kind": "convolution", "channels": 4, "size": 1, "activation": {"kind": "leaky-relu", "slope": 0.2}},
        "average-pool",
        {"kind": "dense", "multiplier": 0.5},
    ]
    given = {"layers": layers, "inputs": [3, 4, 4], "bias_variance": 0.1, "trained": ["layer1", "layer3"]}
    assert deep(given, 48, 10) == Deep(
        (3, 4, 4),
        [
            Convolution(8, 3, "zero", bias=True, rate=2.0),
            AveragePool(2),
            Convolution(4, 1, activation=LeakyReLU(0.2)),
            AveragePool(),
            Dense(10, multiplier=0.5),
        ],
        ReLU(),
        trained=("layer1", "layer3"),
        bias_variance=0.1,
    )
    assert deep({}) == Deep(3, [Dense(4), Dense(3, activation=Tanh()), Dense(1)], ReLU())
    assert deep({"parameterisation": "maximal-update"}).parameterisation == "maximal-update"


def test_what_a_deep_network_leaves_out_is_filled_in(tmp_path: Path) -> None:
    """Assert that it is one particle under NTK scaling, two where it starts symmetric, and what is said holds."""
    write_data(tmp_path)
    alone = Experiment(run(), tmp_path)
    assert alone.start.count == 1 and isinstance(alone.law, DeepLaw)
    pair = Experiment(run(law={"symmetric": True, "points": "sobol"}), tmp_path)
    assert pair.start.count == 2 and isinstance(pair.law, SymmetricPairs) and pair.law.law.points == Sobol()
    assert float(pair.risk.predictions(pair.start).abs().max()) == 0.0
    many = Experiment(run(masses={"kind": "uniform", "count": 5}, scaling="mean-field"), tmp_path)
    assert many.start.count == 5 and many.risk.scaling == type(many.risk.scaling)()
    assert "law" in config().identity() and config().law.kind == "gaussian"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"layers": 64}, "neuron.layers is 64, but a list of layers is needed: write for example"),
        ({"layers": []}, r"neuron.layers is \[\], but a list of layers is needed"),
        ({"layers": ["dens"]}, r"Unknown kind of \[neuron.layers.1\] 'dens': choose one of dense"),
        ({"layers": ["dense", "dense"]}, "The key neuron.layers.1.width is missing: only the readout"),
        ({"layers": [{"kind": "dense", "width": 0}]}, "The value 0 does not do for neuron.layers.1.width: .* greater"),
        ({"layers": [{"kind": "convolution", "size": 3}]}, "The key neuron.layers.1.channels is missing"),
        ({"layers": [{"kind": "dense", "widht": 3}]}, r"Unknown key of \[neuron.layers.1\] .* did you mean 'width'"),
        (
            {"layers": [{"kind": "convolution", "channels": 2, "size": 3}, "dense"]},
            r"The network of \[neuron\] cannot be made: Layer 1 is a Convolution, but ",
        ),
        ({"layers": ["average-pool"]}, r"The network of \[neuron\] cannot be made: "),
        ({"inputs": [2, 2]}, r"neuron.inputs is \[2, 2\], which are 4 numbers, but the data have 3 inputs"),
        ({"trained": "layer9"}, r"The network of \[neuron\] cannot be made: trained is 'layer9', but one of 'layer1'"),
        ({"parameterisation": "mup"}, "does not do for neuron.parameterisation"),
        (
            {"layers": [{"kind": "dense", "width": 7}]},
            r"The last layer of \[neuron\] gives 7 outputs, but the data have 1: leave the width",
        ),
        ({"activation": {"kind": "import", "path": "nowhere:X"}}, "^'nowhere:X' cannot be imported"),
        ({"bias_variance": 0.5}, r"The network of \[neuron\] cannot be made: bias_variance is 0.5, but no layer has"),
    ],
)
def test_layers_that_do_not_fit_are_told(changes: dict[str, Any], said: str) -> None:
    """Assert that one sentence names the key, or the layer that does not fit."""
    with pytest.raises(Refusal, match=said):
        deep(changes)


def test_laws_are_of_their_networks() -> None:
    """Assert that the law of deep networks is refused for perceptrons, and the Gaussian one for deep networks."""
    perceptron = built(NEURONS, read_choice("neuron", NEURONS, {"kind": "perceptron", "activation": "tanh"}), 3, 1)
    with pytest.raises(Refusal, match="is that of networks of kind deep: take gaussian"):
        built(LAWS, read_choice("law", LAWS, "deep"), perceptron)
    with pytest.raises(Refusal, match='"gaussian" is not that of networks of kind deep: take deep, or leave'):
        built(LAWS, read_choice("law", LAWS, "gaussian"), deep({}))


def test_a_width_is_a_key_like_others() -> None:
    """Assert that --set and sweeps reach a layer by its number, which tells settings apart, and others are told."""
    held = {"neuron": {**SMALL, "layers": [dict(SMALL["layers"][0]), "dense"]}}
    set_all(held, {("neuron", "layers", "1", "width"): 9, ("neuron", "layers", "2", "bias"): True})
    assert held["neuron"]["layers"] == [{"kind": "dense", "width": 9}, {"kind": "dense", "bias": True}]
    assert flat(run().identity())["neuron.layers.1.width"] == 4
    for number in ("3", "0", "first"):
        with pytest.raises(Refusal, match=f"{number}.width is of a list of 2, .* and {number} is none of"):
            set_all(held, {("neuron", "layers", number, "width"): 3})


def test_imported_activations_of_layers_are_sources() -> None:
    """Assert that a module that only a layer names is among the files of a run."""
    own = {"kind": "import", "path": "mine:Swish"}
    layers = [{"kind": "dense", "width": 4, "activation": own}, "dense"]
    assert run(neuron={**SMALL, "layers": layers}).import_paths() == ["mine:Swish"]


def test_a_bump_is_as_wide_as_the_data() -> None:
    """Assert that the number of inputs is that of the data, and width and profile those of the file."""
    table = {"kind": "bump", "width": 0.2, "profile": {"kind": "compact", "smoothness": 2}}
    assert built(NEURONS, read_choice("neuron", NEURONS, table), 3, 1) == Bump(3, 0.2, CompactProfile(2))
    plain = read_choice("neuron", NEURONS, {"kind": "bump", "width": 0.2})
    assert built(NEURONS, plain, 3, 1) == Bump(3, 0.2)
