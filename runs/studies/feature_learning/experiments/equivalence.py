"""The same network in several parameterisations: are their trajectories one?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor

from flows import Euler, GradientFlow, evolve
from limits.theorems import Result, Statement, from_above
from particles import Dataset, GaussianLaw, MeanField, ParticleCloud, ReLU, Risk, masses
from runs.batch.jobs import Report
from runs.studies.feature_learning.config import WEI_INPUTS, Config
from runs.studies.feature_learning.data import wei
from runs.studies.feature_learning.networks import frozen, perceptron, risk_of
from runs.studies.feature_learning.parameterisations import MaximalUpdate, Undivided, torch_outputs
from runs.study.experiment import Case, Experiment
from runs.study.table import Row, Table

#: The largest gap of two trajectories of outputs of order one that counts as none.
EQUAL = 1e-10
#: Rows that are trained on.
ROWS = 40
#: What is compared with ours, and where the paper says so.
OTHERS = {
    "maximal update": ("particles in maximal-update parameterisation, w ~ N(0, 1/m), rate 1", "appendix C"),
    "its torch": ("torch.optim.SGD on the weights of maximal update", "appendix C"),
    "Xavier": ("torch.optim.SGD on h = m^(-1/2) W . sigma with rate m", "appendix B"),
    "MF": ("table 1's MF, h = W . sigma / m with rate m^2, as mean field with w ~ N(0, I/m)", "table 1"),
}


@dataclass(frozen=True)
class Equivalence(Experiment):
    """The largest gap of outputs at test inputs, over all gradient steps, of two networks that should be one.

    Three layers of which the middle one is trained, D = m, ReLU, on the data of Wei et al., in float64.
    """

    name = "E1.5"
    title = "Parameterisations"
    figure = "appendices B and C"
    words: ClassVar[Mapping[str, str]] = {
        "gap": "largest gap of f",
        "moved": "how far f moves",
        **{name: name for name in OTHERS},
    }

    def about(self, config: Config) -> str:
        """Sizes."""
        return f"m = D = {config.equal_count}, n = {ROWS}, {config.equal_steps} gradient steps, {config.about}"

    def cases(self, config: Config) -> list[Case]:
        """One a seed."""
        return [Case(f"seed{seed}", seed, len(OTHERS)) for seed in range(config.seeds)]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """Ours and each of the others."""
        count, steps = config.equal_count, config.equal_steps
        train, test = wei(ROWS, WEI_INPUTS, case.seed)
        embedding, equal = frozen(ReLU(), WEI_INPUTS, count, 1, case.seed), masses.uniform(count)
        ours = risk_of(ReLU(), embedding, MeanField(), train)
        start = GaussianLaw(perceptron(ours)).sample(masses=equal, seed=case.seed)
        small = GaussianLaw(perceptron(ours), variance=1.0 / count).sample(masses=equal, seed=case.seed)
        reference = outputs(ours, start, steps, test)
        other = risk_of(ReLU(), Undivided(embedding), MaximalUpdate(), train)
        x = test.inputs
        pairs = {
            "maximal update": (outputs(other, small, steps, test), reference),
            "its torch": (torch_outputs(ours, start, (0.0, -0.5), 1.0, steps, x), reference),
            "Xavier": (torch_outputs(ours, start, (0.5, 0.0), float(count), steps, x), reference),
        }
        mean_field = torch_outputs(ours, small, (1.0, 0.5), float(count) ** 2, steps, x)
        pairs["MF"] = mean_field, outputs(ours, small, steps, test)
        for curve, (found, expected) in pairs.items():
            gap, moved = (found - expected).abs().max(), (expected[-1] - expected[0]).abs().max()
            yield Row(self.name, "gap", curve, case.seed, float(count), float(gap))
            yield Row(self.name, "moved", curve, case.seed, float(count), float(moved))

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """No gap, where the outputs move."""
        for curve, (words, where) in OTHERS.items():
            statement = Statement(f"{words}: the trajectory is that of ours", f"Chen et al. 2022, {where}")
            gaps = torch.from_numpy(table.at(self.name, "gap", curve).last)
            yield from_above(statement, (), torch.tensor(EQUAL, dtype=torch.float64), gaps)


def outputs(risk: Risk, start: ParticleCloud, steps: int, test: Dataset) -> Tensor:
    """f at test inputs [steps, data] of gradient descent with steps of length one."""
    found: list[Tensor] = []

    def look(step: int, time: float, cloud: ParticleCloud) -> None:
        found.append(risk.predictions(cloud, test.inputs)[:, 0])

    evolve(GradientFlow(risk), start, Euler(1.0), until=float(steps), observers=[look])
    return torch.stack(found)
