"""Matrix products of many rows, block by block: the bits of a row do not depend on how many rows there are."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

#: Rows of a block; the last one is filled up with zeros.
ROWS = 256


def in_blocks(function: Callable[[Tensor], Tensor], rows: Tensor) -> Tensor:
    """The function, which treats rows one by one, of rows [count, inputs]: [count, outputs].

    Libraries choose the order of their sums by the shape of a matrix, so every block has the same shape.
    """
    missing = -len(rows) % ROWS
    filled = functional.pad(rows, (0, 0, 0, missing))
    return torch.cat([function(block) for block in torch.split(filled, ROWS)])[: len(rows)]
