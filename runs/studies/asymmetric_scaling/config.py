"""What the study is told: sizes, times and data; the three scales; the four node scalings."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import Field

from particles import masses
from particles.shapes import Masses
from runs.datasets import load
from runs.figures.figures import COLOURS
from runs.study.configuration import StudyConfig, resolved_device
from runs.system.options import SCALES
from runs.system.refusal import chosen

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

    def masses(self, count: int, shifted: bool = False) -> Masses:
        """The masses [count]; shifted as in the published code, where the first particle has no Zipf mass.

        The code evaluates zipf at 0, ..., m - 1, and it is zero at 0: the second particle is the heaviest.
        """
        if not shifted or self.alpha is None:
            return masses.asymmetrical(count, self.gamma, self.alpha)
        zipf = torch.cat([torch.zeros(1, dtype=torch.float64), masses.zipf(count - 1, self.alpha)])
        return self.gamma * masses.uniform(count) + (1.0 - self.gamma) * zipf


#: From equal masses (NTK scaling, lazy) to the most unequal ones.
SETTINGS = (
    Setting("gamma1.0", 1.0, None, COLOURS[0]),
    Setting("gamma0.5", 0.5, 0.7, COLOURS[1]),
    Setting("gamma0.2", 0.2, 0.5, COLOURS[2]),
    Setting("gamma0.0", 0.0, 0.4, COLOURS[3]),
)


#: How the gradient flow is computed: to a tolerance, or step by step as published.
INTEGRATORS = ("adaptive", "descent")
#: Numbers of features that are transferred, as published.
TRANSFERRED = tuple(range(10, 101, 10))
#: Where a data set has other sizes than the tables of E0.2, as published and on a laptop.
PUBLISHED: dict[str, dict[str, Any]] = {
    "simulated": {"steps": 50_000},
    "mnist": {"steps": 200_000, "transfer_units": 128, "transfer_steps": 10_000},
}
LAPTOP: dict[str, dict[str, Any]] = {"mnist": {"steps": 20_000, "transfer_units": 128}}


class Config(StudyConfig):
    """The resolved configuration: with data and code it decides every number of the runs.

    rate: the published learning rate, for the mean of squares over rows and outputs, without the factor 1/2. Our risk
    is half the mean over rows of |f - y|^2, so one published step is one Euler step of length 2 * rate / outputs in
    our time.
    """

    integrator: Literal["adaptive", "descent"] = "descent"
    rtol: float = Field(default=2e-3, gt=0.0, lt=1.0, description="tolerance of the adaptive integrator")
    atol: float = Field(default=1e-7, ge=0.0, lt=1.0, description="the same per coordinate: what float32 rounds to")
    count: int = Field(ge=2, description="particles, m")
    steps: int = Field(ge=1, description="gradient steps")
    rows: int = Field(ge=1, description="training rows used, the first ones of the split")
    outputs: int = Field(default=1, ge=1, description="outputs of the network, k; with several it classifies")
    rate: float = Field(default=1.0, gt=0.0, allow_inf_nan=False)
    variance: float = Field(default=1.0, gt=0.0, allow_inf_nan=False, description="of the initial hidden weights")
    shifted_masses: bool = Field(default=False, description="Zipf masses from 0 to m - 1, as in the published code")
    dtype: Literal["float32", "float64"] = "float32"
    gram_points: int = Field(ge=1, description="training rows on which the tangent Gram matrix is formed")
    frames: int = Field(default=30, ge=2, description="clouds kept in a trajectory")
    records: int = Field(default=60, ge=2, description="times at which the observables are evaluated")
    transfer_counts: tuple[int, ...] = Field(default=TRANSFERRED, description="numbers of features transferred")
    transfer_units: int = Field(default=64, ge=1, description="hidden units of the network that learns from them")
    transfer_steps: int = Field(default=5000, ge=1, description="its gradient steps")

    @property
    def classifies(self) -> bool:
        """Whether targets are one-hot, so that there is an accuracy."""
        return self.outputs > 1

    @property
    def step(self) -> float:
        """Length of one gradient step in flow time."""
        return 2.0 * self.rate / self.outputs

    @property
    def until(self) -> float:
        """Flow time of the last step."""
        return self.steps * self.step

    @property
    def torch_dtype(self) -> torch.dtype:
        """The dtype the flow is computed in; observables are evaluated in float64."""
        return torch.float64 if self.dtype == "float64" else torch.float32


def configured(
    *,
    data: str,
    scale: str,
    device: str = "auto",
    seeds: int | None = None,
    out: Path | None = None,
    integrator: str | None = None,
    code_conventions: bool = False,
) -> Config:
    """The configuration of one scale on one data set; `seeds`, `out` and `integrator` have defaults of the scale.

    code_conventions: the masses are shifted by one and the initial weights have variance 2, as in the published code.
    """
    chosen("scale", scale, SCALES)
    if integrator is None:
        integrator = "descent" if scale == "smoke" else "adaptive"
    resolved_device(device)
    train = load(data).train
    rows, points = train.count, 100 if data == "simulated" else 50
    sizes: dict[str, Any]
    if scale == "smoke":
        rows, points = min(rows, 100), 20
        sizes = {"count": 400, "steps": 500, "frames": 12, "records": 30, "workers": 0}
        sizes |= {"transfer_counts": (10, 50), "transfer_steps": 100}
    elif scale == "laptop":
        rows = min(rows, 1000 if data == "mnist" else 400)
        sizes = {"count": 2000, "steps": min(15_000, 3_000_000 // rows), "transfer_counts": (10, 30, 100)}
        sizes |= LAPTOP.get(data, {})
    else:
        sizes = {"count": 2000, "steps": 100_000} | PUBLISHED.get(data, {})
    return Config.validated(
        data=data,
        scale=scale,
        device=device,
        seeds={"smoke": 1, "laptop": 3, "paper": 5}[scale] if seeds is None else seeds,
        out=Path("results") / f"{NAME}-{data}-{scale}" if out is None else out,
        rows=rows,
        outputs=train.outputs,
        gram_points=min(points, rows),
        integrator=chosen("integrator", integrator, INTEGRATORS),
        variance=2.0 if code_conventions else 1.0,
        shifted_masses=code_conventions,
        **sizes,
    )
