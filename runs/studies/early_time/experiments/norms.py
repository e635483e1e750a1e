"""Figure 2: a target that depends on |x| alone needs the feature that depends on |x|."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor

from flows import GradientFlow
from limits.theorems import Result, Statement, from_below
from particles import ReLU
from runs.batch.jobs import Report
from runs.figures.palette import COLOURS
from runs.studies.early_time.config import Config
from runs.studies.early_time.problem import Data, Start, descent, frames, loss
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Row, Table

#: Time at which training ends, and between which times the models are judged.
UNTIL, FROM = 600.0, 30.0
#: How many times the loss without the feature exceeds that of the model, and that of the network.
OVER_MODEL, OVER_NETWORK = 10.0, 5.0
MODELS = ("network", "model", "naive model")


@dataclass(frozen=True)
class Norms(Experiment):
    """(1/2n) sum (f - y)^2 at test inputs for y = |x| / sqrt d: ReLU network, psi, and psi with theta1 = theta2 = 0."""

    name = "E2.2"
    title = "The norm-dependent feature"
    figure = "Fig. 2"
    words: ClassVar[Mapping[str, str]] = {"test loss": "test loss at the end", **{name: name for name in MODELS}}

    def about(self, config: Config) -> str:
        """For titles."""
        return f"ReLU, d = {config.norm_dim}, m = {config.norm_width}, n = {config.norm_rows}, one seed"

    def cases(self, config: Config) -> Sequence[Case]:
        """One, of the first seed."""
        return [Case("seed0")]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """At log-spaced steps."""
        data = Data.of_norms(config.norm_dim, config.norm_rows, config.test_rows, case.seed)
        start = Start.of(ReLU(), "both", config.norm_width, data.train, case.seed)
        run = frames(GradientFlow(start.risk), start.single, config.norm_step, round(UNTIL / config.norm_step))
        times = [time for time, _ in run]
        outputs: dict[str, Sequence[Tensor] | Tensor] = {
            "network": [start.risk.predictions(cloud, data.test.inputs.float()) for _, cloud in run],
            "model": descent(start.model, data.train, config.norm_step).predictions(times, data.test.inputs),
            "naive model": descent(start.naive(), data.train, config.norm_step).predictions(times, data.test.inputs),
        }
        for curve, found in outputs.items():
            for time, one in zip(times, found, strict=True):
                yield Row(self.name, "test loss", curve, case.seed, time, loss(one, data.test))

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """Without the feature the loss is many times as large, from t = 30 on."""
        curves = {name: table.at(self.name, "test loss", name) for name in MODELS}
        late = curves["network"].x >= FROM
        naive = torch.from_numpy(curves["naive model"].values[late])
        for name, factor in (("model", OVER_MODEL), ("network", OVER_NETWORK)):
            said = (
                f"the test loss without the feature of |x| is {factor:g} times that of the {name}, from t = {FROM:g} on"
            )
            statement = Statement(said, "Hu et al. 2020, figure 2", proven=False)
            ratio = naive / torch.from_numpy(curves[name].values[late])
            yield from_below(statement, (), factor, ratio)

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Against time."""
        kinds = ("line", "dashed", "dashed")
        lines = tuple(
            Line.of(name, colour, table.at(self.name, "test loss", name), kind)  # type: ignore[arg-type]
            for name, colour, kind in zip(MODELS, (COLOURS[0], COLOURS[3], COLOURS[1]), kinds, strict=True)
        )
        return [Panel("norms.png", "Test loss, y = |x| / √d", "time (steps times η)", lines)]
