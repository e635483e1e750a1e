"""The processes that share one cloud: their number, what they add up, and what the first of them does for all.

The only door to torch.distributed. Whoever starts the processes (`torchrun`, a test) opens the process group; a process
by itself needs none. Small tensors are gathered on all ranks; rows of large ones pass slice by slice.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import torch
import torch.distributed as dist

from particles.arguments.integers import whole
from particles.distributed.blocks import tree_sum
from particles.errors import RankFailed, RankLost
from particles.shapes import AnyFloat

Done = TypeVar("Done")

#: Bytes of one slice of rows on its way to or from the first rank, which holds one or two of them at a time.
SLICE_BYTES = 2**24
#: What may go wrong when the first rank acts for all.
WRONG = (ArithmeticError, LookupError, OSError, RuntimeError, TypeError, ValueError)
#: What the first rank says instead of the number of the tensor it wants rows of.
FINISHED, FAILED = -1, -2


@dataclass(frozen=True, eq=False)
class Ranks:
    """This process among those that share a cloud: number `rank` of `count`.

    `Ranks()` is a process by itself, `Ranks.joined()` one of those that torchrun started, `Ranks.of_group()` one of a
    process group that is open. All ranks call the same methods in the same order. Any method raises RankLost as soon as
    another process of the group is gone.
    """

    rank: int = 0
    count: int = 1
    _desks: "list[_Desk]" = field(default_factory=list, init=False, repr=False, metadata={"described": False})

    def __post_init__(self) -> None:
        count = whole(self.count, "The number of ranks")
        if whole(self.rank, "The rank", least=0) >= count:
            raise ValueError(f"The rank is {self.rank!r} of {count}, but ranks are numbered from 0.")

    @classmethod
    def of_group(cls) -> "Ranks":
        """This process in the default process group, which must be open."""
        return cls(dist.get_rank(), dist.get_world_size())

    @classmethod
    @contextmanager
    def joined(cls) -> Iterator["Ranks"]:
        """Join the group of processes that a launcher such as torchrun has started, for the time of the block.

        Tensors in main memory pass by gloo, those on CUDA devices by nccl, a device per process of a machine.
        """
        device = int(os.environ.get("LOCAL_RANK", "0"))
        on_cuda = torch.cuda.is_available() and dist.is_nccl_available()
        if on_cuda and device < torch.cuda.device_count():
            torch.cuda.set_device(device)
        dist.init_process_group("cpu:gloo,cuda:nccl" if on_cuda else "gloo")
        try:
            yield cls.of_group()
        finally:
            dist.destroy_process_group()

    @property
    def is_first(self) -> bool:
        """Whether this is rank 0, which writes and speaks for all."""
        return self.rank == 0

    def gathered(self, tensor: AnyFloat) -> list[AnyFloat]:
        """The tensor of every rank, in the order of ranks; all have one shape and dtype."""
        if self.count == 1:
            return [tensor]
        flat = tensor.detach().reshape(-1).contiguous()
        found = [torch.empty_like(flat) for _ in range(self.count)]
        with _loss_reported(self):
            dist.all_gather(found, flat)
        return [one.reshape(tensor.shape) for one in found]

    def total(self, tensor: AnyFloat) -> AnyFloat:
        """The sum over ranks, neighbours first, with the same bits on every rank: the top of the tree of `tree_sum`."""
        found = self.gathered(tensor)
        return tree_sum(iter(found), len(found))

    def number(self, number: int = 0) -> int:
        """The number that the first rank gave, on every rank."""
        told = torch.tensor([number], dtype=torch.int64)
        self._tell(told)
        return int(told)

    def text(self, text: str = "") -> str:
        """The text that the first rank gave, on every rank."""
        letters = bytearray(text.encode())
        length = self.number(len(letters))
        if not self.is_first:
            letters = bytearray(length)
        if length:
            self._tell(torch.frombuffer(letters, dtype=torch.uint8))
        return letters.decode()

    def at_first(
        self, act: Callable[[], Done], own: Sequence[AnyFloat] = (), spans: Sequence[slice] = ()
    ) -> Done | None:
        """Let the first rank act, and return what comes of it there and None elsewhere once it is done.

        Meanwhile the ranks hand in the rows of their tensors `own` where the act asks for them by `rows`; spans: the
        rows of the whole that each rank holds. An error of the act is raised on the first rank as it is, on the others
        as RankFailed with its words, so that all of them go the same way.
        """
        if not self.is_first:
            self._serve(own)
            return None
        desk = _Desk(self, tuple(own), tuple(spans))
        self._desks.append(desk)
        try:
            done = act()
        except WRONG as error:
            desk.cleared()
            self.number(FAILED)
            self.text(str(error) or type(error).__name__)
            raise
        finally:
            self._desks.pop()
        desk.cleared()
        self.number(FINISHED)
        return done

    def rows(self, tensor: AnyFloat) -> Iterator[tuple[slice, AnyFloat]]:
        """All rows of a tensor that was handed to `at_first`, in order: their place in the whole, and the rows.

        For the act of `at_first`; those of other ranks are in main memory.
        """
        if not self._desks:
            raise RuntimeError("Rows of all ranks were asked for by an act of no at_first; call that on every rank.")
        return self._desks[-1].rows(tensor)

    def dealt(self, read: Callable[[slice], AnyFloat], like: AnyFloat, spans: Sequence[slice]) -> AnyFloat:
        """This rank's rows of a tensor that the first rank reads, in main memory, in the shape and dtype of `like`."""
        if not self.is_first:
            mine = torch.empty(like.shape, dtype=like.dtype)
            for part in _slices(mine.shape[0], mine[:1].nbytes):
                self._receive(mine[part], 0)
            return mine
        for rank, span in enumerate(spans[1:], start=1):
            for part in _slices(span.stop - span.start, like[:1].nbytes):
                self._send(read(slice(span.start + part.start, span.start + part.stop)), rank)
        return read(spans[0])

    def _serve(self, own: Sequence[AnyFloat]) -> None:
        """What the other ranks do while the first one acts."""
        while (wanted := self.number()) >= 0:
            for part in _slices(own[wanted].shape[0], own[wanted][:1].nbytes):
                self._send(own[wanted][part], 0)
        if wanted == FAILED:
            raise RankFailed(self.text())

    def _tell(self, tensor: torch.Tensor) -> None:
        if self.count > 1:
            with _loss_reported(self):
                dist.broadcast(tensor, src=0)

    def _send(self, rows: AnyFloat, rank: int) -> None:
        with _loss_reported(self):
            dist.send(rows.detach().cpu().contiguous(), rank)

    def _receive(self, rows: AnyFloat, rank: int) -> None:
        with _loss_reported(self):
            dist.recv(rows, rank)


