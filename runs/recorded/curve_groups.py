"""Groups of files for the curves of a figure: runs of one setting differ only in their seeds and are one curve."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from runs.recorded.flat_parameters import Scalar, flat

#: Last parts of the names of parameters that may differ within one setting.
CHANCE = ("seed", "sha256")

#: Endings of a parameter's name that are left out in a figure.
ENDINGS = (".kind", ".class", ".name")


def names_of(files: Sequence[Path]) -> dict[Path, str]:
    """A unique name for each file: its stem, after as many of its folders as are needed to tell it from the others."""
    parts = {file: file.resolve().with_suffix("").parts for file in files}
    names = {}
    for file, own in parts.items():
        others = [other for another, other in parts.items() if another != file]
        depths = (depth for depth in range(1, len(own)) if all(own[-depth:] != other[-depth:] for other in others))
        names[file] = "-".join(own[-next(depths, len(own) - 1) :])
    return names


def settings_of(parameters: Mapping[Path, Mapping[str, object]]) -> dict[str, tuple[Path, ...]]:
    """Group files by setting, that is, by all their parameters except seeds, and give each setting a label.

    Returns the files of each setting by its label. The label names the parameters in which settings differ, with their
    values; if some parameters always change together, only the first is named. Parameters of the described flow are
    used only if all other parameters agree. A single setting has the label "".
    """
    held = {file: _decisive(given, without="flow") for file, given in parameters.items()}
    if not dividing(list(held.values())):
        held = {file: _decisive(given) for file, given in parameters.items()}
    names = dividing(list(held.values()))
    words = short_names(names)
    texts = {name: _texts(name, [values.get(name) for values in held.values()]) for name in names}
    found: dict[str, tuple[Path, ...]] = {}
    for file, values in held.items():
        label = ", ".join(f"{words[name]} {texts[name][repr(values.get(name))]}" for name in names)
        found[label] = (*found.get(label, ()), file)
    return found


def _decisive(given: Mapping[str, object], without: str = "") -> dict[str, Scalar]:
    """The parameters by dotted name that define a setting: all except `without`, seeds and checksums."""
    values = flat({name: value for name, value in given.items() if name != without})
    return {name: value for name, value in values.items() if name.rsplit(".", 1)[-1] not in CHANCE}


def dividing(runs: Sequence[Mapping[str, Scalar]]) -> list[str]:
    """The names of the parameters in which runs differ; of parameters that divide the runs alike only the first."""
    first: dict[tuple[int, ...], str] = {}
    for name in dict.fromkeys(name for run in runs for name in run):
        column = [repr(run.get(name)) for run in runs]
        places: dict[str, int] = {}
        alike = tuple(places.setdefault(value, number) for number, value in enumerate(column))
        if len(places) > 1:
            first.setdefault(alike, name)
    return list(first.values())


def short_names(names: Sequence[str]) -> dict[str, str]:
    """A short text for each name: its last part if that is unique, and otherwise the whole name."""
    whole = {name: next((name.removesuffix(end) for end in ENDINGS if name.endswith(end)), name) for name in names}
    uses = Counter(text.rsplit(".", 1)[-1] for text in whole.values())
    last = {name: text.rsplit(".", 1)[-1] for name, text in whole.items()}
    return {name: (part if uses[part] == 1 else whole[name]).replace("_", " ") for name, part in last.items()}


def _texts(name: str, values: Sequence[Scalar]) -> dict[str, str]:
    """The short text of each value, by its repr; if two values would share a text, every value has its repr."""
    short = {repr(value): value_text(name, value) for value in values}
    return short if len(set(short.values())) == len(short) else {text: text for text in short}


def value_text(name: str, value: Scalar) -> str:
    """The text of a parameter's value; a class is written without its module."""
    if isinstance(value, float):
        return f"{value:g}"
    return str(value).rsplit(".", 1)[-1] if name.endswith(".class") else str(value)
