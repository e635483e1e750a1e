"""The margin of a classification: how far the datum that is classified worst is on its own side."""

from dataclasses import dataclass

import torch
from torch import Tensor

from particles.cloud import ParticleCloud
from particles.observables.classes import check_rows
from particles.observables.observable import Observable
from particles.risk.risk import Risk
from particles.shapes import Outputs, PerDatum, Scalar


@dataclass(frozen=True, eq=False)
class Margin(Observable):
    """min_i y_i f(x_i) for targets -1 and 1; with several outputs min_i (f_c(x_i) - max_{c' != c} f_{c'}(x_i)).

    c is the class of datum i, of the largest target; targets of several outputs are those that `Accuracy` takes. Data
    weights do not count. It is positive where all data are classified correctly, and NaN where a prediction is. This is
    the margin of the predictions, not normalised: for a network that is homogeneous of degree L in theta it grows with
    the size of theta, and the margin of Lyu and Li (2020) is it divided by |theta|^L. Raises ValueError for targets
    that name no classes, such as those of a regression, and for those of one output that are not -1 and 1.
    """

    risk: Risk

    def __post_init__(self) -> None:
        targets = self.risk.data.targets
        if targets.shape[1] > 1:
            check_rows(targets, None)
        elif bool((targets.abs() != 1.0).any()):
            other = targets[targets.abs() != 1.0][0].item()
            raise ValueError(
                f"The targets of one output must be -1 and 1 for a margin, but one is {other:.6g}; give one output per "
                "class with one-hot targets, or observe the risk where this is no classification."
            )

    def __call__(self, cloud: ParticleCloud) -> Scalar:
        """The smallest margin of a datum, a scalar."""
        targets, f = self.risk.prepared(cloud).targets, self.risk.predictions(cloud)
        return (targets * f if targets.shape[1] == 1 else _ahead(targets, f)).min()


def _ahead(targets: Outputs, f: Outputs) -> PerDatum:
    """By how much the output of its own class is above the largest other one [data]."""
    own = targets.argmax(dim=1, keepdim=True)
    ahead: Tensor = f.gather(1, own)[:, 0] - f.scatter(1, own, -torch.inf).amax(dim=1)
    return ahead
