"""Figures 9 and 10: features drawn from laws that were fitted to features of trained networks, against random ones.

Many small networks are trained; a kernel density and a variational autoencoder are fitted to all their theta. Then m
features are drawn from a law and stand still, and f is trained that is linear in them: in their outputs, f = sum_j u_j
h(theta_j . x), or in tangent space, f = sum_j u_j h'(theta_j . x) v_j . x with random u_j.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor

from flows import Adam, Epochs, LinearisedFlow, Minibatches
from limits.theorems import Result, Statement, as_published, from_below
from particles import (
    AutoencoderLaw,
    GaussianLaw,
    KernelDensityLaw,
    Law,
    ParticleCloud,
    Perceptron,
    Plain,
    Tanh,
    resample,
)
from particles.shapes import Positions
from runs.batch.jobs import Report
from runs.figures.image_rows import draw_image_rows
from runs.figures.palette import MOST_COLOURS
from runs.studies.one_axis.config import Config
from runs.studies.one_axis.reuse import Look, Reuse
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Row, Table

#: Learning rate of the networks, and the paper's of u for its number of epochs, whatever the number of images is.
RATE, SLOW = 1e-3, 1e-4
#: The rate in tangent space as a part of that of u.
IN_TANGENTS = 0.1
RANDOM, SMALL, PARTICLES, DENSITY, CODED = LAWS = (
    "random",
    "small random",
    "particles",
    "kernel density",
    "autoencoder",
)
#: Those that are tried in tangent space, and the random one with the linear pre-activation in place of h'.
TANGENT, SLIP = (RANDOM, DENSITY, CODED), "random, as the code"
#: Of random and of generated features: outputs, and tangents; how near counts as the same, and how far ahead as ahead.
PUBLISHED = {"frozen": (0.9468, 0.9762), "tangent": (0.9533, 0.9807)}
READING, AHEAD = 0.02, 0.015
#: Times at which training is looked at, and images of features in a row.
LOOKS, SHOWN = 10, 12
#: The first seed of draws, and the file of the images.
DRAWS, PICTURES = 1000, "regrown_features.png"
SOURCE = "Fang, Dong and Zhang 2020, figures 9 and 10"


@dataclass(frozen=True)
class Squares:
    """z^2 / 2, whose derivative is z: the tangents have the pre-activation where h' should be."""

    homogeneous: ClassVar[bool] = False
    lipschitz: ClassVar[float] = math.inf
    bounded: ClassVar[bool] = False
    smooth: ClassVar[bool] = True

    def value(self, z: Tensor) -> Tensor:
        """z^2 / 2."""
        return 0.5 * z.square()

    def derivative(self, z: Tensor, value: Tensor | None = None) -> Tensor:
        """z."""
        return z


