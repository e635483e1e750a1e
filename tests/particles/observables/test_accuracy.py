"""Accuracy is the weighted share of data nearest to their own class, whatever numbers the classes are."""

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from particles import (
    Accuracy,
    ClassAccuracy,
    CrossEntropy,
    Dataset,
    Identity,
    Linear,
    Logistic,
    Loss,
    MeanField,
    ParticleCloud,
    Perceptron,
    Risk,
    Squared,
)
from particles.shapes import Outputs, PerDatum
from tests.tolerances import assert_identical

#: Weights of four data; every subset has another sum.
WEIGHTS = (0.1, 0.2, 0.3, 0.4)
ONE = ParticleCloud(torch.ones(1, 2, dtype=torch.float64))


@dataclass(frozen=True)
class LogOdds(Squared):
    """loss = log(1 + exp(f)) - y f for y in {0, 1}: the prediction is not near its target, but log odds."""

    def value(self, f: Outputs, y: Outputs) -> PerDatum:
        """log(1 + exp(f)) - y f."""
        return (functional.softplus(f) - y * f).sum(dim=1)


def risk_of(predictions: list[float], targets: list[float], loss: Loss | None = None) -> Risk:
    """A risk whose cloud ONE predicts these numbers: f(x) = x."""
    x, y, weights = (torch.tensor(values, dtype=torch.float64) for values in (predictions, targets, WEIGHTS))
    return Risk(Perceptron(Linear(), Identity(1)), MeanField(), loss or Squared(), Dataset(x[:, None], y, weights))


def several(predictions: Tensor, targets: Tensor, loss: Loss) -> tuple[Risk, ParticleCloud]:
    """A risk and a cloud that predicts these rows [4, outputs]: particle c carries output c."""
    outputs = predictions.shape[1]
    neuron = Perceptron(Linear(), Identity(outputs), outputs)
    rows = torch.cat([outputs**1.5 * torch.eye(outputs), torch.eye(outputs)], dim=1).double()
    data = Dataset(predictions.double(), targets.double(), torch.tensor(WEIGHTS, dtype=torch.float64))
    return Risk(neuron, MeanField(), loss, data), ParticleCloud(rows)


def share(value: float) -> Tensor:
    """A float64 scalar."""
    return torch.tensor(value, dtype=torch.float64)


@pytest.mark.parametrize(
    ("low", "high"), [(-1.0, 1.0), (0.0, 1.0), (1.0, 2.0), (-0.4, 7.0), (-5.0, -3.0)], ids=lambda value: f"{value}"
)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_one_output_goes_to_the_nearer_class(low: float, high: float, dtype: torch.dtype) -> None:
    """Assert that data on the right side of the middle between the two values count, with their weights."""
    middle, span = 0.5 * (low + high), high - low
    predictions = [middle - 0.01 * span, middle + 0.01 * span, middle - 9.0 * span, middle + 0.4 * span]
    risk = risk_of(predictions, [low, high, high, low])
    assert_identical(Accuracy(risk)(ONE.to(dtype=dtype)), share(0.3).to(dtype))
    swapped = risk_of(predictions, [high, low, low, high])
    assert_identical(Accuracy(swapped)(ONE.to(dtype=dtype)), share(0.7).to(dtype))


def test_classes_are_named_where_data_do_not_show_them() -> None:
    """Assert that three values, and a test set of one class, are classified by the values named."""
    ordered = risk_of([0.4, 0.6, 1.6, -9.0], [0.0, 1.0, 1.0, 0.0])
    assert_identical(Accuracy(ordered, classes=(2, 0, 1))(ONE), share(0.1 + 0.2 + 0.4))
    single = risk_of([0.4, 0.6, 1.6, -9.0], [1.0, 1.0, 1.0, 1.0])
    assert_identical(Accuracy(single, classes=(0.0, 1.0))(ONE), share(0.2 + 0.3))
    assert_identical(Accuracy(single, classes=(1.0, 2.0))(ONE), share(0.1 + 0.2 + 0.4))


