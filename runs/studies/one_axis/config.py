"""What the study is told: sizes of every experiment and the three scales."""

from typing import ClassVar

from pydantic import Field

from runs.study.configuration import Sizes, StudyConfig, by_scale


class Config(StudyConfig):
    """The resolved configuration."""

    data_sets: ClassVar[tuple[str, ...]] = ()
    sizes: ClassVar[Sizes] = by_scale(
        seeds=(1, 2, 5),
        # E4.1, E4.2, E4.4: alpha, m and rates on images
        # (end of these)
        # E4.0, E4.5, E4.8: identities, two inputs, L2 on the outputs
        # (end of these)
        # E4.6, E4.7: repopulation, importance
        # (end of these)
        # E4.3, E4.9, E4.10: linearisation, few directions, the map
        # (end of these)
        workers=(0, None, None),
    )

    seeds: int = Field(ge=1, description="independent runs of every experiment that is random")
    # E4.1, E4.2, E4.4: alpha, m and rates on images
    # (end of these)
    # E4.0, E4.5, E4.8: identities, two inputs, L2 on the outputs
    # (end of these)
    # E4.6, E4.7: repopulation, importance
    # (end of these)
    # E4.3, E4.9, E4.10: linearisation, few directions, the map
    # (end of these)

    @property
    def about(self) -> str:
        """Seeds."""
        return "one seed" if self.seeds == 1 else f"{self.seeds} seeds"
