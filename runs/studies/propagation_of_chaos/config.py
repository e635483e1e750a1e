"""What the study is told: counts, repetitions, times and data; the three scales; the three flows."""

from pathlib import Path

from pydantic import Field

from runs.study.configuration import StudyConfig, resolved_device
from runs.system.options import SCALES
from runs.system.refusal import chosen

NAME = "propagation-of-chaos"

#: The flows by name, with the words of figure and table.
FLOWS = {"gradient": "gradient flow, mean field", "langevin": "Langevin flow, mean field", "ntk": "NTK flow"}


class Config(StudyConfig):
    """The resolved configuration; `seeds` is how many independent clouds of each count are made."""

    counts: tuple[int, ...] = Field(min_length=2, description="particles of the clouds whose observables are recorded")
    distance_counts: tuple[int, ...] = Field(min_length=2, description="particles of those that are compared by W_2")
    distance_seeds: int = Field(ge=2, description="clouds of each count that are compared by W_2")
    limit_count: int = Field(
        ge=2, description="particles of the clouds that stand for the limit, one more than distance_seeds"
    )
    times: tuple[float, ...] = Field(min_length=1, description="flow times at which clouds are looked at, rising")
    step: float = Field(default=0.1, gt=0.0, description="length of every integrator's step")
    rows: int = Field(ge=1, description="training rows used, the first ones of the split")
    inputs: int = Field(default=2, ge=1, description="input columns used, the first ones: W_2 needs few dimensions")
    temperature: float = Field(default=0.1, ge=0.0, description="of the Langevin flow")
    confinement: float = Field(default=0.5, ge=0.0, description="of the Langevin flow")


#: Sizes of each scale.
SIZES = {
    "smoke": {
        "counts": (8, 16, 32),
        "distance_counts": (8, 16),
        "distance_seeds": 3,
        "limit_count": 64,
        "times": (0.2, 0.4),
        "rows": 20,
        "workers": 0,
    },
    "laptop": {
        "counts": (64, 128, 256, 512, 1024, 2048, 4096),
        "distance_counts": (64, 128, 256, 512, 1024),
        "distance_seeds": 12,
        "limit_count": 2048,
        "times": (1.0, 5.0),
        "rows": 40,
    },
    "paper": {
        "counts": (64, 128, 256, 512, 1024, 2048, 4096, 8192),
        "distance_counts": (64, 128, 256, 512, 1024, 2048, 4096),
        "distance_seeds": 8,
        "limit_count": 8192,
        "times": (1.0, 5.0),
        "rows": 100,
    },
}
SEEDS = {"smoke": 6, "laptop": 60, "paper": 400}


def configured(
    *, data: str, scale: str, device: str = "auto", seeds: int | None = None, out: Path | None = None
) -> Config:
    """The configuration of one scale on one data set; `seeds` and `out` have defaults of the scale."""
    chosen("scale", scale, SCALES)
    resolved_device(device)
    return Config.validated(
        data=data,
        scale=scale,
        device=device,
        seeds=SEEDS[scale] if seeds is None else seeds,
        out=Path("results") / f"{NAME}-{data}-{scale}" if out is None else out,
        **SIZES[scale],
    )
