"""Section VI: L2 on u makes all particles count alike, and L2 on both layers is an L1 norm over features."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from flows import Euler, Every, GradientFlow, evolve
from limits.theorems import Result, Statement, from_above
from limits.theorems.one_axis import balanced_penalty, sparse_optimum, variances
from particles import (
    L2,
    Dataset,
    GaussianLaw,
    GaussianOutputs,
    MeanField,
    Neuron,
    ParticleCloud,
    Perceptron,
    Plain,
    ReLU,
    Risk,
    Squared,
    Tanh,
    UserNeuron,
    masses,
)
from particles.numerics.randomness import generator
from runs.batch.jobs import Report
from runs.figures.figures import Array
from runs.figures.palette import COLOURS, GREY
from runs.studies.one_axis.config import Config
from runs.studies.one_axis.normalised import NormalisedTanh
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Curve, Row, Table

SOURCE = "Fang, Dong and Zhang 2020, section VI"
#: Inputs, data, and directions of the teacher of networks with L2 on u, and the length of their steps.
INPUTS, DATA, STRENGTH, STEP = 3, 30, 0.1, 0.3
DIRECTIONS = torch.tensor([[2.0, 0.0, 0.0], [0.0, 1.5, 1.5], [-1.0, 1.0, 0.0]], dtype=torch.float64)
WEIGHTS = torch.tensor([[1.0], [-1.0], [0.5]], dtype=torch.float64)
#: Data on the circle of networks with L2 on both layers, its strength, and degrees at which psi is looked at.
CIRCLE, BOTH, DEGREES = 10, 0.02, np.arange(0.0, 360.0, 0.5)
#: Lengths of their steps and numbers of these: long ones leave particles on a kink, which they cross back and forth.
STAGES = ((0.4, 2), (0.1, 4), (0.02, 4))
#: The networks, and whether they have L2 on u.
KINDS = {"normalised, L2 on u": True, "normalised, no L2": False, "plain features, L2 on u": True}
NORMALISED, FREE, _ = KINDS
#: What the variance of draws may be over the least of it, and a penalty over the L1 norm, where they are equal.
NEAR = 0.1
SPARSE, FILE = "sparse", "regularisers.png"


@dataclass(frozen=True)
class Regularisers(Experiment):
    """With L2 on u: the coefficient of variation of |u|, and the variance (24) over its least, along the run.

    With L2 on both layers of a ReLU network on the circle: how far its risk is above the least one with an L1 norm, its
    penalty above that norm, and |psi| / strength at every angle, psi = sum_i p_i r_i relu(w . x_i), beside the share of
    the norm that each particle has.
    """

    name = "E4.8"
    title = "L2 on the weights"
    figure = "section VI"

    def about(self, config: Config) -> str:
        """Sizes."""
        return f"m = {config.ridged_count}, {config.ridged_seeds} seeds"

    def cases(self, config: Config) -> list[Case]:
        """One a network and seed."""
        pairs = [(number, seed) for seed in range(config.ridged_seeds) for number in range(len(KINDS))]
        named = [Case(f"kind{number}-seed{seed}", seed, 1, [*KINDS][number]) for number, seed in pairs]
        return [*named, *(Case(f"{SPARSE}-seed{seed}", seed) for seed in range(config.ridged_seeds))]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """A run."""
        if case.name.startswith(SPARSE):
            yield from self._sparse(config, case.seed)
            return
        risk = taught(case.what, case.seed)
        rows: list[Row] = []

        def look(step: int, time: float, cloud: ParticleCloud) -> None:
            u = cloud.positions[:, -1].abs()
            found, least = variances(risk, cloud)
            numbers = {"variation": u.std(correction=0) / u.mean(), "variance": found / least}
            rows.extend(Row(self.name, q, case.what, case.seed, time, float(value)) for q, value in numbers.items())

        looked = Every(steps=max(config.ridged_steps // 20, 1), observer=look)
        start = drawn(config.ridged_count, INPUTS, case.seed)
        evolve(GradientFlow(risk), start, Euler(STEP), until=config.ridged_steps * STEP, observers=[looked])
        yield from rows

    def _sparse(self, config: Config, seed: int) -> Iterator[Row]:
        """L2 on both layers: the certificate, and what there is at every angle."""
        risk = on_circle(seed)
        start = drawn(config.ridged_count, 2, seed)
        end = start
        for length, part in STAGES:
            until = part * config.ridged_steps * length
            end = evolve(GradientFlow(risk), end, Euler(length), until=until)
        unit = circle(torch.from_numpy(DEGREES))
        margin = balanced_penalty(risk, end).margin
        numbers = {"above": sparse_optimum(risk, end, unit).measured, "unbalanced": margin, "angles": _angles(end)}
        for quantity, value in numbers.items():
            yield Row(self.name, quantity, SPARSE, seed, float(config.ridged_count), value)
        if seed == 0:
            places = torch.cat([unit, unit.new_ones(len(unit), 1)], dim=1)
            psi = (risk.potential(end, places) - 0.5 * BOTH * 2.0).abs() / BOTH
            share = shares(end)
            for angle, value in zip(DEGREES.tolist(), psi.tolist(), strict=True):
                yield Row(self.name, "psi", "|psi| / strength", 0, angle, value)
            for angle, value in zip(degrees(end).tolist(), share.tolist(), strict=True):
                yield Row(self.name, "share", "particles", 0, angle, value)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """|u| becomes constant with L2, (24) is near its least, and L2 on both layers is an L1 norm."""
        last = {q: {kind: table.at(self.name, q, kind).last for kind in KINDS} for q in ("variation", "variance")}
        for kind, ridged in KINDS.items():
            if ridged:
                yield _least(f"{kind}: |u| is nearly constant, variation < {NEAR:g}", NEAR, last["variation"][kind])
                words = f"{kind}: the variance (24) is within {NEAR:.0%} of its least"
                yield _least(words, 1.0 + NEAR, last["variance"][kind])
        words = "with L2 on u, |u| varies less than without (difference < 0)"
        yield _least(words, 0.0, last["variation"][NORMALISED] - last["variation"][FREE])
        words = "with L2 on u, (24) is nearer to its least than without (difference < 0)"
        yield _least(words, 0.0, last["variance"][NORMALISED] - last["variance"][FREE])
        words = "L2 on both layers: the risk is that of the least L1 norm over features, to 1 %"
        yield _least(words, 0.01, table.at(self.name, "above", SPARSE).last)
        words = "L2 on both layers: trained weights are balanced, the penalty is the L1 norm to 1 %"
        yield _least(words, 0.01, table.at(self.name, "unbalanced", SPARSE).last)
        words = f"L2 on both layers: no more directions than data ({CIRCLE})"
        yield _least(words, float(CIRCLE), table.at(self.name, "angles", SPARSE).last)

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Variation of |u| and variance against time, and the certificate of the first sparse network."""
        shown = [
            Panel(
                FILE,
                title,
                "flow time",
                tuple(
                    Line.of(kind, colour, table.at(self.name, quantity, kind), "band")
                    for kind, colour in zip(KINDS, COLOURS, strict=False)
                ),
                log_x=False,
            )
            for quantity, title in (("variation", "Variation of |u|"), ("variance", "Variance (24) over its least"))
        ]
        psi, share = table.at(self.name, "psi", "|psi| / strength"), table.at(self.name, "share", "particles")
        top = float(share.values.max()) if share.values.size else 1.0
        lines = (
            Line.of("", GREY, psi, "line"),
            Line("", COLOURS[1], share.x, share.values / top, "points"),
        )
        title, formula = "L2 on both layers (dots: particles)", r"$|\psi|\,/\,\lambda$"
        return [*shown, Panel(FILE, title, "angle of w, degrees", lines, formula, log_x=False, log_y=False)]


