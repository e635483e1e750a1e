"""The rows of a data file, with their places in the file, and their conversion to a data set."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from particles import Dataset
from runs.system.printable import printable
from runs.system.refusal import Refusal

#: Largest number of names that a sentence lists.
LISTED = 8

#: Integers from this number on are not exact in float64.
LARGEST = 2.0**53

Label = str | int


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of finite inputs [rows, inputs] and of targets [rows, outputs], finite numbers or one column of text.

    `source` names the file in sentences. `lines` are the numbers of the rows there, and `line` the word for one.
    """

    source: str
    inputs: np.ndarray
    targets: np.ndarray
    lines: Sequence[int]
    line: str = "row"
    input_names: tuple[str, ...] | None = None
    target_names: tuple[str, ...] | None = None

    def place(self, number: int) -> str:
        """The place of a row's target, as the beginning of a sentence."""
        column = f", column {self.target_names[0]!r}" if self.target_names else ""
        return f"{self.source}, {self.line} {self.lines[number]}{column},"

    def data(self, classes: bool | Sequence[Label], known: Sequence[object] | None = None) -> Dataset:
        """The data set of these rows.

        Targets of text are names of classes. Whole numbers are names of classes if `classes` is True or the list of all
        classes in their order. `known` are the classes of the training data. Raises Refusal for a name of no class and
        for rows that no data set can have.
        """
        given: dict[str, Any] = {"input_names": self.input_names}
        if classes is False and self.targets.dtype.kind != "U":
            return self._made(self.targets, target_names=self.target_names, **given)
        if self.targets.shape[1] > 1:
            raise Refusal(f"{self.source} has {self.targets.shape[1]} columns of targets, but classes stand in one.")
        names: Sequence[object] | None = classes if isinstance(classes, Sequence) else known
        labels = self._labels()
        for number, label in enumerate(labels if names is not None else ()):
            if label not in (names or ()):
                raise Refusal(
                    f"{self.place(number)} holds {printable(repr(label))}, which is none of the classes "
                    f"{listed(map(repr, names or ()))}: name it in classes, or leave the row out."
                )
        return self._made(np.array(labels), classes=None if names is None else list(names), **given)

    def _made(self, targets: np.ndarray, **given: Any) -> Dataset:
        try:
            return Dataset(self.inputs, targets, **given)
        except ValueError as error:
            raise Refusal(f"{self.source} does not do: {printable(str(error))}") from error

    def _labels(self) -> list[Label]:
        """The labels, integers or texts; raises Refusal for other numbers."""
        found: list[Label] = []
        for number, value in enumerate(self.targets[:, 0].tolist()):
            if isinstance(value, float) and not (value.is_integer() and abs(value) < LARGEST):
                raise Refusal(
                    f"{self.place(number)} holds {value}, but classes are whole numbers or text: leave classes out for "
                    "targets that are numbers."
                )
            found.append(value if isinstance(value, str) else int(value))
        return found


def listed(names: Iterable[str]) -> str:
    """The first of these names, for a sentence."""
    every = [*names]
    return printable(", ".join(every[:LISTED]) + (", ..." if len(every) > LISTED else ""))
