"""Accuracy: the share of the data that a network puts into the class their targets say, of all or class by class."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from particles.cloud import ParticleCloud
from particles.observables.classes import check_rows, checked_values
from particles.observables.observable import Observable
from particles.risk.losses import Logistic
from particles.risk.risk import Risk
from particles.shapes import AnyFloat, Outputs, PerClass, Scalar


@dataclass(frozen=True, eq=False)
class _Classified(Observable):
    """Data whose targets name classes, each put into one by the prediction."""

    risk: Risk
    classes: Sequence[float] | None = None

    def __post_init__(self) -> None:
        targets = self.risk.data.targets
        if targets.shape[1] > 1:
            check_rows(targets, self.classes)
        else:
            logistic = isinstance(self.risk.loss, Logistic)
            values = (-1.0, 1.0) if logistic and self.classes is None else self.classes
            object.__setattr__(self, "classes", checked_values(targets, values))

    @abstractmethod
    def __call__(self, cloud: ParticleCloud) -> AnyFloat:
        """Its value at a cloud."""

    def _sorted(self, cloud: ParticleCloud) -> tuple[Bool[Tensor, " data"], Int[Tensor, " data"]]:
        """Whether each datum is put into its class, and the number of its class."""
        targets, f = self.risk.prepared(cloud).targets, self.risk.predictions(cloud)
        if self.classes is None:
            found, own = f.argmax(dim=1), targets.argmax(dim=1)
        else:
            values = f.new_tensor(self.classes)
            found, own = self._decided(f, values), (targets - values).abs().argmin(dim=1)
        return (found == own) & ~f.isnan().any(dim=1), own

    def _decided(self, f: Outputs, values: Tensor) -> Tensor:
        """Number of the class of least loss [data]; far beyond all values, where losses round, as at their border."""
        span = values[-1] - values[0]
        f = f.clamp(values[0] - span, values[-1] + span)
        losses = [self.risk.loss.value(f, value.expand_as(f)) for value in values]
        return torch.stack(losses).argmin(dim=0)


@dataclass(frozen=True, eq=False)
class Accuracy(_Classified):
    """Weighted share of the risk's data that are classified correctly.

    With one output, each class has a value, and a datum is put into the class at whose value the loss of the prediction
    is least: the nearest value under the squared loss, the sign under the logistic one, the lower class in a tie. The
    values are the two that the targets take; `classes` names them where there are more, or where the data show one
    only, as a small test set may. With several outputs the largest decides; targets are then one-hot (two values, the
    higher one once a row), or probabilities with one largest entry a row. A prediction that is not a number is wrong.

    Raises ValueError for targets that name no classes, such as those of a regression.
    """

    def __call__(self, cloud: ParticleCloud) -> Scalar:
        """Share in [0, 1]."""
        right, _ = self._sorted(cloud)
        weights = self.risk.prepared(cloud).weights
        return weights @ right.to(weights)


@dataclass(frozen=True, eq=False)
class ClassAccuracy(_Classified):
    """Weighted share of each class's data that are classified correctly [classes], the recall of every class.

    Classes are those of `Accuracy`, with its arguments and errors, in rising order of their values or in the order of
    the outputs. A class of which there are no data, or whose data have no weight, has NaN.
    """

    def __call__(self, cloud: ParticleCloud) -> PerClass:
        """Shares in [0, 1]."""
        right, own = self._sorted(cloud)
        data = self.risk.prepared(cloud)
        numbers = torch.arange(self.entries(cloud), device=own.device)
        weights = data.weights[:, None] * (own[:, None] == numbers).to(data.weights)
        shares: Tensor = right.to(weights) @ weights / weights.sum(dim=0)
        return shares

    def entries(self, cloud: ParticleCloud) -> int:
        """The number of classes."""
        return self.risk.data.outputs if self.classes is None else len(self.classes)
