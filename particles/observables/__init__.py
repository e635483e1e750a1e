"""Observables: functions of a cloud that are worth recording; each is a frozen value that is called with a cloud.

A new one is its file and its name here and in `particles`: study files then know it.
"""

from particles.observables.accuracy import Accuracy, ClassAccuracy
from particles.observables.active_fraction import ActiveFraction
from particles.observables.balance import BalanceChange
from particles.observables.feature_movement import FeatureMovement, RelativeFeatureMovement
from particles.observables.margin import Margin
from particles.observables.movement import (
    LargestMovement,
    MassWeightedMovement,
    MeanMovement,
    effective_count,
    movement,
)
from particles.observables.observable import Observable
from particles.observables.preactivations import Preactivations
from particles.observables.tangent_kernel import Alignment, GramChange, SmallestEigenvalue
from particles.observables.teacher import TeacherAngle, TeacherOverlap

__all__ = [
    "Accuracy",
    "ActiveFraction",
    "Alignment",
    "BalanceChange",
    "ClassAccuracy",
    "FeatureMovement",
    "GramChange",
    "LargestMovement",
    "Margin",
    "MassWeightedMovement",
    "MeanMovement",
    "Observable",
    "Preactivations",
    "RelativeFeatureMovement",
    "SmallestEigenvalue",
    "TeacherAngle",
    "TeacherOverlap",
    "effective_count",
    "movement",
]

#: Those of them that are classes; study files know each by its name.
OBSERVABLES: tuple[type[Observable], ...] = tuple(
    one
    for one in map(globals().get, __all__)
    if isinstance(one, type) and issubclass(one, Observable) and one is not Observable
)
