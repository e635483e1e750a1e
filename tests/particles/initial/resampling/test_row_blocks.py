"""Products of rows do not depend on how many rows there are."""

import torch

from particles.initial.resampling.row_blocks import ROWS, in_blocks
from tests.draws import normals


def test_bits_of_a_row_do_not_depend_on_the_others() -> None:
    """Assert that few rows, a whole block and more give the same rows, and the right ones."""
    rows, matrix = normals(2 * ROWS + 3, 40, seed=0), normals(40, 30, seed=1)
    found = in_blocks(lambda block: block @ matrix, rows)
    torch.testing.assert_close(found, rows @ matrix)
    for count in (1, 16, ROWS, ROWS + 1):
        assert torch.equal(in_blocks(lambda block: block @ matrix, rows[:count]), found[:count])
