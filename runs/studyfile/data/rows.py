"""The rows of a data file: numbers and labels with the places where they stand, and the data set that they make."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from particles import Dataset
from runs.system.printable import printable
from runs.system.refusal import Refusal

#: So many names are listed in a sentence.
LISTED = 8

#: Whole numbers from here on have not all their digits as float64.
LARGEST = 2.0**53

Label = str | int


@dataclass(frozen=True, eq=False)
class Rows:
    """Inputs [rows, inputs], finite numbers; targets [rows, outputs], finite numbers as well, or one column of text.

    `source` names the file in sentences, `lines` are the numbers by which its rows are called there, `line` or `row`.
    """

    source: str
    inputs: np.ndarray
    targets: np.ndarray
    lines: Sequence[int]
    line: str = "row"
    input_names: tuple[str, ...] | None = None
    target_names: tuple[str, ...] | None = None

    def place(self, number: int) -> str:
        """Where the target of a row stands."""
        column = f", column {self.target_names[0]!r}" if self.target_names else ""
        return f"{self.source}, {self.line} {self.lines[number]}{column},"

    def data(self, classes: bool | Sequence[Label], known: Sequence[object] | None = None) -> Dataset:
        """The data set.

        Text names classes, whole numbers do where `classes` is true or a list of all of them in their order; `known`
        are those of the training data. Raises Refusal for what names none of them.
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
        """The labels, whole numbers or texts. Raises Refusal for other numbers."""
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
    """Some of these names, for a sentence."""
    every = [*names]
    return printable(", ".join(every[:LISTED]) + (", ..." if len(every) > LISTED else ""))
