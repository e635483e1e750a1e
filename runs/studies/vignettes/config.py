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
    # (end of these)

    @property
    def about(self) -> str:
        """Seeds."""
        return "one seed" if self.seeds == 1 else f"{self.seeds} seeds"
