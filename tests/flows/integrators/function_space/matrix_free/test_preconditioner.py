"""The preconditioner that steps hand on: wanted when iterations cost more than making it, and the same bits again."""

import pytest
import torch

from flows.integrators.function_space.matrix_free.preconditioner import (
    COLUMNS,
    FEW,
    MOST_BYTES,
    MOST_COLUMNS,
    WORTH,
    Preconditioner,
    Sketch,
)
from tests.flows.integrators.function_space.matrix_free.test_nystrom import decaying

MANY = 10**5


def test_first_one_is_wanted_once_iterations_have_cost_as_much() -> None:
    """Assert that one iteration a step is free, and that others are counted until they are worth a preconditioner."""
    state = Preconditioner()
    for _ in range(100):
        state = state.after(1, MANY)
    assert state.more == 0 and state.wanted == 0
    for _ in range(WORTH // 3):
        state = state.after(4, MANY)
    assert state.more == WORTH and state.wanted == 0
    assert state.after(2, MANY).wanted == COLUMNS


def test_new_one_is_made_where_it_is_wanted_and_counts_from_its_first_iterations() -> None:
    """Assert that it stands at the cloud at hand, and that iterations beyond its first ones are counted."""
    stiff = decaying(50)
    assert Preconditioner().ready(stiff).sketch is None
    ready = Preconditioner(wanted=20).ready(stiff)
    assert ready.sketch is not None and ready.sketch.positions is stiff.at.cloud.positions
    assert (ready.sketch.columns, ready.wanted) == (20, 0)
    after = ready.after(3, 50).after(5, 50)
    assert (after.first, after.more, after.sketch) == (3, 2, ready.sketch)
    assert after.ready(stiff) is after


@pytest.mark.parametrize(
    ("columns", "first", "numbers", "wanted"),
    [
        (256, FEW, MANY, 0),
        (256, FEW + 1, MANY, 512),
        (MOST_COLUMNS, FEW + 1, 10**4, MOST_COLUMNS),
        (256, FEW + 1, 300, 300),
        (256, FEW + 1, MOST_BYTES // 400, 100),
    ],
)
def test_more_columns_are_wanted_where_many_iterations_are_left(
    columns: int, first: int, numbers: int, wanted: int
) -> None:
    """Assert that columns double where a new one leaves many iterations, up to a number, n k, and a size in bytes."""
    new = Preconditioner(Sketch(torch.zeros(1, 1), columns), first=0)
    assert new.after(first, numbers).wanted == wanted


def test_sketch_has_the_same_bits_wherever_it_is_made() -> None:
    """Assert that made at its positions, or from another cloud of the flow as a resumed run does, it is the same."""
    stiff = decaying(50)
    here = Sketch(stiff.at.cloud.positions, 20)
    elsewhere = decaying(50)
    moved = type(elsewhere).of(elsewhere.model, elsewhere.at.cloud.moved(elsewhere.at.cloud.positions + 1.0))
    again = Sketch(stiff.at.cloud.positions.clone(), 20)
    assert torch.equal(here.made(stiff).vectors, again.made(moved).vectors)
    assert torch.equal(here.made(stiff).values, again.made(moved).values)
    assert here.made(moved) is here.made(stiff)