def taught(kind: str, seed: int) -> Risk:
    """A network of this kind on three neurons' labels."""
    x = torch.from_numpy(generator(seed, "data").standard_normal((DATA, INPUTS)))
    y = torch.tanh(x @ DIRECTIONS.T) @ WEIGHTS
    plain = Perceptron(Tanh(), Plain(INPUTS), trained="both")
    neuron: Neuron | UserNeuron = NormalisedTanh(x) if kind in (NORMALISED, FREE) else plain
    return Risk(neuron, MeanField(), Squared(), Dataset(x, y), L2({"output": STRENGTH}) if KINDS[kind] else None)


def drawn(count: int, inputs: int, seed: int) -> ParticleCloud:
    """theta and u from N(0, 1), for any neuron of so many inputs and one output weight."""
    neuron = Perceptron(Tanh(), Plain(inputs))
    return GaussianLaw(neuron, GaussianOutputs()).sample(masses=masses.uniform(count), seed=seed)


def on_circle(seed: int) -> Risk:
    """A ReLU network with L2 on both layers, on data of the unit circle with labels from N(0, 1)."""
    numbers = generator(seed, "circle")
    x = circle(torch.from_numpy(360.0 * numbers.random(CIRCLE)))
    data = Dataset(x, torch.from_numpy(numbers.standard_normal((CIRCLE, 1))))
    return Risk(Perceptron(ReLU(), Plain(2), trained="both"), MeanField(), Squared(), data, L2(BOTH))


def circle(angles: torch.Tensor) -> torch.Tensor:
    """Unit vectors [places, 2] at angles in degrees."""
    radians = torch.deg2rad(angles)
    return torch.stack([radians.cos(), radians.sin()], dim=1)


def degrees(cloud: ParticleCloud) -> torch.Tensor:
    """Angles of w_j [particles] in degrees, from 0 to 360."""
    return torch.rad2deg(torch.atan2(cloud.positions[:, 1], cloud.positions[:, 0])) % 360.0


def shares(cloud: ParticleCloud) -> torch.Tensor:
    """lambda_j |a_j| |w_j| over their sum [particles]."""
    norms = cloud.masses * cloud.positions[:, :2].norm(dim=1) * cloud.positions[:, 2].abs()
    shares: torch.Tensor = norms / norms.sum()
    return shares


def _angles(cloud: ParticleCloud, apart: float = 5.0, counted: float = 0.01) -> float:
    """Groups of particles more than 5 degrees apart from each other that hold more than 1 % of the norm each."""
    angles, order = torch.sort(degrees(cloud))
    norms = shares(cloud)[order]
    kept = norms > counted / len(norms)
    angles, norms = angles[kept], norms[kept]
    gaps = torch.cat([angles.diff(), angles[:1] + 360.0 - angles[-1:]]) > apart
    starts = int(gaps.nonzero()[0]) + 1 if bool(gaps.any()) else 0
    group = torch.roll(gaps, 1).roll(-starts).cumsum(dim=0)
    sums = torch.zeros(int(group.max()) + 1, dtype=norms.dtype).index_add(0, group, norms.roll(-starts))
    return float((sums > counted).sum())


def _least(words: str, most: float, values: Array) -> Result:
    """The mean of numbers [seeds] is `most` at most."""
    one = Curve(np.zeros(1), values[None], np.full((1, len(values)), np.nan), tuple(range(len(values))))
    said = Statement(words, SOURCE, proven=False)
    return from_above(said, (), most, float(one.mean[0]), error=float(one.uncertain[0]))
