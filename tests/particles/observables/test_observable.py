"""An observable is a value that is called with a cloud."""

import pytest
import torch
from torch.nn.functional import one_hot

from particles import (
    Accuracy,
    ActiveFraction,
    Alignment,
    BalanceChange,
    ClassAccuracy,
    Dataset,
    FeatureMovement,
    GramChange,
    Identity,
    LargestMovement,
    Margin,
    MassWeightedMovement,
    MeanMovement,
    Perceptron,
    Preactivations,
    RelativeFeatureMovement,
    ReLU,
    SmallestEigenvalue,
    TeacherAngle,
    TeacherOverlap,
    effective_count,
)
from particles.observables import OBSERVABLES, Observable
from tests.particles.risk.contracts.plain import example


def test_an_observable_has_to_be_called() -> None:
    """Assert that a class without a value at a cloud cannot be made, and that ours all have one and a formula."""
    with pytest.raises(TypeError, match="abstract"):
        Observable()  # type: ignore[abstract]
    for kind in OBSERVABLES:
        assert kind.__call__ is not Observable.__call__ and (kind.__doc__ or "").splitlines()[0][-1] in ".:"


def test_observables_write_into_nothing_given() -> None:
    """Assert that start and cloud are what they were, whatever of ours is observed."""
    risk, start = example()
    cloud = start.moved(start.positions + 1.0)
    inputs = risk.data.inputs
    sorting = risk.on(Dataset(inputs, one_hot(risk.data.targets.argmax(dim=1), 2).double()))
    before = [cloud.positions.clone(), cloud.masses.clone(), start.positions.clone()]
    observables = [
        *(kind(start) for kind in (MeanMovement, MassWeightedMovement, LargestMovement)),
        *(kind(risk, start, inputs) for kind in (GramChange, FeatureMovement, RelativeFeatureMovement)),
        *(
            kind(risk, inputs)
            for kind in (ActiveFraction, SmallestEigenvalue, Preactivations, TeacherOverlap, TeacherAngle)
        ),
        *(kind(sorting) for kind in (Accuracy, ClassAccuracy, Margin)),
        *(Alignment(risk), BalanceChange(example(neuron=Perceptron(ReLU(), Identity(3), 2, "both"))[0], start)),
    ]
    assert {type(one) for one in observables} == {*OBSERVABLES}
    for observable in (*observables, effective_count, risk):
        value = observable(cloud)
        assert value.dtype == torch.float64
        assert not isinstance(observable, Observable) or observable.entries(cloud) == value.numel()
    for tensor, copy in zip((cloud.positions, cloud.masses, start.positions), before, strict=True):
        assert torch.equal(tensor, copy)
