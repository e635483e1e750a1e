"""Rows of estimates that one makes up, and the configurations of scales."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from limits import Drawn
from runs.studies.infinite_width.config import Config
from runs.studies.infinite_width.estimated import CONVERGED, LIMIT
from runs.studies.infinite_width.question import Question
from runs.studies.infinite_width.study import STUDY
from runs.study.table import Row, Table


def scaled(scale: str = "smoke") -> Config:
    """A scale of the study."""
    config = STUDY.configured(scale=scale, device="cpu")
    assert isinstance(config, Config)
    return config


def estimates(experiment: str, found: Mapping[str, tuple[float, float]], converged: bool = True) -> Table:
    """A table of limits with standard errors by their curves, all of whose estimates say the same of themselves."""
    limits = [Row(experiment, LIMIT, name, 0, 64.0, *numbers) for name, numbers in found.items()]
    questions = {name.partition(": ")[0] for name in found}
    verdicts = [Row(experiment, CONVERGED, question, 0, 64.0, float(converged)) for question in questions]
    return Table((*limits, *verdicts))


def known(experiment: str, exact: Mapping[str, float]) -> Table:
    """A table of what is known."""
    return Table(tuple(Row(experiment, LIMIT, name, None, 0.0, value) for name, value in exact.items()))


@dataclass(frozen=True, eq=False)
class Clouds:
    """Means of a question's quantities over clouds of a width, and their standard errors."""

    names: tuple[str, ...]
    means: Tensor
    errors: Tensor

    @classmethod
    def of(cls, question: Question, width: int = 256, clouds: int = 16) -> "Clouds":
        """Clouds of the first seeds."""
        found = question.measured([Drawn(question.draw(width, seed), seed) for seed in range(clouds)])
        return cls(question.names, found.mean(dim=0), found.std(dim=0) / clouds**0.5)

    def scores(self, exact: Mapping[str, float]) -> dict[str, float]:
        """How many standard errors each mean is from a number, without sign."""
        away = (self.means - self.means.new_tensor([exact[name] for name in self.names])).abs() / self.errors
        return dict(zip(self.names, away.tolist(), strict=True))
