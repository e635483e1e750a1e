"""What the study is told: clouds, widths and times; the three scales."""

from typing import ClassVar

from pydantic import Field

from runs.study.configuration import Sizes, StudyConfig, by_scale

WIDTHS = (64, 256, 1024, 4096)


class Config(StudyConfig):
    """The resolved configuration; `seeds` is how many clouds of each width are trained."""

    data_sets: ClassVar[tuple[str, ...]] = ()
    sizes: ClassVar[Sizes] = by_scale(
        seeds=(2, 20, 20),
        means=(5, 400, 2000),
        clouds=(5, 2000, 10_000),
        widths=((4, 16), WIDTHS, WIDTHS),
        until=(1.0, 10.0, 10.0),
        workers=(0, None, None),
    )

    means: int = Field(ge=2, description="clouds whose mean Gram matrix is compared with the kernel")
    clouds: int = Field(ge=2, description="asymmetrical clouds from which the total variance is sampled")
    widths: tuple[int, ...] = Field(min_length=2, description="particles of the clouds that are trained")
    until: float = Field(gt=0.0, allow_inf_nan=False, description="flow time at which training ends")

    @property
    def about(self) -> str:
        """Clouds."""
        return f"{self.means} and {self.clouds} clouds of 100 particles, {self.seeds} trained clouds of each width"
