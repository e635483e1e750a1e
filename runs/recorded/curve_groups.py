"""What files are called in a figure, and which of them are runs of one setting that differ in their seed alone."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from runs.recorded.flat_parameters import Scalar, flat

#: Last names of parameters that make no setting of their own.
CHANCE = ("seed", "sha256")

#: Endings of a name that say no more than what is before them.
ENDINGS = (".kind", ".class", ".name")


def names_of(files: Sequence[Path]) -> dict[Path, str]:
    """A name for each file that no other has: its stem, with as many of the folders around it as that takes."""
    parts = {file: file.resolve().with_suffix("").parts for file in files}
    names = {}
    for file, own in parts.items():
        others = [other for another, other in parts.items() if another != file]
        depths = (depth for depth in range(1, len(own)) if all(own[-depth:] != other[-depth:] for other in others))
        names[file] = "-".join(own[-next(depths, len(own) - 1) :])
    return names


def settings_of(parameters: Mapping[Path, Mapping[str, object]]) -> dict[str, tuple[Path, ...]]:
    """Files by setting: those whose parameters are the same but for seeds, under what sets them apart from the others.

    Parameters that take their values together are named once, by the first of them. The described flow counts where the
    others are all the same. A setting that is the only one is called "".
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
    """The parameters by dotted name that decide what a setting is."""
    values = flat({name: value for name, value in given.items() if name != without})
    return {name: value for name, value in values.items() if name.rsplit(".", 1)[-1] not in CHANCE}


def dividing(runs: Sequence[Mapping[str, Scalar]]) -> list[str]:
    """The parameters in which runs differ, of those that divide them alike the first."""
    first: dict[tuple[int, ...], str] = {}
    for name in dict.fromkeys(name for run in runs for name in run):
        column = [repr(run.get(name)) for run in runs]
        places: dict[str, int] = {}
        alike = tuple(places.setdefault(value, number) for number, value in enumerate(column))
        if len(places) > 1:
            first.setdefault(alike, name)
    return list(first.values())


def short_names(names: Sequence[str]) -> dict[str, str]:
    """The last part of each name where that is enough to tell it from the others."""
    whole = {name: next((name.removesuffix(end) for end in ENDINGS if name.endswith(end)), name) for name in names}
    uses = Counter(text.rsplit(".", 1)[-1] for text in whole.values())
    last = {name: text.rsplit(".", 1)[-1] for name, text in whole.items()}
    return {name: (part if uses[part] == 1 else whole[name]).replace("_", " ") for name, part in last.items()}


def _texts(name: str, values: Sequence[Scalar]) -> dict[str, str]:
    """The short text of each value by its repr; the repr itself where two values would have one text."""
    short = {repr(value): said(name, value) for value in values}
    return short if len(set(short.values())) == len(short) else {text: text for text in short}


def said(name: str, value: Scalar) -> str:
    """A value; a class without its module."""
    if isinstance(value, float):
        return f"{value:g}"
    return str(value).rsplit(".", 1)[-1] if name.endswith(".class") else str(value)