@dataclass(eq=False)
class _Desk:
    """Where the first rank takes in rows: one tensor at a time, each to its end, so that nobody waits in vain."""

    ranks: Ranks
    own: tuple[AnyFloat, ...]
    spans: tuple[slice, ...]
    _open: Iterator[tuple[slice, AnyFloat]] = field(default_factory=lambda: iter(()), init=False)

    def rows(self, tensor: AnyFloat) -> Iterator[tuple[slice, AnyFloat]]:
        """The rows of all ranks of one of the tensors."""
        self.cleared()
        wanted = next(number for number, own in enumerate(self.own) if own is tensor)
        self.ranks.number(wanted)
        self._open = self._taken(tensor)
        return self._open

    def cleared(self) -> None:
        """Take in what is still on its way."""
        for _ in self._open:
            pass

    def _taken(self, tensor: AnyFloat) -> Iterator[tuple[slice, AnyFloat]]:
        yield self.spans[0], tensor
        for rank, span in enumerate(self.spans[1:], start=1):
            for part in _slices(span.stop - span.start, tensor[:1].nbytes):
                rows = torch.empty(part.stop - part.start, *tensor.shape[1:], dtype=tensor.dtype)
                self.ranks._receive(rows, rank)
                yield slice(span.start + part.start, span.start + part.stop), rows


def _slices(rows: int, row_bytes: int) -> Iterator[slice]:
    """So many rows, so many of them at a time as are not above `SLICE_BYTES`."""
    size = max(1, SLICE_BYTES // max(row_bytes, 1))
    return (slice(first, min(first + size, rows)) for first in range(0, rows, size))


@contextmanager
def _loss_reported(ranks: Ranks) -> Iterator[None]:
    """Turn what a broken connection raises into one sentence, and what a missing one would."""
    if not dist.is_initialized():
        raise ValueError(
            f"Ranks were said to be {ranks.count}, but no process group is open; start them with torchrun and "
            "Ranks.joined(), or take Ranks()."
        )
    try:
        yield
    except RuntimeError as error:
        raise RankLost(
            f"Rank {ranks.rank} of {ranks.count} lost another one, which was killed or ended early; what is written "
            "is kept, the same command continues from there."
        ) from error
