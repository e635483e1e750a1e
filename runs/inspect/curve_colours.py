"""Colours of curves of trajectory files: a colour for each setting, or by the values of one parameter."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from particles.trajectory import TrajectoryReader
from runs.figures.palette import ColourScale, colours_of
from runs.recorded.curve_groups import settings_of, value_text
from runs.recorded.flat_parameters import Scalar, flat, ordered
from runs.recorded.origins import told_apart
from runs.system.printable import printable
from runs.system.refusal import Refusal, chosen


@dataclass(frozen=True, eq=False)
class Groups:
    """Files that are one curve, by its label, and what is known of its colour.

    values: by label that of the parameter which decides the colours, none where each label has a colour of its own.
    """

    files: Mapping[str, tuple[Path, ...]]
    name: str = ""
    values: Mapping[str, Scalar] | None = None

    @property
    def scale(self) -> ColourScale | None:
        """The scale of the colours, for three or more numbers."""
        numbers = [float(one) for one in (self.values or {}).values() if type(one) in (int, float)]  # type: ignore[arg-type]
        if self.values is None or len(numbers) < len(self.values) or len(set(numbers)) < 3:
            return None
        return ColourScale.of(printable(self.name), numbers)

    def colours(self, labels: Mapping[str, str]) -> dict[str, tuple[str, str]]:
        """The name in the legend, and the colour, of each curve; labels: of the curves, with that of their group.

        A group that is one curve has the colour of its own label, so that it does not depend on the number of files.
        """
        if self.values is None:
            curves = Counter(labels.values())
            names = {label: group if curves[group] == 1 else label for label, group in labels.items()}
            colours = colours_of(names.values())
            return {label: (label, colours[name]) for label, name in names.items()}
        scale, held = self.scale, self.values
        if scale is not None:
            return {label: (label, scale.colour(float(str(held[group])))) for label, group in labels.items()}
        words = {group: f"{self.name} {value_text(self.name, held[group])}" for group in labels.values()}
        colours = colours_of(words.values())
        return {label: (words[group], colours[words[group]]) for label, group in labels.items()}


def groups_of(trajectories: Mapping[Path, TrajectoryReader], by: str | None = None) -> Groups:
    """Files of one setting are a group; by: the parameter that decides the colours, whose values part groups too.

    Raises Refusal for a parameter that no file has, or in which the files do not differ, with those that do.
    """
    parameters = told_apart({file: trajectory.parameters for file, trajectory in trajectories.items()})
    settings = settings_of(parameters)
    if by is None:
        return Groups(settings)
    held = {file: flat(given) for file, given in parameters.items()}
    name = _parameter(list(held.values()), by)
    short = name.rsplit(".", 1)[-1].replace("_", " ")
    files: dict[str, tuple[Path, ...]] = {}
    values: dict[str, Scalar] = {}
    for setting, members in settings.items():
        for file in members:
            value = held[file].get(name)
            said = f"{short} {value_text(name, value)}"
            label = setting if said in setting.split(", ") else ", ".join(filter(None, (setting, said)))
            files[label] = (*files.get(label, ()), file)
            values[label] = value
    return Groups(files, short, values)


def _parameter(files: Sequence[Mapping[str, Scalar]], by: str) -> str:
    """The dotted name of a parameter that is given whole or by its last parts, and in which files differ."""
    names = list(dict.fromkeys(name for file in files for name in file))
    differing = [name for name in names if len({ordered(file.get(name)) for file in files}) > 1]
    if not differing:
        raise Refusal(f"The files differ in no parameter, also not in {by!r}: leave --by out.")
    found = [name for name in names if name == by or name.endswith(f".{by}")]
    told = [name for name in found if name in differing]
    if by in told or len(told) == 1:
        return by if by in told else told[0]
    if told and all(_alike(files, told[0], other) for other in told[1:]):
        return min(told, key=len)
    shorts = tuple(dict.fromkeys([*(name.rsplit(".", 1)[-1] for name in differing), *differing]))
    if told:
        raise Refusal(f"The parameter {by!r} may be {' or '.join(told)}: write one of these after --by.")
    if found:
        raise Refusal(f"The parameter {by!r} is the same in all files: choose one of {', '.join(differing)}.")
    return _parameter(files, chosen("parameter in which the files differ", by, shorts))


def _alike(files: Sequence[Mapping[str, Scalar]], one: str, other: str) -> bool:
    return all(ordered(file.get(one)) == ordered(file.get(other)) for file in files)
