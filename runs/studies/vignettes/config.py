"""What the study is told: sizes of every experiment and the three scales."""

from typing import ClassVar

from pydantic import Field

from runs.study.configuration import Sizes, StudyConfig, by_scale

COUNTS = (50, 100, 200, 400, 800, 1600, 3200)


class Config(StudyConfig):
    """The resolved configuration."""

    data_sets: ClassVar[tuple[str, ...]] = ()
    sizes: ClassVar[Sizes] = by_scale(
        seeds=(1, 4, 20),
        # E3.1, E3.2, E3.3, E3.8: dropout, connectivity, law of large numbers
        online_until=(1.0, 20.0, 20.0),
        online_test=(100, 1000, 4000),
        dropout_counts=((12, 24, 48), COUNTS, COUNTS),
        dropout_kept=(4, 10, 25),
        dropout_subsets=(20, 400, 1000),
        connect_counts=((12, 24, 48), COUNTS, COUNTS),
        connect_shown=(24, 800, 800),
        large_counts=((12, 24, 48), COUNTS, COUNTS),
        large_reference=(128, 8192, 65536),
        large_pool=(50, 300, 1000),
        large_until=(1.0, 10.0, 20.0),
        large_particles=(20, 200, 200),
        large_steps=((0.04, 0.02, 0.01), (0.16, 0.08, 0.04, 0.02, 0.01), (0.16, 0.08, 0.04, 0.02, 0.01, 0.005)),
        large_streams=(1, 4, 8),
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
    online_inputs: int = Field(default=10, ge=1, description="inputs d of online SGD")
    online_batch: int = Field(default=10, ge=1, description="fresh data of every step of it")
    online_step: float = Field(default=0.02, gt=0.0, allow_inf_nan=False, description="step s of the paper, N times")
    online_until: float = Field(gt=0.0, allow_inf_nan=False, description="time T = s k at which it ends")
    online_test: int = Field(ge=10, description="data of which risks are taken")
    dropout_counts: tuple[int, ...] = Field(min_length=3, description="particles N of which some are kept")
    dropout_kept: int = Field(ge=1, description="particles M kept at every N")
    dropout_subsets: int = Field(ge=2, description="random subsets drawn at the least N")
    connect_counts: tuple[int, ...] = Field(min_length=3, description="particles N of two runs that are connected")
    connect_shown: int = Field(ge=2, description="particles N of the runs whose paths are drawn")
    large_counts: tuple[int, ...] = Field(min_length=3, description="particles N that are compared with their limit")
    large_reference: int = Field(ge=2, description="particles that stand for the limit, a power of two")
    large_pool: int = Field(ge=2, description="inputs of which the data are")
    large_until: float = Field(gt=0.0, allow_inf_nan=False, description="time T = s k of the comparison")
    large_particles: int = Field(ge=1, description="particles N of the runs with several steps")
    large_steps: tuple[float, ...] = Field(min_length=3, description="steps s, of which T is a multiple")
    large_streams: int = Field(ge=1, description="streams of data for every seed and step")
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
