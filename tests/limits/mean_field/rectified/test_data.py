"""Data on the line: what is taken, what is refused."""

from dataclasses import replace

import pytest
import torch

from limits.mean_field.rectified.data import LineData, on_the_line
from particles import L2, Biased, Identity, Logistic, Perceptron, Plain, ReLU, Risk, ShapeError, Tanh
from tests.limits.mean_field.rectified.line_problems import rectifiers, three_points


def test_equal_inputs_share_a_kink_and_weightless_data_are_left_out() -> None:
    """Assert that there are as many kinks as different inputs, and that data of weight zero are none."""
    data = LineData.of(rectifiers([1.0, 0.0, 1.0, 5.0], [1.0, 2.0, 3.0, 4.0], [0.25, 0.5, 0.25, 0.0]), 0.1)
    assert data.places == [0.0, 1.0]
    assert data.of_datum.tolist() == [1, 0, 1]
    assert len(data.arcs([0.0, 0.0, 0.0])) == 6
    assert data.active.tolist() == [[1, 1, 1], [1, 0, 1], [0, 0, 0], [0, 0, 0], [0, 1, 0], [1, 1, 1]]


def test_confinements_of_groups_and_the_risks_own() -> None:
    """Assert that the L2 strength of the risk adds to the confinement of each group."""
    risk = replace(three_points(), regulariser=L2(0.25))
    data = LineData.of(risk, {"hidden": 0.5, "output": 1.0})
    assert (data.hidden, data.output) == (0.75, 1.25)


def changed(**parts: object) -> Risk:
    """The three points with another neuron."""
    given = {"activation": ReLU(), "embedding": Biased(Plain(1)), "trained": "both", **parts}
    return replace(three_points(), neuron=Perceptron(**given))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("risk", "confinement", "error", "said"),
    [
        (changed(activation=Tanh()), 0.1, ValueError, "this law is that of Perceptron"),
        (changed(trained="hidden"), 0.1, ValueError, "this law is that of Perceptron"),
        (changed(embedding=Identity(1)), 0.1, ValueError, "this law is that of Perceptron"),
        (three_points(), {"hidden": 0.1}, ValueError, "give a positive and finite one"),
        (three_points(), 0.0, ValueError, "give a positive and finite one"),
    ],
)
def test_refusals(risk: Risk, confinement: float, error: type, said: str) -> None:
    """Assert that other neurons, and laws that do not exist, are refused."""
    with pytest.raises(error, match=said):
        LineData.of(risk, confinement)


def test_other_losses_are_refused() -> None:
    """Assert that the law is one of squared loss."""
    risk = replace(rectifiers([0.0, 1.0], [-1.0, 1.0]), loss=Logistic())
    with pytest.raises(TypeError, match="take it, or Gibbs on a grid"):
        LineData.of(risk, 0.1)


def test_the_embedding_is_the_input_and_one() -> None:
    """Assert that Identity(1), which is the same on the line, is taken."""
    data = LineData.of(changed(embedding=Biased(Identity(1))), 0.1)
    assert data.places == [-1.0, 0.0, 1.0]


def test_places_have_one_column() -> None:
    """Assert that inputs of the plane are refused."""
    with pytest.raises(ShapeError, match="give one column"):
        on_the_line(torch.zeros(3, 2))
