"""What targets say of classes: values of one output, or the largest of several."""

from collections.abc import Sequence

import torch
from torch import Tensor

from particles.arguments.display import line
from particles.shapes import Outputs


def checked_values(targets: Outputs, classes: Sequence[float] | None) -> tuple[float, ...]:
    """The values of the classes in rising order."""
    taken = _values(targets)
    if classes is None and len(taken) != 2:
        raise ValueError(
            f"The targets of one output take {len(taken)} different values, but two classes are needed: name the "
            "values of the classes with classes=(...), give one output per class with one-hot targets, or observe the "
            "risk where this is no classification."
        )
    values = sorted(set(taken if classes is None else targets.new_tensor(classes).tolist()))
    foreign = sorted(set(taken) - set(values))
    if len(values) < 2 or foreign:
        what = f"the targets also take {foreign[0]!r}" if foreign else "two or more are needed"
        raise ValueError(f"The classes are {line(values)}, but {what}; name the value of every class.")
    return tuple(values)


def check_rows(targets: Outputs, classes: object) -> None:
    if classes is not None:
        raise ValueError(
            f"Classes are values of one output, but there are {targets.shape[1]}, of which the largest decides; leave "
            f"classes={line(classes)} out."
        )
    largest = targets.amax(dim=1, keepdim=True)
    single = bool(((targets == largest).sum(dim=1) == 1).all())
    totals = targets.sum(dim=1)
    probable = bool((targets >= 0.0).all()) and torch.allclose(totals, torch.ones_like(totals))
    if not (single and (probable or len(_values(targets)) == 2)):
        raise ValueError(
            f"The targets of {targets.shape[1]} outputs are neither one-hot nor probabilities with one largest entry a "
            "row, so they name no classes; observe the risk where this is no classification."
        )


def _values(targets: Outputs) -> list[float]:
    distinct: Tensor = torch.unique(targets)
    return distinct.tolist()
