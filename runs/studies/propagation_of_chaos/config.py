"""What the study is told: counts, repetitions, times and data; the three scales; the three flows."""

from typing import ClassVar

from pydantic import Field

from runs.study.configuration import Sizes, StudyConfig, by_scale

#: The flows by name, with the words of figure and table.
FLOWS = {"gradient": "gradient flow, mean field", "langevin": "Langevin flow, mean field", "ntk": "NTK flow"}
#: The figure of all experiments.
FIGURE = "chaos.png"


def doubled(least: int, most: int) -> tuple[int, ...]:
    """The least count, twice that, and so on to the most."""
    return tuple(least * 2**power for power in range((most // least).bit_length()))


class Config(StudyConfig):
    """The resolved configuration; `seeds` is how many independent clouds of each count are made."""

    sizes: ClassVar[Sizes] = by_scale(
        seeds=(6, 60, 400),
        counts=(doubled(8, 32), doubled(64, 4096), doubled(64, 8192)),
        distance_counts=(doubled(8, 16), doubled(64, 1024), doubled(64, 4096)),
        distance_seeds=(3, 12, 8),
        limit_count=(64, 2048, 8192),
        times=((0.2, 0.4), (1.0, 5.0), (1.0, 5.0)),
        rows=(20, 40, 100),
        workers=(0, None, None),
    )

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

    @property
    def about(self) -> str:
        """Data, inputs, rows."""
        return f"{self.data}, {self.inputs} inputs, n = {self.rows}"


def moment(flow: str, time: float) -> str:
    """The curve of one flow at one time."""
    return f"{flow}, t = {time:g}"
