"""What the study is told: sizes, times and data; the three scales; the four node scalings."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field

from particles import masses
from particles.shapes import Masses
from runs.datasets import load
from runs.figures.palette import COLOURS
from runs.study.configuration import Sizes, StudyConfig, by_scale

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
    Setting("gamma1.0", 1.0, None, COLOURS[3]),
    Setting("gamma0.5", 0.5, 0.7, COLOURS[2]),
    Setting("gamma0.2", 0.2, 0.5, COLOURS[1]),
    Setting("gamma0.0", 0.0, 0.4, COLOURS[0]),
)


#: Numbers of features that are transferred, as published.
TRANSFERRED = tuple(range(10, 101, 10))
#: Where a data set has other sizes than the tables of E0.2, as published and on a laptop.
OTHERS: dict[tuple[str, str], dict[str, Any]] = {
    ("paper", "simulated"): {"steps": 50_000},
    ("paper", "mnist"): {"steps": 200_000, "transfer_units": 128, "transfer_steps": 10_000},
    ("laptop", "mnist"): {"steps": 20_000, "transfer_units": 128},
}
#: Training rows used at most.
MOST_ROWS = {"smoke": 100, "laptop": 400}


class Config(StudyConfig):
    """The resolved configuration: with data and code it decides every number of the runs.

    rate: the published learning rate, for the mean of squares over rows and outputs, without the factor 1/2. Our risk
    is half the mean over rows of |f - y|^2, so one published step is one Euler step of length 2 * rate / outputs in
    our time.
    """

    sizes: ClassVar[Sizes] = by_scale(
        seeds=(1, 3, 5),
        integrator=("descent", "adaptive", "adaptive"),
        count=(400, 2000, 2000),
        steps=(500, 15_000, 100_000),
        frames=(12, None, None),
        records=(30, None, None),
        gram_points=(20, 50, 50),
        transfer_counts=((10, 50), (10, 30, 100), None),
        transfer_steps=(100, None, None),
        clouds=(20, None, None),
        widths=((50, 100), None, None),
        width_steps=(100, None, None),
        workers=(0, None, None),
    )
    switches: ClassVar[Sizes] = {"code_conventions": {"shifted_masses": True, "variance": 2.0}}

    integrator: Literal["adaptive", "descent"] = Field(default="descent", description="to a tolerance, or step by step")
    rtol: float = Field(default=1e-3, gt=0.0, lt=1.0, description="tolerance of the adaptive integrator")
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

    clouds: int = Field(default=400, ge=2, description="clouds of which the variance of the kernel is taken")
    widths: tuple[int, ...] = Field(
        default=(250, 500, 1000, 2000, 4000), min_length=2, description="particles of the networks that are compared"
    )
    width_steps: int = Field(default=4000, ge=1, description="their gradient steps")

    @classmethod
    def fitted(cls, data: str, scale: str, sizes: dict[str, Any]) -> dict[str, Any]:
        """No more rows than there are; on a laptop fewer steps on more rows, and more rows of digits."""
        train = load(data).train
        most = 1000 if (scale, data) == ("laptop", "mnist") else MOST_ROWS.get(scale, train.count)
        sizes["rows"] = min(train.count, most)
        if scale == "laptop":
            sizes["steps"] = min(sizes["steps"], 3_000_000 // sizes["rows"])
        if data == "simulated" and scale != "smoke":
            sizes["gram_points"] = 100
        sizes["gram_points"] = min(sizes["gram_points"], sizes["rows"])
        return {**sizes, "outputs": train.outputs, **OTHERS.get((scale, data), {})}

    @property
    def about(self) -> str:
        """Data and sizes."""
        outputs = f", k = {self.outputs}" if self.classifies else ""
        return f"{self.data}, m = {self.count}, n = {self.rows}{outputs}, {self.steps:,} gradient steps"

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
