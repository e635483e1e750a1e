"""What makes the host wait is found, also on a machine that never waits."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from particles.numerics.host_sync import NobodyWaits
from tests.draws import normals

#: What looks at numbers, and what it is called.
WAITING: list[tuple[Callable[[Tensor], object], str]] = [
    (float, "_local_scalar_dense"),
    (lambda x: bool((x > 0).all()), "_local_scalar_dense"),
    (lambda x: x.nonzero(), "nonzero"),
    (lambda x: x[x > 0], "index"),
    (lambda x: torch.equal(x, x + 1.0), "equal"),
    (lambda x: x.to("meta"), "_to_copy"),
    (lambda x: torch.empty_like(x, device="meta").copy_(x), "copy_"),
]


@pytest.mark.parametrize(("look", "name"), WAITING, ids=[name for _, name in WAITING])
def test_looking_at_numbers_is_refused(look: Callable[[Tensor], object], name: str) -> None:
    """Assert that it is refused by its name inside, and free before and after."""
    x = normals(1, seed=1).abs()
    look(x)
    with NobodyWaits(), pytest.raises(RuntimeError, match=f"aten::{name} makes the host wait for the device"):
        look(x)
    look(x)


def test_arithmetic_is_let_through_unchanged() -> None:
    """Assert that operations that only launch work give what they give, in place and on the same device too."""
    x, y = normals(4, 3, seed=1), normals(3, seed=2)

    def work() -> Tensor:
        result = torch.zeros_like(x)
        result[:, :2] = (x * y).tanh()[:, :2]
        return result.add_(x.float().double().copy_(x), alpha=2.0)

    expected = work()
    with NobodyWaits():
        found = work()
    assert torch.equal(found, expected)
