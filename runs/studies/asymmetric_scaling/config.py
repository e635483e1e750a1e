"""What the study is told: sizes, times and data; the three scales; the four node scalings."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from pydantic import Field

from particles import masses
from particles.shapes import Masses
from runs.config import StudyConfig, resolved_device
from runs.datasets import load
from runs.figures import COLOURS
from runs.options import SCALES
from runs.refusal import chosen

NAME = "asymmetric-scaling"


@dataclass(frozen=True)
class Setting:
    """One node scaling lambda_j = gamma/m + (1 - gamma) zipf_j(alpha) and how it is named and drawn."""

    name: str
    gamma: float
    alpha: float | None
    colour: str

    @property
    def label(self) -> str:
        """For legends: "γ = 0.5, α = 0.7"."""
        return f"γ = {self.gamma:g}" + ("" if self.alpha is None else f", α = {self.alpha:g}")

    def masses(self, count: int) -> Masses:
        """The masses [count]."""
        return masses.asymmetrical(count, self.gamma, self.alpha)


#: From equal masses (NTK scaling, lazy) to the most unequal ones.
SETTINGS = (
    Setting("gamma1.0", 1.0, None, COLOURS[0]),
    Setting("gamma0.5", 0.5, 0.7, COLOURS[1]),
    Setting("gamma0.2", 0.2, 0.5, COLOURS[2]),
    Setting("gamma0.0", 0.0, 0.4, COLOURS[3]),
)


class Config(StudyConfig):
    """The resolved configuration: with data and code it decides every number of the runs.

    rate: the published learning rate, for the mean of squares without the factor 1/2. Our risk has the factor, so one
    published step is one Euler step of length 2 * rate in our time.
    """

    count: int = Field(ge=1, description="particles, m")
    steps: int = Field(ge=1, description="gradient steps")
    rows: int = Field(ge=1, description="training rows used, the first ones of the split")
    rate: float = Field(default=1.0, gt=0.0, allow_inf_nan=False)
    variance: float = Field(default=1.0, gt=0.0, allow_inf_nan=False, description="of the initial hidden weights")
    dtype: Literal["float32", "float64"] = "float32"
    gram_points: int = Field(ge=1, description="training rows on which the tangent Gram matrix is formed")
    frames: int = Field(default=30, ge=2, description="clouds kept in a trajectory")
    records: int = Field(default=60, ge=2, description="times at which the observables are evaluated")

    @property
    def step(self) -> float:
        """Length of one Euler step in flow time."""
        return 2.0 * self.rate

    @property
    def until(self) -> float:
        """Flow time of the last step."""
        return self.steps * self.step

    @property
    def torch_dtype(self) -> torch.dtype:
        """The dtype the flow is computed in; observables are evaluated in float64."""
        return torch.float64 if self.dtype == "float64" else torch.float32


def configured(
    *, data: str, scale: str, device: str = "auto", seeds: int | None = None, out: Path | None = None
) -> Config:
    """The configuration of one scale on one data set; `seeds` and `out` have defaults of the scale."""
    chosen("scale", scale, SCALES)
    resolved_device(device)
    rows = load(data).train.count
    points = 100 if data == "simulated" else 50
    if scale == "smoke":
        rows, points = min(rows, 100), 20
        sizes = {"count": 400, "steps": 500, "frames": 12, "records": 30, "workers": 0}
    elif scale == "laptop":
        rows = min(rows, 400)
        sizes = {"count": 2000, "steps": min(15_000, 3_000_000 // rows)}
    else:
        sizes = {"count": 2000, "steps": 50_000 if data == "simulated" else 100_000}
    return Config.validated(
        data=data,
        scale=scale,
        device=device,
        seeds={"smoke": 1, "laptop": 3, "paper": 5}[scale] if seeds is None else seeds,
        out=Path("results") / f"{NAME}-{data}-{scale}" if out is None else out,
        rows=rows,
        gram_points=min(points, rows),
        **sizes,
    )
