"""E3.3: dropout of units and connectivity of networks with two hidden layers, each of which is a mean over units."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from flows import Online
from limits import LayerDropoutPath, StraightPath, barrier, dropped_units
from limits.theorems import Result, Statement, barrier_rate, dropout_rate, from_above, kept_alone, slope_within
from limits.theorems.vignettes.connectivity import CONNECTED, ROUNDED
from limits.theorems.vignettes.dropout import PAPER
from particles import Deep, DeepLaw, Dense, ParticleCloud, Risk, Tanh, generator, masses
from runs.batch.jobs import Report
from runs.figures.palette import COLOURS
from runs.studies.vignettes.config import Config
from runs.studies.vignettes.online import PAPERS, Task, descended
from runs.studies.vignettes.over_seeds import slope_of_means
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Array, Row, Table

NAMES = ("layer1", "layer2")
#: Of which layers half of the units are kept.
HALVES: Mapping[str, Sequence[str]] = {
    "half of layer 1": NAMES[:1],
    "half of layer 2": NAMES[1:],
    "half of both": NAMES,
}
BOTH, FIXED = "half of both", "M of both"
ELEVEN, STRAIGHT = "eleven segments", "straight line"


@dataclass(frozen=True)
class Layers(Experiment):
    """E |L_A - L_N| over random units A of two hidden layers of N each, and barriers between two such networks."""

    name = "E3.3"
    title = "Dropout and barriers of two hidden layers"
    words: ClassVar[Mapping[str, str]] = {
        "loss": "L_N",
        "excess": "mean |L_A - L_N|",
        "barrier": "barrier",
        "": "whole network",
        **{name: name for name in (*HALVES, FIXED, ELEVEN, STRAIGHT)},
    }

    def about(self, config: Config) -> str:
        """For titles."""
        return f"d = {config.online_inputs}, tanh, M = {config.layer_kept}, {config.about}"

    def cases(self, config: Config) -> Sequence[Case]:
        """One for every N and seed."""
        pairs = [(count, seed) for seed in range(config.seeds) for count in config.layer_widths]
        return [Case(f"N{count}-seed{seed}", seed, what=count) for count, seed in pairs]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """Of two runs, dropout of the first, by the paper's loss."""
        task, width = Task(config), case.what
        neuron = network(config, width)
        risk = Risk(neuron, task.risk.scaling, task.risk.loss, task.test)
        ends = [trained(task, risk, neuron, 2 * case.seed + run) for run in (0, 1)]
        own = [float(risk(end)) for end in ends]
        yield Row(self.name, "loss", "", case.seed, float(width), PAPERS * own[0])
        kept = {curve: dict.fromkeys(names, width // 2) for curve, names in HALVES.items()}
        for curve, counts in (kept | {FIXED: dict.fromkeys(NAMES, config.layer_kept)}).items():
            risks = dropped(risk, neuron, ends[0], counts, width, config.layer_subsets, case.seed)
            excesses = PAPERS * (risks - own[0])
            yield Row(self.name, "excess", curve, case.seed, float(width), float(np.abs(excesses).mean()))
        path = LayerDropoutPath(ends[0], ends[1], neuron)
        worst = max(float(risk(at)) for end in ends for at in path.stages(end))
        yield Row(self.name, "bound", ELEVEN, case.seed, float(width), PAPERS * max(worst - max(own), 0.0))
        for curve, one, points in ((ELEVEN, path, 3), (STRAIGHT, StraightPath(ends[0], ends[1]), 9)):
            height = barrier(one, risk, points).height
            yield Row(self.name, "barrier", curve, case.seed, float(width), PAPERS * height)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """The same statements as of one hidden layer."""
        for curve in HALVES:
            slope = table.at(self.name, "excess", curve).slope
            yield dropout_rate(slope, f"two hidden layers, {curve}: mean |L_A - L_N|")
        fixed = table.at(self.name, "excess", FIXED).slope
        words = f"two hidden layers, M = {config.layer_kept} of both: mean |L_A - L_N|"
        yield kept_alone(fixed, config.layer_widths, words)
        bound = torch.from_numpy(table.at(self.name, "bound", ELEVEN).values) + PAPERS * ROUNDED
        found, straight = (table.at(self.name, "barrier", curve) for curve in (ELEVEN, STRAIGHT))
        yield from_above(CONNECTED, (), bound, torch.from_numpy(found.values))
        yield barrier_rate(slope_of_means(found), "two hidden layers: the barrier of eleven segments")
        said = "two hidden layers: the barrier of the straight line does not fall as N^(-1/4) or faster"
        yield slope_within(Statement(said, PAPER, proven=False), (), slope_of_means(straight), least=-0.25)

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Excesses and barriers against N."""
        excesses, barriers = (
            tuple(
                Line.of(curve, colour, table.at(self.name, quantity, curve))
                for curve, colour in zip(curves, COLOURS, strict=False)
            )
            for quantity, curves in (("excess", (*HALVES, FIXED)), ("barrier", (ELEVEN, STRAIGHT)))
        )
        return [
            Panel("layers.png", "Excess of the kept, two layers", "units N of each layer", excesses, "|L_A - L_N|"),
            Panel("layers.png", "Barriers, two layers", "units N of each layer", barriers),
        ]


def network(config: Config, width: int) -> Deep:
    """f(x) = (1/N) sum_j a_j tanh((1/N) sum_i W_ji tanh(w_i . x)), w ~ N(0, I / d), all other weights N(0, 1)."""
    first = Dense(width, multiplier=1.0, deviation=config.online_inputs**-0.5)
    layers = (first, Dense(width), Dense(1))
    return Deep(config.online_inputs, layers, activation=Tanh(), parameterisation="integrable")


def trained(task: Task, risk: Risk, neuron: Deep, seed: int) -> ParticleCloud:
    """A network after online descent, every weight at the rate of its mean-field limit, with data of its own."""
    start = DeepLaw(neuron).sample(masses=masses.uniform(1), seed=seed).to(task.config.device)
    return descended(risk, Online(task.sample, seed), start, task.config)


def dropped(
    risk: Risk, neuron: Deep, cloud: ParticleCloud, kept: Mapping[str, int], width: int, subsets: int, seed: int
) -> Array:
    """The risks [subsets] of random units, so many of each layer named."""
    draw = generator(seed, "drawn units")
    chosen = ({name: draw.permutation(width)[:count].tolist() for name, count in kept.items()} for _ in range(subsets))
    return np.array([float(risk(dropped_units(cloud, neuron, each))) for each in chosen])
