"""What the study is told: particles, rows and times of each experiment, and the three scales."""

from typing import ClassVar, Literal

from pydantic import Field

from runs.study.configuration import Sizes, StudyConfig, by_scale

#: Numbers of inputs that the paper's experiments have, or that we chose where it does not say.
LABEL_INPUTS, WEI_INPUTS, DEEP_INPUTS = 20, 10, 10


class Config(StudyConfig):
    """The resolved configuration; `seeds` are draws of data and of weights together.

    Times are flow times of R = (1/2n) sum_i (f - y)^2, in which a gradient step of the paper's code on the mean of
    squares with 1/2 has length one. Networks of E1.3 take steps of one until `early`, and of `later` afterwards.
    """

    data_sets: ClassVar[tuple[str, ...]] = ()
    sizes: ClassVar[Sizes] = by_scale(
        seeds=(2, 8, 8),
        label_count=(64, 1024, 2048),
        label_rows=((5, 10, 40), (10, 20, 40, 80), (10, 20, 40, 80, 160)),
        label_until=(100.0, 10_000.0, 50_000.0),
        taught_inputs=(6, 30, 30),
        taught_count=(64, 256, 8192),
        taught_rows=((30, 90), (100, 400, 1600), (100, 400, 1600)),
        taught_until=(150.0, 3000.0, 50_000.0),
        taught_step=(10.0, 10.0, 1.0),
        widths=((16, 64), (128, 256, 512), (128, 256, 512, 1024, 2048)),
        width_rows=(60, 100, 100),
        rows=((30, 60), (50, 100, 200), (50, 100, 200, 400)),
        rows_count=(32, 256, 1024),
        until=(100.0, 12_000.0, 50_000.0),
        early=(30.0, 400.0, 50_000.0),
        films=(False, True, True),
        deep_count=(48, 256, 1024),
        deep_rows=(14, 20, 40),
        deep_until=(400.0, 30_000.0, 500_000.0),
        deep_step=(4.0, 10.0, 1.0),
        grams=(10, 40, 200),
        gram_widths=((32, 64, 128), (64, 256, 1024), (64, 256, 1024, 4096)),
        theorem_count=(60, 1024, 2048),
        theorem_until=(12.0, 400.0, 4000.0),
        equal_count=(24, 128, 512),
        equal_steps=(8, 300, 3000),
        workers=(0, None, None),
    )

    label_count: int = Field(ge=2, description="particles of the networks that fit random labels")
    label_rows: tuple[int, ...] = Field(min_length=2, description="numbers of random labels")
    label_until: float = Field(gt=0.0, allow_inf_nan=False, description="flow time until which they are fitted")
    taught_inputs: int = Field(ge=2, description="inputs of the quadratic teacher")
    taught_count: int = Field(ge=2, description="particles of the networks that learn from it")
    taught_rows: tuple[int, ...] = Field(min_length=2, description="rows that it has labelled")
    taught_until: float = Field(gt=0.0, allow_inf_nan=False, description="flow time until which they learn")
    taught_step: float = Field(gt=0.0, allow_inf_nan=False, description="length of their gradient steps")
    widths: tuple[int, ...] = Field(min_length=2, description="particles, and random features, of the three scalings")
    width_rows: int = Field(ge=4, description="rows of the comparison of widths")
    rows: tuple[int, ...] = Field(min_length=2, description="numbers of rows that are compared")
    rows_count: int = Field(ge=2, description="particles of the comparison of rows")
    until: float = Field(gt=0.0, allow_inf_nan=False, description="flow time of the three scalings")
    early: float = Field(gt=0.0, allow_inf_nan=False, description="flow time until which their steps have length one")
    later: float = Field(default=8.0, gt=0.0, allow_inf_nan=False, description="length of their later gradient steps")
    records: int = Field(default=24, ge=2, description="times at which they are looked at")
    films: bool = Field(description="whether features of the first draw are kept, drawn and filmed")
    deep_count: int = Field(ge=2, description="particles, and features of frozen layers, of deeper networks")
    deep_rows: int = Field(ge=2, description="rows of deeper networks, more than their inputs")
    deep_until: float = Field(gt=0.0, allow_inf_nan=False, description="flow time of deeper networks")
    deep_step: float = Field(gt=0.0, allow_inf_nan=False, description="length of their gradient steps")
    grams: int = Field(ge=2, description="frozen layers from which the deviation of their Gram matrix is taken")
    gram_widths: tuple[int, ...] = Field(min_length=3, description="random features of those layers")
    theorem_count: int = Field(ge=2, description="particles of the networks whose theorems are checked")
    theorem_until: float = Field(gt=0.0, allow_inf_nan=False, description="flow time of those")
    equal_count: int = Field(ge=2, description="particles of networks in two parameterisations")
    equal_steps: int = Field(ge=1, description="their gradient steps")
    dtype: Literal["float32", "float64"] = Field(default="float32", description="in which E1.2 and E1.3 are computed")

    @property
    def about(self) -> str:
        """Draws."""
        return f"{self.seeds} draws of data and weights"
