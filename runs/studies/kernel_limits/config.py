"""What the study is told: sizes and times, the three scales, the masses and scalings that are compared."""

from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import Field

from particles import NTK, Lazy, MeanField, masses
from particles.risk.scaling import Scaling
from particles.shapes import Masses
from runs.datasets import load
from runs.figures.palette import COLOURS
from runs.study.configuration import Sizes, StudyConfig, by_scale


@dataclass(frozen=True)
class Setting:
    """Masses gamma/m + (1 - gamma) zipf_j(alpha) and a scaling, and how both are named and drawn."""

    name: str
    label: str
    colour: str
    gamma: float = 1.0
    alpha: float | None = None
    scaling: Scaling = NTK()

    def masses(self, count: int) -> Masses:
        """The masses [count]."""
        return masses.asymmetrical(count, self.gamma, self.alpha)


#: Masses whose kernels are compared with their limits, from equal ones (NTK limit) to the most unequal ones.
KERNELS = (
    Setting("gamma1.0", "γ = 1", COLOURS[3]),
    Setting("gamma0.5", "γ = 0.5, α = 0.7", COLOURS[2], 0.5, 0.7),
    Setting("gamma0.2", "γ = 0.2, α = 0.5", COLOURS[1], 0.2, 0.5),
    Setting("gamma0.0", "γ = 0, α = 0.4", COLOURS[0], 0.0, 0.4),
)
#: Networks whose training is compared with their kernel flow.
NETWORKS = (
    Setting("ntk", "NTK, equal masses", COLOURS[3]),
    Setting("asymmetrical", "NTK, γ = 0.5, α = 0.7", COLOURS[2], 0.5, 0.7),
    Setting("mean-field", "mean field", COLOURS[0], scaling=MeanField()),
    Setting("lazy", "lazy, scale 10", COLOURS[1], scaling=Lazy(scale=10.0)),
)
#: The figure of all experiments.
FIGURE = "limits.png"


class Config(StudyConfig):
    """The resolved configuration: with data and code it decides every number."""

    sizes: ClassVar[Sizes] = by_scale(
        seeds=(2, 5, 10),
        rows=(10, 40, 100),
        widths=((16, 64), (64, 256, 1024, 4096), (64, 256, 1024, 4096, 16384)),
        until=(5.0, 100.0, 1000.0),
        frames=(4, 12, 20),
        clouds=(10, 50, 100),
        workers=(0, None, None),
    )

    rows: int = Field(ge=2, description="training rows used, and test rows, the first ones of the split")
    widths: tuple[int, ...] = Field(min_length=2, description="particles, m")
    until: float = Field(gt=0.0, allow_inf_nan=False, description="flow time at which training ends")
    step: float = Field(default=0.5, gt=0.0, allow_inf_nan=False, description="length of a Runge-Kutta step")
    frames: int = Field(ge=2, description="times at which the gap is taken")
    clouds: int = Field(ge=2, description="clouds drawn per seed, width and mass setting, and per alpha")

    @classmethod
    def fitted(cls, data: str, scale: str, sizes: dict[str, Any]) -> dict[str, Any]:
        """No more rows than there are."""
        split = load(data)
        return {**sizes, "rows": min(sizes["rows"], split.train.count, split.test.count)}

    @property
    def about(self) -> str:
        """Data, rows, seeds."""
        return f"{self.data}, n = {self.rows}, {'one seed' if self.seeds == 1 else f'{self.seeds} seeds'}"
