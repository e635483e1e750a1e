"""What the study is told: how accurate estimates are, and how often they are repeated; the three scales."""

from typing import ClassVar

from pydantic import Field

from runs.study.configuration import Sizes, StudyConfig, by_scale


class Config(StudyConfig):
    """The resolved configuration; `seeds` is how many estimates of each kind cover their limit or not.

    Accuracies are standard errors in units of the size of a quantity.
    """

    data_sets: ClassVar[tuple[str, ...]] = ()
    sizes: ClassVar[Sizes] = by_scale(
        seeds=(2, 200, 1000),
        accuracy=(0.5, 0.01, 0.003),
        small=(0.5, 0.1, 0.05),
        tolerances=((2.0, 1.0), (0.12, 0.06, 0.03), (0.06, 0.03, 0.015, 0.0075)),
        repeats=(2, 10, 48),
        stepped=((16, 2), (2048, 8), (8192, 16)),
        narrower=(8, 1, 1),
        coarser=(4, 1, 1),
        pilot=(8, 64, 64),
        workers=(0, None, None),
    )

    accuracy: float = Field(gt=0.0, allow_inf_nan=False, description="of estimates beside known limits, and of answers")
    small: float = Field(gt=0.0, allow_inf_nan=False, description="accuracy of the estimates that are repeated")
    tolerances: tuple[float, ...] = Field(min_length=2, description="accuracies whose costs are compared")
    repeats: int = Field(ge=2, description="estimates of each accuracy, and of each plain way")
    narrower: int = Field(ge=1, description="so many times narrower are the narrowest clouds")
    coarser: int = Field(ge=1, description="so many times longer are the steps")
    pilot: int = Field(ge=8, description="samples of every level, at least")
    stepped: tuple[int, int] = Field(description="particles and clouds with which errors of steps are measured")

    @property
    def about(self) -> str:
        """Accuracy and repetitions."""
        return f"standard errors of {100.0 * self.accuracy:g} %, {self.seeds} small estimates of each kind"
