"""Accuracy: the share of the data that a network puts into the class their targets say."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from particles.cloud import ParticleCloud
from particles.risk.losses import Logistic
from particles.risk.risk import Risk
from particles.shapes import Outputs, Scalar


@dataclass(frozen=True, eq=False)
class Accuracy:
    """Weighted share of the risk's data that are classified correctly.

    With one output, each class has a value, and a datum is put into the class at whose value the loss of the prediction
    is least: the nearest value under the squared loss, the sign under the logistic one, the lower class in a tie. The
    values are the two that the targets take; `classes` names them where there are more, or where the data show one
    only, as a small test set may. With several outputs the largest decides; targets are then one-hot (two values, the
    higher one once a row), or probabilities with one largest entry a row. A prediction that is not a number is wrong.

    Raises ValueError for targets that name no classes, such as those of a regression.
    """

    risk: Risk
    classes: Sequence[float] | None = None

    def __post_init__(self) -> None:
        targets = self.risk.data.targets
        if targets.shape[1] > 1:
            _check_rows(targets, self.classes)
        else:
            logistic = isinstance(self.risk.loss, Logistic)
            values = (-1.0, 1.0) if logistic and self.classes is None else self.classes
            object.__setattr__(self, "classes", _checked_values(targets, values))

    def __call__(self, cloud: ParticleCloud) -> Scalar:
        """Share in [0, 1]."""
        data, f = self.risk.prepared(cloud), self.risk.predictions(cloud)
        if self.classes is None:
            right = f.argmax(dim=1) == data.targets.argmax(dim=1)
        else:
            values = f.new_tensor(self.classes)
            right = self._decided(f, values) == (data.targets - values).abs().argmin(dim=1)
        return data.weights @ (right & ~f.isnan().any(dim=1)).to(f.dtype)

    def _decided(self, f: Outputs, values: Tensor) -> Tensor:
        """Number of the class of least loss [data]; far beyond all values, where losses round, as at their border."""
        span = values[-1] - values[0]
        f = f.clamp(values[0] - span, values[-1] + span)
        losses = [self.risk.loss.value(f, value.expand_as(f)) for value in values]
        return torch.stack(losses).argmin(dim=0)


def _checked_values(targets: Outputs, classes: Sequence[float] | None) -> tuple[float, ...]:
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
        raise ValueError(f"The classes are {values}, but {what}; name the value of every class.")
    return tuple(values)


def _check_rows(targets: Outputs, classes: object) -> None:
    if classes is not None:
        raise ValueError(
            f"Classes are values of one output, but there are {targets.shape[1]}, of which the largest decides; leave "
            f"classes={classes!r} out."
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
