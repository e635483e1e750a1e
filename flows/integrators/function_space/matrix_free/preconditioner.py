"""The preconditioner that implicit steps hand on, and when it is made anew."""

from dataclasses import dataclass, replace
from functools import cached_property

from flows.integrators.function_space.gauss_newton import GaussNewton
from flows.integrators.function_space.matrix_free.nystrom import Nystrom
from particles.shapes import Positions

#: Columns of the first approximation. Their number doubles where one that was new has left more iterations than `FEW`,
#: up to so many, and up to so many bytes of vectors.
COLUMNS, FEW, MOST_COLUMNS, MOST_BYTES = 256, 3, 2048, 2**29
#: An approximation is made anew once more iterations than at first have cost what this number of them costs: as much as
#: making it.
WORTH = 12


@dataclass(frozen=True, eq=False)
class Sketch:
    """Where the Gram matrix was approximated, at these positions [particles, dim], and from how many of its columns.

    The approximation itself is made where it is first needed, and not written to files: it has the same bits again.
    """

    positions: Positions
    columns: int

    def made(self, stiff: GaussNewton) -> Nystrom:
        """The approximation, for any cloud of the flow, or for the one that stands at these positions."""
        if "nystrom" not in self._memo:
            there = stiff.at.cloud.positions is self.positions
            stands = stiff if there else GaussNewton.of(stiff.model, stiff.at.cloud.moved(self.positions))
            self._memo["nystrom"] = Nystrom.of(stands, self.columns)
        return self._memo["nystrom"]

    @cached_property
    def _memo(self) -> dict[str, Nystrom]:
        return {}


@dataclass(frozen=True, eq=False)
class Preconditioner:
    """The last sketch, the iterations it took at `first` and how many `more` there have been since.

    At first there is none, and the matrix is taken for one. A new one is `wanted` from so many columns; zero where the
    last one does.
    """

    sketch: Sketch | None = None
    wanted: int = 0
    first: int = 1
    more: int = 0

    def ready(self, stiff: GaussNewton) -> "Preconditioner":
        """With a new sketch, here, where one is wanted."""
        if self.wanted == 0:
            return self
        return Preconditioner(Sketch(stiff.at.cloud.positions, self.wanted), first=0)

    def after(self, iterations: int, numbers: int) -> "Preconditioner":
        """After a system of this size that took so many iterations."""
        first = self.first or iterations
        more = self.more + max(iterations - first, 0)
        if more <= WORTH and (self.first or first <= FEW):
            return replace(self, first=first, more=more)
        columns = COLUMNS if self.sketch is None else self.sketch.columns * (2 if first > FEW else 1)
        most = min(MOST_COLUMNS, max(MOST_BYTES // (4 * numbers), 1), numbers)
        return replace(self, first=first, more=0, wanted=min(columns, most))
