"""What the study is told: counts, clouds, cells of the grid, times and steps; the three scales."""

from typing import ClassVar

from pydantic import Field

from runs.study.configuration import Sizes, StudyConfig, by_scale

COUNTS = (250, 500, 1000, 2000, 4000, 8000, 16000)


class Config(StudyConfig):
    """The resolved configuration; `seeds` is how many independent clouds of each count are made.

    Until time 0.5 the first of the `steps` is that of a scheme whose laws are of order two at every time, then the
    second of one of order two in the stationary state.
    """

    data_sets: ClassVar[tuple[str, ...]] = ()
    sizes: ClassVar[Sizes] = by_scale(
        seeds=(3, 12, 12),
        counts=((60, 240), COUNTS, COUNTS),
        cells=(60, 400, 800),
        refinements=((40, 80), (50, 100, 200, 400), (50, 100, 200, 400, 800)),
        rest=(1.5, 15.0, 15.0),
        steps=((0.1, 0.1), (0.02, 0.025), (0.02, 0.025)),
        tolerance=(1e-3, 1e-6, 1e-6),
        workers=(0, None, None),
    )

    counts: tuple[int, ...] = Field(min_length=2, description="particles of the clouds")
    cells: int = Field(ge=10, description="of the grid on which the densities are")
    refinements: tuple[int, ...] = Field(min_length=2, description="cells of the grids whose errors are taken")
    rest: float = Field(gt=0.5, allow_inf_nan=False, description="when clouds are compared with the stationary density")
    steps: tuple[float, float] = Field(description="of the integrators, on the way and at rest")
    tolerance: float = Field(gt=0.0, lt=1.0, description="of the Fokker-Planck solution in time")

    @property
    def about(self) -> str:
        """Counts and clouds."""
        return f"{self.counts[0]:,} to {self.counts[-1]:,} particles, {self.seeds} clouds of each"
