"""What targets say of classes: values of one output, or the largest of several."""

import pytest
import torch

from particles.observables.classes import check_rows, checked_values


def test_values_come_in_rising_order() -> None:
    """Assert that the two values that targets take are the classes, and named ones hold them."""
    targets = torch.tensor([[3.0], [-1.0], [3.0]])
    assert checked_values(targets, None) == (-1.0, 3.0)
    assert checked_values(targets, (3, 7, -1, 3)) == (-1.0, 3.0, 7.0)
    with pytest.raises(ValueError, match=r"The classes are \[3.0, 7.0\], but the targets also take -1.0"):
        checked_values(targets, (3, 7))


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        ([[0.0, 1.0], [1.0, 0.0]], True),
        ([[0.2, 0.8], [0.6, 0.4]], True),
        ([[0.5, 0.5], [0.6, 0.4]], False),
        ([[0.5, 2.0], [0.6, 0.4]], False),
    ],
    ids=["one-hot", "probabilities", "tie", "regression"],
)
def test_rows_name_a_class_each(rows: list[list[float]], names: bool) -> None:
    """Assert that one-hot rows and probabilities with one largest entry do, and a tie and real numbers do not."""
    if names:
        check_rows(torch.tensor(rows), None)
        return
    with pytest.raises(ValueError, match="The targets of 2 outputs are neither one-hot nor probabilities"):
        check_rows(torch.tensor(rows), None)


def test_many_values_are_counted() -> None:
    """Assert that a refusal of targets that are no classes does not write all of them."""
    targets = torch.arange(1_000.0)[:, None]
    with pytest.raises(ValueError, match=r"The classes are \[0\.0, 1\.0\], but the targets also take 2\.0"):
        checked_values(targets, (0, 1))
    with pytest.raises(ValueError, match=r"The classes are \[.*\.\.\. 1000 in all\], but the targets also take -1"):
        checked_values(-targets[:2], tuple(range(1_000)))
