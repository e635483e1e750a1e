"""Reused memory for the [particles, data] matrices of tiles.

The operating system provides a new mebibyte page by page, which costs ten times as much per entry as an addition. On
GPUs torch keeps free memory by itself; this module does it for the CPU.
"""

from threading import RLock

import torch
from torch import Tensor

from particles.shapes import AnyFloat

#: Least number of entries of a matrix that is worth keeping.
SMALLEST = 2**14
#: Largest number of bytes of free matrices that are kept.
LARGEST = 192 * 2**20


class Scratch:
    """A store of free matrices, by dtype and shape, with at most `largest` bytes; threads may share it."""

    def __init__(self, largest: int = LARGEST) -> None:
        self._largest = largest
        self._free: dict[tuple[torch.dtype, int, int], list[Tensor]] = {}
        self._lock = RLock()
        self.bytes = 0

    def lease(self, rows: int, columns: int, like: AnyFloat) -> "Lease":
        """Lend a matrix [rows, columns] with the dtype and device of `like`; its numbers are arbitrary."""
        with self._lock:
            free = self._free.get((like.dtype, rows, columns)) if like.is_cpu else None
            if free:
                self.bytes -= free[-1].nbytes
                return Lease(self, free.pop())
        return Lease(self, like.new_empty(rows, columns))

    def for_product(self, left: Tensor, right: Tensor) -> "Lease | Fresh | None":
        """A lease of a matrix for left @ right^T; `FRESH` for a small one, None for factors that are not `reusable`."""
        if not reusable(left, right):
            return None
        rows, columns = left.shape[0], right.shape[0]
        return FRESH if rows * columns < SMALLEST else self.lease(rows, columns, right)

    def give(self, matrix: Tensor) -> None:
        """Take back a matrix that is no longer read. Where the store is full, matrices of other shapes are dropped."""
        if not matrix.is_cpu:
            return
        size = matrix.nbytes
        own = (matrix.dtype, matrix.shape[0], matrix.shape[1])
        with self._lock:
            if self.bytes + size > self._largest:
                self._free = {key: free for key, free in self._free.items() if key == own}
                self.bytes = sum(free.nbytes for matrices in self._free.values() for free in matrices)
            if self.bytes + size <= self._largest:
                self._free.setdefault(own, []).append(matrix)
                self.bytes += size


class Lease:
    """A matrix that belongs to the holder of the lease alone, and returns to the store when the lease is deleted."""

    def __init__(self, scratch: Scratch, matrix: Tensor) -> None:
        self._scratch, self.matrix = scratch, matrix

    def another(self) -> "Lease":
        """A lease of a second matrix of the same shape."""
        return self._scratch.lease(self.matrix.shape[0], self.matrix.shape[1], self.matrix)

    def __del__(self) -> None:
        """Give the matrix back."""
        self._scratch.give(self.matrix)


class Fresh:
    """The lease of no matrix, for small results: operations allocate new memory, which is cheaper than the store."""

    matrix: None = None

    def another(self) -> "Fresh":
        """The same empty lease."""
        return self


FRESH = Fresh()
#: Shared by all tangents of the process.
SCRATCH = Scratch()


def reusable(*tensors: Tensor) -> bool:
    """Whether results of these tensors may be written into existing memory.

    That is so unless a tensor requires a gradient or is inside a transform of `torch.func`, where it has no storage.
    """
    try:
        return not any(tensor.untyped_storage() is None or tensor.requires_grad for tensor in tensors)
    except RuntimeError:
        return False