def test_a_tie_and_what_is_no_number() -> None:
    """Assert that a tie is the lower class, an overflow the farther side, and NaN neither."""
    risk = risk_of([0.5, 0.5, 1.0, 1.0], [0.0, 1.0, 1.0, 1.0])
    assert_identical(Accuracy(risk)(ONE), share(0.1 + 0.3 + 0.4))
    huge = risk_of([1e300, -1e300, 1e300, -1e300], [1.0, 0.0, 0.0, 1.0])
    assert_identical(Accuracy(huge)(ONE), share(0.1 + 0.2))
    broken = risk_of([1e300, 1e300, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0])
    wild = ParticleCloud(torch.tensor([[1e300, 1.0], [1e300, -1.0]], dtype=torch.float64))
    assert torch.isnan(broken.predictions(wild)).flatten().tolist() == [True, True, False, False]
    assert_identical(Accuracy(broken)(wild), share(0.3 + 0.4))


def test_the_loss_decides() -> None:
    """Assert that the sign counts under the logistic loss, and under one of log odds, with targets 0 and 1."""
    signs = risk_of([0.1, -0.1, -0.1, 0.9], [1.0, -1.0, 1.0, -1.0], Logistic())
    assert_identical(Accuracy(signs)(ONE), share(0.1 + 0.2))
    one_class = risk_of([0.1, -0.1, -0.1, 0.9], [1.0, 1.0, 1.0, 1.0], Logistic())
    assert_identical(Accuracy(one_class)(ONE), share(0.1 + 0.4))
    odds = risk_of([0.1, -0.1, 0.4, -3.0], [1.0, 0.0, 0.0, 1.0], LogOdds())
    assert_identical(Accuracy(odds)(ONE), share(0.1 + 0.2))


@pytest.mark.parametrize(
    ("high", "low", "loss"),
    [(1.0, 0.0, Squared()), (1.0, -1.0, Squared()), (1.0, -1.0, Logistic()), (0.8, 0.1, CrossEntropy())],
    ids=["one-hot", "signs", "logistic", "probabilities"],
)
def test_several_outputs_count_largest_ones(high: float, low: float, loss: Loss) -> None:
    """Assert that the largest of three outputs is compared with the largest target, in whatever code."""
    predictions = torch.tensor([[0.9, 0.8, 0.1], [-3.0, -1.0, -2.0], [0.0, 0.1, 0.2], [5.0, 4.0, 4.0]])
    targets = low + (high - low) * functional.one_hot(torch.tensor([0, 0, 2, 1]), 3)
    risk, cloud = several(predictions, targets, loss)
    assert torch.allclose(risk.predictions(cloud), predictions.double())
    assert Accuracy(risk).classes is None
    assert_identical(Accuracy(risk)(cloud), share(0.1 + 0.3))


@pytest.mark.parametrize("targets", [[0.1, 0.2, 0.3, 0.4], [0.0, 1.0, 2.0, 1.0], [1.0, 1.0, 1.0, 1.0]])
def test_targets_of_one_output_that_are_not_two_classes_are_refused(targets: list[float]) -> None:
    """Assert that a regression, three classes and one class are told how many values they take."""
    count = len(set(targets))
    with pytest.raises(ValueError, match=f"take {count} different values, but two classes are needed: name the values"):
        Accuracy(risk_of([0.0] * 4, targets))


def test_classes_that_do_not_fit_are_refused() -> None:
    """Assert that a missing class, one class, and classes of several outputs are told."""
    risk = risk_of([0.0] * 4, [0.0, 1.0, 2.0, 1.0])
    with pytest.raises(ValueError, match=r"The classes are \[0.0, 1.0\], but the targets also take 2.0; name"):
        Accuracy(risk, classes=(0, 1))
    with pytest.raises(ValueError, match=r"The classes are \[1.0\], but two or more are needed"):
        Accuracy(risk_of([0.0] * 4, [1.0] * 4), classes=(1, 1))
    with pytest.raises(ValueError, match=r"values of one output, but there are 2, .* leave classes=\(0, 1\) out"):
        Accuracy(several(torch.zeros(4, 2), functional.one_hot(torch.tensor([0, 1, 1, 0])), Squared())[0], (0, 1))


