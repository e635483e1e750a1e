"""The same network in several parameterisations: are their trajectories one?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor

from flows import Euler, GradientFlow, evolve
from limits.theorems import Result, Statement, from_above
from particles import (
    Dataset,
    Deep,
    DeepLaw,
    Dense,
    GaussianLaw,
    Identity,
    MeanField,
    ParticleCloud,
    RandomFeatures,
    ReLU,
    Risk,
    Squared,
    masses,
)
from runs.batch.jobs import Report
from runs.studies.feature_learning.config import WEI_INPUTS, Config
from runs.studies.feature_learning.data import wei
from runs.studies.feature_learning.networks import perceptron, risk_of
from runs.studies.feature_learning.parameterisations import MaximalUpdate, Undivided, torch_outputs
from runs.study.experiment import Case, Experiment
from runs.study.table import Row, Table

#: The largest gap of two trajectories of outputs of order one that counts as none.
EQUAL = 1e-10
SOURCE = "Chen, Vanden-Eijnden and Bruna 2022"
#: Rows that are trained on, and the length of steps where all layers are trained.
ROWS, FULL = 40, 0.25
#: What is compared with ours, and where the paper says so.
OTHERS = {
    "muP": ("particles in maximal-update parameterisation, w ~ N(0, 1/m), rate 1", "appendix C"),
    "muP, torch": ("torch.optim.SGD on the weights of maximal update", "appendix C"),
    "Xavier": ("torch.optim.SGD on h = m^(-1/2) W . sigma with rate m", "appendix B"),
    "one layer": ("Deep in mean-field parameterisation, of which the middle layer is trained", "appendix C"),
    "all layers": ("Deep with all layers trained, maximal-update against mean-field", "appendix C"),
    "MF": ("table 1's MF, h = W . sigma / m with rate m^2, as mean field with w ~ N(0, I/m)", "table 1"),
}


@dataclass(frozen=True)
class Equivalence(Experiment):
    """The largest gap of outputs at test inputs, over all gradient steps, of two networks that should be one.

    Three layers, of which the middle one or all are trained, D = m, ReLU, on the data of Wei et al., in float64.
    """

    name = "E1.5"
    title = "Parameterisations"
    figure = "appendices B and C"
    words: ClassVar[Mapping[str, str]] = {
        "gap": "gap of f",
        "moved": "f moves by",
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
        embedding, equal = RandomFeatures(Identity(WEI_INPUTS), ReLU(), count, case.seed), masses.uniform(count)
        ours = risk_of(ReLU(), embedding, MeanField(), train)
        start = GaussianLaw(perceptron(ours)).sample(masses=equal, seed=case.seed)
        small = GaussianLaw(perceptron(ours), variance=1.0 / count).sample(masses=equal, seed=case.seed)
        reference = outputs(ours, start, steps, test)
        other = risk_of(ReLU(), Undivided(embedding), MaximalUpdate(), train)
        x = test.inputs
        pairs = {
            "muP": (outputs(other, small, steps, test), reference),
            "muP, torch": (torch_outputs(ours, start, (0.0, -0.5), 1.0, steps, x), reference),
            "Xavier": (torch_outputs(ours, start, (0.5, 0.0), float(count), steps, x), reference),
        }
        deep = deep_network(count, "mean-field", "layer2")
        pairs["one layer"] = outputs(whole(deep, train), as_one(start, embedding), steps, test), reference
        both = [deep_network(count, name, "all") for name in ("mean-field", "maximal-update")]
        full = [outputs(whole(one, train), DeepLaw(one).sample(seed=case.seed), steps, test, FULL) for one in both]
        pairs["all layers"] = full[1], full[0]
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
            yield from_above(statement, (), EQUAL, gaps)


def deep_network(count: int, parameterisation: str, trained: str) -> Deep:
    """Three layers, the hidden ones of this width, as one particle."""
    return Deep(WEI_INPUTS, (Dense(count), Dense(count), Dense(1)), ReLU(), parameterisation, trained)


def whole(deep: Deep, data: Dataset) -> Risk:
    """The risk of a deep network, trained as its parameterisation says."""
    return Risk(deep, MeanField(), Squared(), data)


def as_one(cloud: ParticleCloud, embedding: RandomFeatures) -> ParticleCloud:
    """A cloud on random features as a deep network: the layers of the one particle one after the other."""
    hidden = embedding.count
    layers = embedding.weights, cloud.positions[:, :hidden], cloud.positions[:, hidden:]
    return ParticleCloud(torch.cat([layer.flatten() for layer in layers])[None])


def outputs(risk: Risk, start: ParticleCloud, steps: int, test: Dataset, length: float = 1.0) -> Tensor:
    """f at test inputs [steps, data] of gradient descent with steps of this length."""
    found: list[Tensor] = []

    def look(step: int, time: float, cloud: ParticleCloud) -> None:
        found.append(risk.predictions(cloud, test.inputs)[:, 0])

    evolve(GradientFlow(risk), start, Euler(length), until=steps * length, observers=[look])
    return torch.stack(found)
