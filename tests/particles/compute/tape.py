"""A stand-in for CUDA graphs on the CPU: a tape of torch's operations, played again on the tensors they were given.

Like a graph it never comes back to Python, reads its inputs where they were and writes its results where they were;
what is no torch operation is not on it.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode


class Tape(TorchDispatchMode):
    """Writes down every operation while it is on."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Any, Any, Any, Any]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """The operation, written down."""
        found = func(*args, **(kwargs or {}))
        self.calls.append((func, args, kwargs or {}, found))
        return found

    def play(self) -> None:
        """Every operation again; results go where they went, unless they are there, as are those of views."""
        for func, args, kwargs, found in self.calls:
            again = func(*args, **kwargs)
            for old, new in zip(_tensors(found), _tensors(again), strict=True):
                if old.data_ptr() != new.data_ptr():
                    old.copy_(new)


def _tensors(found: Any) -> list[Tensor]:
    return [value for value in (found if isinstance(found, tuple | list) else [found]) if isinstance(value, Tensor)]


@dataclass
class TapeRecorder:
    """Takes what is on the CPU and counts. `spoil` makes another repeat of the right one and the tensor it writes."""

    spoil: Callable[[Callable[[], None], Tensor], Callable[[], None]] = lambda repeat, found: repeat
    stream: Hashable = 0
    recorded: int = 0
    replayed: int = 0

    def takes(self, positions: Tensor) -> bool:
        """Always."""
        return True

    def queue(self, device: torch.device) -> Hashable:
        """The stream that a test has put here."""
        return self.stream

    def record(self, work: Callable[[], Tensor], device: torch.device) -> tuple[Tensor, Callable[[], None]]:
        """The work on a tape. A capture computes nothing, so what is in the result is scratched out."""
        self.recorded += 1
        work()
        with Tape() as tape:
            found = work()
        found.fill_(torch.nan)
        repeat = self.spoil(tape.play, found)

        def counted() -> None:
            self.replayed += 1
            repeat()

        return found, counted
