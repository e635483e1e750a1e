"""What the study is told: sizes of every experiment and the three scales."""

from typing import ClassVar

from pydantic import Field

from runs.study.configuration import Sizes, StudyConfig, by_scale


class Config(StudyConfig):
    """The resolved configuration."""

    data_sets: ClassVar[tuple[str, ...]] = ()
    sizes: ClassVar[Sizes] = by_scale(
        seeds=(1, 4, 20),
        # E3.1, E3.2, E3.3, E3.8: dropout, connectivity, law of large numbers
        # (end of these)
        # E3.4: convexity of displacement
        # (end of these)
        # E3.5: knots
        # (end of these)
        # E3.6, E3.7: pyramids, the smallest eigenvalue
        pyramid_draws=(6, 200, 1000),
        pyramid_steps=(6, 20, 100),
        pyramid_rows=((4, 8), (8, 16, 32, 64), (8, 16, 32, 64, 128)),
        pyramid_until=(20, 400, 2000),
        eigen_draws=(1, 3, 10),
        eigen_rows=((8, 12, 16), (100, 200, 400, 800, 1600), (100, 200, 400, 800, 1600, 3200)),
        eigen_dims=((16, 20), (50, 100, 200), (50, 100, 200)),
        eigen_multiples=((2, 4, 8), (2, 4, 8, 16, 32, 64, 128), (2, 4, 8, 16, 32, 64, 128, 256)),
        eigen_fixed=(12, 100, 100),
        eigen_narrow=((1, 8), (1, 2, 4, 8, 16, 32, 64, 128), (1, 2, 4, 8, 16, 32, 64, 128)),
        # (end of these)
        workers=(0, None, None),
    )

    seeds: int = Field(ge=1, description="independent runs of every experiment that is random")
    # E3.1, E3.2, E3.3, E3.8: dropout, connectivity, law of large numbers
    # (end of these)
    # E3.4: convexity of displacement
    # (end of these)
    # E3.5: knots
    # (end of these)
    # E3.6, E3.7: pyramids, the smallest eigenvalue
    pyramid_draws: int = Field(ge=1, description="random pyramids on which the inequality is looked at")
    pyramid_steps: int = Field(ge=2, description="steps of gradient descent of each")
    pyramid_rows: tuple[int, ...] = Field(min_length=2, description="data N at which the widths needed are found")
    pyramid_until: int = Field(ge=2, description="steps of the runs whose decay is shown")
    eigen_draws: int = Field(ge=1, description="draws of data and network for every smallest eigenvalue")
    eigen_rows: tuple[int, ...] = Field(min_length=2, description="data N, with a wide layer of 8 N")
    eigen_dims: tuple[int, ...] = Field(min_length=2, description="inputs d, and units of the other layers, with those")
    eigen_multiples: tuple[int, ...] = Field(min_length=3, description="units of the wide layer over data N")
    eigen_fixed: int = Field(ge=4, description="data N with those")
    eigen_narrow: tuple[int, ...] = Field(min_length=2, description="units of a narrow layer below the wide one")
    # (end of these)

    @property
    def about(self) -> str:
        """Seeds."""
        return "one seed" if self.seeds == 1 else f"{self.seeds} seeds"
