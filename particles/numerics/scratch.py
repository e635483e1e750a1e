"""Memory for the [particles, data] matrices of tiles, handed out again once its user is gone.

Fresh memory of a mebibyte comes from the operating system page by page, which costs ten times as much per entry as an
addition. On GPUs torch keeps memory by itself; here it is done for the CPU.
"""

from threading import RLock

import torch
from torch import Tensor

from particles.shapes import AnyFloat

#: Entries from which a matrix is worth keeping.
SMALLEST = 2**14
#: Bytes kept at the most for whoever comes next.
LARGEST = 192 * 2**20


class Scratch:
    """Matrices that are free, by dtype and shape."""

    def __init__(self, largest: int = LARGEST) -> None:
        self._largest = largest
        self._free: dict[tuple[torch.dtype, int, int], list[Tensor]] = {}
        self._lock = RLock()
        self.bytes = 0

    def lease(self, rows: int, columns: int, like: AnyFloat) -> "Lease":
        """A matrix [rows, columns] of the dtype and device of `like`, whose numbers are anything."""
        with self._lock:
            free = self._free.get((like.dtype, rows, columns)) if like.is_cpu else None
            if free:
                self.bytes -= free[-1].nbytes
                return Lease(self, free.pop())
        return Lease(self, like.new_empty(rows, columns))

    def for_product(self, left: Tensor, right: Tensor) -> "Lease | Fresh | None":
        """A matrix for left @ right^T, none where it is too small for that, or None where they are not `reusable`."""
        if not reusable(left, right):
            return None
        rows, columns = left.shape[0], right.shape[0]
        return FRESH if rows * columns < SMALLEST else self.lease(rows, columns, right)

    def give(self, matrix: Tensor) -> None:
        """Take back a matrix that nobody reads any more; where there is no room, other shapes make it."""
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
    """A matrix that is its holder's alone for as long as the lease is held, and goes back with it."""

    def __init__(self, scratch: Scratch, matrix: Tensor) -> None:
        self._scratch, self.matrix = scratch, matrix

    def another(self) -> "Lease":
        """A second matrix of the same shape."""
        return self._scratch.lease(self.matrix.shape[0], self.matrix.shape[1], self.matrix)

    def __del__(self) -> None:
        """Give the matrix back."""
        self._scratch.give(self.matrix)


class Fresh:
    """Stands in for a lease where fresh memory costs less than its books: operations get no matrix to write into."""

    matrix: None = None

    def another(self) -> "Fresh":
        """Another one."""
        return self


FRESH = Fresh()
#: Shared by all tangents of the process.
SCRATCH = Scratch()


def reusable(*tensors: Tensor) -> bool:
    """Whether what tensors give may be written into memory that is there: nobody differentiates or maps over them.

    Tensors inside a transform of `torch.func` have no memory of their own, and say so.
    """
    try:
        return not any(tensor.untyped_storage() is None or tensor.requires_grad for tensor in tensors)
    except RuntimeError:
        return False
