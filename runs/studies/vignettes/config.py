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
        layer_widths=((8, 12, 16), (16, 32, 64, 128, 256), (32, 64, 128, 256, 512)),
        layer_kept=(3, 4, 8),
        layer_subsets=(5, 20, 50),
        large_counts=((12, 24, 48), COUNTS, COUNTS),
        large_reference=(128, 8192, 65536),
        large_pool=(50, 300, 1000),
        large_until=(1.0, 10.0, 20.0),
        large_particles=(20, 200, 200),
        large_steps=((0.04, 0.02, 0.01), (0.16, 0.08, 0.04, 0.02, 0.01), (0.16, 0.08, 0.04, 0.02, 0.01, 0.005)),
        large_streams=(1, 4, 8),
        # E3.4: convexity of displacement
        convex_counts=((20, 60), (50, 200, 1000), (50, 200, 1000, 4000)),
        convex_widths=((0.3, 0.2), (0.2, 0.1, 0.05), (0.2, 0.1, 0.05, 0.025)),
        convex_until=(0.5, 2.0, 2.0),
        convex_frames=(10, 40, 40),
        convex_cells=(40, 200, 400),
        convex_ball_counts=((60, 60), (300, 400, 400), (1000, 1000, 1000)),
        convex_ball_widths=((0.1, 0.2), (0.05, 0.1, 0.15), (0.03, 0.08, 0.12)),
        # E3.5: knots
        knot_sets=(2, 50, 200),
        knot_betas=((1e4, 1e5, 1e6), (1e5, 1e6, 1e7, 1e8), (1e5, 3e5, 1e6, 3e6, 1e7, 3e7, 1e8)),
        noisy_count=(100, 5000, 20000),
        noisy_rests=(1.0, 5.0, 8.0),
        noisy_time=(9.0, 60.0, 400.0),
        noisy_step=(0.1, 0.02, 0.01),
        # E3.6, E3.7: pyramids, the smallest eigenvalue
        pyramid_draws=(6, 200, 1000),
        pyramid_steps=(6, 20, 100),
        pyramid_rows=((4, 8), (8, 16, 32, 64), (8, 16, 32, 64, 128)),
        pyramid_until=(20, 400, 2000),
        eigen_draws=(1, 3, 10),
        eigen_rows=((8, 12, 16), (100, 200, 400, 800, 1600), (100, 200, 400, 800, 1600, 3200)),
        eigen_dims=((16, 20), (50, 100, 200), (50, 100, 200)),
        eigen_multiples=((2, 4, 8), (2, 4, 8, 16, 32, 64, 128), (2, 4, 8, 16, 32, 64, 128, 256)),
        eigen_fixed=(12, 100, 100),
        eigen_narrow=((1, 8), (1, 2, 4, 8, 16, 32, 64, 128), (1, 2, 4, 8, 16, 32, 64, 128)),
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
    layer_widths: tuple[int, ...] = Field(min_length=3, description="units N of each of two hidden layers")
    layer_kept: int = Field(ge=1, description="units M of each of them that are kept at every N")
    layer_subsets: int = Field(ge=1, description="random subsets of units over which excesses are averaged")
    large_counts: tuple[int, ...] = Field(min_length=3, description="particles N that are compared with their limit")
    large_reference: int = Field(ge=2, description="particles that stand for the limit, a power of two")
    large_pool: int = Field(ge=2, description="inputs of which the data are")
    large_until: float = Field(gt=0.0, allow_inf_nan=False, description="time T = s k of the comparison")
    large_particles: int = Field(ge=1, description="particles N of the runs with several steps")
    large_steps: tuple[float, ...] = Field(min_length=3, description="steps s, of which T is a multiple")
    large_streams: int = Field(ge=1, description="streams of data for every seed and step")
    # E3.4: convexity of displacement
    convex_counts: tuple[int, ...] = Field(min_length=2, description="bumps N on the interval")
    convex_widths: tuple[float, ...] = Field(min_length=2, description="their widths, of which the n-th goes with N_n")
    convex_until: float = Field(gt=0.0, allow_inf_nan=False, description="time of the paper at which runs end")
    convex_frames: int = Field(ge=4, description="times at which they are looked at, a multiple of two")
    convex_cells: int = Field(ge=10, description="cells of the limit, before refinement")
    convex_temperature: float = Field(default=0.1, gt=0.0, allow_inf_nan=False, description="noise of the noisy runs")
    convex_batch: int = Field(default=8, ge=1, description="fresh data of every step of the stochastic runs")
    convex_ball_counts: tuple[int, ...] = Field(min_length=2, description="bumps N in balls of one dimension on")
    convex_ball_widths: tuple[float, ...] = Field(min_length=2, description="their widths, one for each N")
    # E3.5: knots
    knot_sets: int = Field(ge=2, description="random sets of data whose knots are counted")
    knot_betas: tuple[float, ...] = Field(min_length=3, description="beta = 1 / T of their stationary laws, rising")
    knot_confinement: float = Field(
        default=0.02, gt=0.0, allow_inf_nan=False, description="lambda where it is constant"
    )
    noisy_count: int = Field(ge=2, description="particles N of noisy SGD beside its stationary law")
    noisy_rests: float = Field(ge=1.0, allow_inf_nan=False, description="relaxation times of the law before its mean")
    noisy_time: float = Field(gt=2.0, allow_inf_nan=False, description="time of its mean from then on; twice it online")
    noisy_step: float = Field(gt=0.0, allow_inf_nan=False, description="its step s")
    # E3.6, E3.7: pyramids, the smallest eigenvalue
    pyramid_draws: int = Field(ge=1, description="random pyramids on which the inequality is looked at")
    pyramid_steps: int = Field(ge=2, description="steps of gradient descent of each")
    pyramid_rows: tuple[int, ...] = Field(min_length=2, description="data N at which the widths needed are found")
    pyramid_until: int = Field(ge=2, description="steps of the runs whose decay is shown")
    eigen_draws: int = Field(ge=1, description="draws of data and network for every smallest eigenvalue")
    eigen_rows: tuple[int, ...] = Field(min_length=2, description="data N, with a wide layer of 8 N")
    eigen_dims: tuple[int, ...] = Field(min_length=2, description="inputs d, and units of the other layers, with those")
    eigen_multiples: tuple[int, ...] = Field(min_length=3, description="units of the wide layer over data N")
    eigen_fixed: int = Field(ge=4, description="data N with those")
    eigen_narrow: tuple[int, ...] = Field(min_length=2, description="units of a narrow layer below the wide one")

    @property
    def convex_balls(self) -> tuple[tuple[int, int, float], ...]:
        """Dimension, N and width of the bumps in balls."""
        pairs = zip(self.convex_ball_counts, self.convex_ball_widths, strict=True)
        return tuple((dim, count, width) for dim, (count, width) in enumerate(pairs, start=1))

    @property
    def about(self) -> str:
        """Seeds."""
        return "one seed" if self.seeds == 1 else f"{self.seeds} seeds"