@pytest.mark.parametrize(
    "rows",
    [
        [[0.1, 0.7], [0.2, 0.3], [1.0, 0.0], [0.0, 1.0]],
        [[1.0, 1.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]],
        [[0.5, 0.5], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]],
    ],
    ids=["regression", "two labels", "undecided"],
)
def test_rows_that_name_no_class_are_refused(rows: list[list[float]]) -> None:
    """Assert that several outputs of a regression, several labels a row, and undecided probabilities are refused."""
    with pytest.raises(ValueError, match="targets of 2 outputs are neither one-hot nor probabilities with one largest"):
        Accuracy(several(torch.zeros(4, 2), torch.tensor(rows), Squared())[0])


def test_classes_of_the_data_are_what_is_counted() -> None:
    """Assert that labels by name, and a test set of one class with the names of the training data, are classified."""
    rows = torch.tensor([[0.9, 0.8, 0.1], [-3.0, -1.0, -2.0], [0.0, 0.1, 0.2], [5.0, 4.0, 4.0]])
    risk, cloud = several(rows, torch.eye(3)[[0, 0, 0, 0]], CrossEntropy())
    named = Dataset(rows.double(), ["a", "c", "b", "a"], torch.tensor(WEIGHTS, dtype=torch.float64))
    assert_identical(Accuracy(risk.on(named))(cloud), share(0.1 + 0.4))
    single = Dataset(rows.double(), ["b"] * 4, torch.tensor(WEIGHTS, dtype=torch.float64), named.classes)
    assert_identical(Accuracy(risk.on(single))(cloud), share(0.2))


def test_class_accuracy_is_that_of_each_class() -> None:
    """Assert that each class has the weighted share of its own data, and the shares weighted by classes the whole."""
    risk = risk_of([0.4, 0.6, 1.6, -9.0], [0.0, 1.0, 1.0, 0.0])
    assert_identical(ClassAccuracy(risk)(ONE), torch.tensor([1.0, 1.0], dtype=torch.float64))
    wrong = risk_of([0.6, 0.6, 0.4, -9.0], [0.0, 1.0, 1.0, 0.0])
    expected = torch.tensor([0.4 / 0.5, 0.2 / 0.5], dtype=torch.float64)
    assert_identical(ClassAccuracy(wrong)(ONE), expected)
    assert_identical(ClassAccuracy(wrong)(ONE) @ torch.tensor([0.5, 0.5]).double(), Accuracy(wrong)(ONE))
    assert ClassAccuracy(wrong)(ONE.to(dtype=torch.float32)).dtype == torch.float32


def test_class_accuracy_of_several_outputs() -> None:
    """Assert that classes come in the order of the outputs, and one without data has NaN."""
    predictions = torch.tensor([[0.9, 0.8, 0.1], [-3.0, -1.0, -2.0], [0.0, 0.1, 0.2], [5.0, 4.0, 4.0]])
    risk, cloud = several(predictions, functional.one_hot(torch.tensor([0, 0, 2, 2]), 3), Squared())
    found = ClassAccuracy(risk)(cloud)
    assert_identical(found[[0, 2]], torch.tensor([0.1 / 0.3, 0.3 / 0.7], dtype=torch.float64))
    assert torch.isnan(found[1]) and found.shape == (3,)


def test_class_accuracy_asks_for_classes() -> None:
    """Assert that a regression is refused as `Accuracy` refuses it."""
    with pytest.raises(ValueError, match="take 4 different values, but two classes are needed: name the values"):
        ClassAccuracy(risk_of([0.0] * 4, [0.1, 0.2, 0.3, 0.4]))
