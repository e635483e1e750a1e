"""Labels of the variables of a file: names in words, units, formulas and their sources, and names of coordinates."""

import inspect
from collections.abc import Callable, Iterator, Mapping

import h5py

from particles.neurons.perceptron import Perceptron
from particles.trajectory.describe import qualified_name
from particles.trajectory.layout import fixed_text

#: The unit of every variable: nothing that is recorded has one.
DIMENSIONLESS = "1"
POSITION = {
    "long_name": "position theta_j of particle j",
    "formula": "d theta_j / dt = velocity(cloud, t)_j of the flow; a perceptron has theta = (w, a)",
}
MASS = {"long_name": "mass lambda_j of particle j", "formula": "sum_j lambda_j = 1"}
TIME = {"long_name": "flow time"}
STEP = {"long_name": "number of the integrator's step"}
COORDINATE = {"long_name": "name of the coordinate of a particle"}


def without_unit(words: Mapping[str, str]) -> dict[str, str]:
    """These words for a variable, with the unit of a number without unit."""
    return {**words, "units": DIMENSIONLESS}


def label(dataset: h5py.Dataset, words: Mapping[str, str]) -> None:
    """Add these words and the unit to the attributes of a dataset, in ASCII; attributes that exist stay as they are."""
    for name, text in without_unit(words).items():
        if name not in dataset.attrs:
            dataset.attrs[name] = fixed_text(text)


def labels_of(dataset: h5py.Dataset) -> dict[str, str]:
    """The attributes of a dataset that explain it to people; empty in files of layouts before 1.3."""
    names = ("long_name", "units", "formula", "source")
    return {name: bytes(dataset.attrs[name]).decode() for name in names if name in dataset.attrs}


def words_for(name: str, observable: Callable[..., object] | None = None) -> dict[str, str]:
    """The words for an observable: its name, its class or function, and the first line of its docstring."""
    words = {"long_name": name.replace("_", " ")}
    if observable is None:
        return words
    original = inspect.unwrap(observable)
    named = original if inspect.isroutine(original) else type(original)
    said = (inspect.getdoc(named) or "").strip().splitlines()
    return {**words, "source": qualified_name(named), **({"formula": said[0]} if said else {})}


def coordinate_names(parameters: Mapping[str, object], dim: int) -> list[str]:
    """Names of the coordinates of a particle: w_0, ..., a_0, ... of a perceptron, theta_0, ... of anything else."""
    for described in _parts(parameters):
        outputs = described.get("outputs")
        if described.get("class") == qualified_name(Perceptron) and isinstance(outputs, int) and 0 < outputs < dim:
            return [*(f"w_{i}" for i in range(dim - outputs)), *(f"a_{k}" for k in range(outputs))]
    return [f"theta_{i}" for i in range(dim)]


def _parts(node: object) -> Iterator[Mapping[str, object]]:
    """All mappings inside a description, itself included."""
    if isinstance(node, Mapping):
        yield node
        for part in node.values():
            yield from _parts(part)