@dataclass(frozen=True)
class Repopulation(Experiment):
    """Test accuracy with features from several laws, which stand still, and with their tangents."""

    name = "E4.6"
    title = "Repopulated features"
    figure = "Figs. 9 and 10"
    words: ClassVar[Mapping[str, str]] = {
        "frozen": "accuracy",
        "slow": "accuracy, rate 1e-4",
        "tangent": "accuracy of tangents",
        "tangent loss": "their training loss",
        **dict(zip((*LAWS, SLIP), ("random", "small", "particles", "density", "coded", "slip"), strict=True)),
    }

    def about(self, config: Config) -> str:
        """For titles."""
        nets = f"{config.trained_nets} networks of {config.trained_width}"
        return f"{config.images}, m = {config.regrown_count}, from {nets}"

    def cases(self, config: Config) -> Sequence[Case]:
        """One: the laws are fitted once."""
        return [Case("laws", size=4)]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """Networks, laws, accuracies, and images of features."""
        reuse = Reuse.of(config, config.regrown_pool)
        starts = [reuse.start(config.trained_width, seed) for seed in range(config.trained_nets)]
        nets = reuse.descended(reuse.risk(), starts, Adam(RATE), config.trained_steps, seed=0)
        yield Row(self.name, "networks", "trained", 0, 0.0, float(reuse.accuracies(reuse.risk(), nets).mean()))
        report(1)
        laws = laws_of(nets, reuse, config)
        report(2)
        _pictures(reuse, {law: self._cloud(reuse, own, SHOWN, 0) for law, own in laws.items() if law != SMALL}, folder)
        for law, own in laws.items():
            for draw in range(config.regrown_draws):
                theta = self._cloud(reuse, own, config.regrown_count, draw).positions[:, : reuse.inputs]
                yield from self._frozen(reuse, config, law, theta, draw)
        report(3)
        for law in (*TANGENT, SLIP):
            cloud = self._cloud(reuse, laws[RANDOM if law == SLIP else law], config.tangent_count, 0)
            yield from self._tangent(reuse, config, law, cloud)

    def _cloud(self, reuse: Reuse, law: Law, count: int, draw: int) -> ParticleCloud:
        """So many particles with theta from a law, and u of a start."""
        start, neuron = reuse.start(count, draw), reuse.risk().neuron
        return resample(start, law, neuron=neuron, groups="hidden", seed=DRAWS + draw)

    def _frozen(self, reuse: Reuse, config: Config, law: str, theta: Positions, draw: int) -> Iterator[Row]:
        """Accuracy of f that is linear in the features: along training, at the end, and with the slow rate."""
        seen = reuse.through(theta)
        along: dict[int, float] = {}
        looks = {round(config.regrown_steps ** (place / LOOKS)) for place in range(LOOKS + 1)}

        def look(step: int, clouds: list[ParticleCloud]) -> None:
            if step in looks:
                along[step] = float(seen.accuracies(seen.linear, clouds)[0])

        ways: list[tuple[str, float, Look | None]] = [("frozen", config.regrown_rate, look), ("slow", SLOW, None)]
        for quantity, rate, watch in ways[: 1 if draw else 2]:
            end = seen.descended(seen.linear, [seen.nothing], Adam(rate), config.regrown_steps, draw, watch)
            found = float(seen.accuracies(seen.linear, end)[0])
            yield Row(self.name, quantity, law, draw, config.regrown_count, found)
        for step, value in along.items():
            yield Row(self.name, "frozen along", law, draw, step, value)

    def _tangent(self, reuse: Reuse, config: Config, law: str, cloud: ParticleCloud) -> Iterator[Row]:
        """Accuracy, with the standard error of so few images, and training loss of f that is linear in the tangents."""
        rate = IN_TANGENTS * config.regrown_rate
        flow = self._linearised(reuse, law, cloud, rate)
        (end,) = reuse.followed(flow, [flow.anchor], Adam(rate), config.regrown_steps)
        found = float(reuse.correct(flow.predictions(end, reuse.test.inputs)))
        error = math.sqrt(found * (1.0 - found) / reuse.test.count)
        yield Row(self.name, "tangent", law, 0, cloud.count, found, error)
        yield Row(self.name, "tangent loss", law, 0, cloud.count, float(flow.linearised(end)))

    def _linearised(self, reuse: Reuse, law: str, cloud: ParticleCloud, rate: float) -> LinearisedFlow:
        """f = sum_j u_j h'(theta_j . x) v_j . x, v from zero, u_j from N(0, I/m).

        Every particle is there twice, with u_j / 2 and -u_j / 2, so that f starts at zero.
        """
        theta, u = cloud.positions[:, : reuse.inputs], math.sqrt(3.0) / 2.0 * cloud.positions[:, reuse.inputs :]
        anchor = ParticleCloud(torch.cat([torch.cat([theta, sign * u], dim=1) for sign in (1.0, -1.0)]))
        neuron = Perceptron(Squares() if law == SLIP else Tanh(), Plain(reuse.inputs), reuse.train.outputs, "hidden")
        risk = replace(reuse.risk("hidden"), neuron=neuron)
        return LinearisedFlow(risk, anchor, Minibatches(Epochs(reuse.batch, 0), rate))

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """Learned features are ahead of random ones; and the published numbers."""
        for quantity, words in {"frozen": "", "tangent": " in tangent space"}.items():
            for law, other in product((DENSITY, CODED), (RANDOM, SMALL) if quantity == "frozen" else (RANDOM, SLIP)):
                ahead, behind = (table.at(self.name, quantity, one) for one in (law, other))
                gap = float(ahead.mean[0] - behind.mean[0])
                error = math.hypot(float(ahead.uncertain[0]), float(behind.uncertain[0]))
                said = f"{law}: features are ahead of {other} ones by more than 1.5 points{words}"
                statement = Statement(said, SOURCE, proven=False)
                yield from_below(statement, (), AHEAD, torch.tensor([gap], dtype=torch.float64), error=error)
            for law, value in zip((RANDOM, CODED), PUBLISHED[quantity], strict=True):
                curve = table.at(self.name, quantity, law)
                statement = Statement(f"{law} features have {value:.4f}{words}", SOURCE, proven=False)
                yield as_published(statement, (), value, READING, float(curve.mean[0]), float(curve.uncertain[0]))

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Accuracy along training, for every law."""
        lines = tuple(
            Line.of(law, colour, table.at(self.name, "frozen along", law), "line")
            for law, colour in zip(LAWS, MOST_COLOURS, strict=False)
        )
        title = "Test accuracy, features stand still"
        return [Panel("repopulation.png", title, "steps that u is trained", lines, log_y=False)]


def laws_of(nets: Sequence[ParticleCloud], reuse: Reuse, config: Config) -> dict[str, Law]:
    """The laws of theta by their names.

    Random theta are from N(0, I) on whole images. On pooled ones a weight stands for the sum of those of its block.
    """
    features = [ParticleCloud(net.positions[:, : reuse.inputs], net.masses) for net in nets]
    neuron, (hidden, latent) = reuse.risk().neuron, config.coded_units
    return {
        RANDOM: GaussianLaw(neuron, variance=float(config.regrown_pool**2)),
        SMALL: GaussianLaw(neuron, variance=1.0 / (3.0 * reuse.inputs)),
        PARTICLES: KernelDensityLaw.of(features, 0.0),
        DENSITY: KernelDensityLaw.of(features),
        CODED: AutoencoderLaw.fitted(features, hidden=hidden, latent=latent, steps=config.coded_steps, seed=0),
    }


def _pictures(reuse: Reuse, clouds: Mapping[str, ParticleCloud], folder: Path) -> None:
    """Theta of some particles of each law as images."""
    side = math.isqrt(reuse.inputs)
    rows = {
        law: cloud.positions[:, : reuse.inputs].double().cpu().numpy().reshape(-1, side, side)
        for law, cloud in clouds.items()
    }
    draw_image_rows(rows, folder / PICTURES, title="Features as images of their weights, by the law that they are from")
