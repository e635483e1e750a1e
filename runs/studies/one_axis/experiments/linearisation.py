"""Figure 4: a network beside its linearisations, that of the paper's code and the strict one, on two data sets."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from sklearn.datasets import make_classification
from torch import Tensor

from flows import Epochs, Euler, Every, Minibatches, evolve
from limits.theorems import Result, Statement, as_published, as_slope, from_above
from particles import CrossEntropy, Dataset, Logistic, ParticleCloud
from runs.batch.jobs import Report
from runs.figures.palette import COLOURS
from runs.studies.one_axis.config import Config
from runs.studies.one_axis.linearised import CODE, FORMS, NETWORK, STRICT, Model
from runs.studies.one_axis.networks import BATCH, PRACTICAL, AxisNetwork
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Array, Row, Table

#: Learning rate, and steps between two looks at the losses of synthetic data.
RATE, LOOK = 0.1, 10
#: Width at which the authors' code was run again, its losses, and how far a run with another start may be from them.
WIDTH, REPRODUCED, APART = 1000, {NETWORK: 0.0063, CODE: 0.0062, STRICT: 0.0111}, 0.25
#: Largest gap between two losses that are called coinciding.
COINCIDE = 1e-3
SYNTHETIC, IMAGES = "synthetic", "images"
PAPER = "Fang, Dong and Zhang 2020, figure 4"
RERUN = "Fang, Dong and Zhang 2020, figure 4: a rerun of the authors' code"


@dataclass(frozen=True)
class Linearisation(Experiment):
    """Losses of training and test against steps; the largest gap to the network over training, against m."""

    name = "E4.3"
    title = "A network beside its linearisations"
    figure = "Fig. 4"
    words: ClassVar[Mapping[str, str]] = {
        "final loss": "train loss at the end",
        "largest gap": "largest gap of train losses",
        **{form: form for form in FORMS},
    }

    def about(self, config: Config) -> str:
        """For titles."""
        return f"α = √m, practical rates of {RATE:g}, {config.about}"

    def cases(self, config: Config) -> Sequence[Case]:
        """One for every seed and width, and one for every seed and form on images."""
        synthetic = [(seed, m) for seed in range(config.seeds) for m in config.linear_widths]
        images = [(seed, form) for seed in range(config.seeds) for form in FORMS]
        return [
            *(Case(f"m{m}-seed{seed}", seed, what=m) for seed, m in synthetic),
            *(Case(f"{config.images}-{form}-seed{seed}", seed, what=form) for seed, form in images),
        ]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """Losses."""
        if isinstance(case.what, int):
            return self._on_synthetic(config, case.what, case.seed)
        return self._on_images(config, case.what, case.seed)

    def _on_synthetic(self, config: Config, count: int, seed: int) -> Iterator[Row]:
        train, test = synthetic(config.linear_rows)
        axis = AxisNetwork(train, count, count**0.5, PRACTICAL, Logistic())
        start, ends = axis.start(seed), {}
        for form in FORMS:
            losses = _losses(Model.of(form, axis.risk, start), test, config.linear_steps, LOOK)
            for quantity, curve in zip(("train loss", "test loss"), losses.values(), strict=True):
                for step, loss in curve.items():
                    yield Row(self.name, quantity, f"{form}, m = {count}", seed, float(step), loss)
            ends[form] = np.array(list(losses["train"].values()))
            yield Row(self.name, "final loss", form, seed, float(count), float(ends[form][-1]))
        for form in (CODE, STRICT):
            gap = float(abs(ends[form] - ends[NETWORK]).max())
            yield Row(self.name, "largest gap", form, seed, float(count), gap)

    def _on_images(self, config: Config, form: str, seed: int) -> Iterator[Row]:
        source = config.source()
        axis = AxisNetwork(source.train, config.linear_count, config.linear_count**0.5, PRACTICAL, CrossEntropy())
        batches = Minibatches(Epochs(min(BATCH, source.train.count), seed), RATE)
        model = Model.of(form, axis.risk, axis.start(seed), batches)
        epoch = -(-source.train.count // BATCH)
        losses = _losses(model, source.test.to(dtype=axis.dtype), config.linear_epochs * epoch, epoch)
        for part, curve in losses.items():
            for step, loss in curve.items():
                yield Row(self.name, f"{part} loss on images", form, seed, step / epoch, loss)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """Where the linearisations coincide with the network, how the gap falls with m, and where it opens."""
        widths = config.linear_widths
        gaps = {form: table.at(self.name, "largest gap", form) for form in (CODE, STRICT)}
        finals = {form: table.at(self.name, "final loss", form) for form in FORMS}
        if WIDTH in widths:
            place = widths.index(WIDTH)
            said = f"m = {WIDTH}: the loss of the code's linearisation is within {COINCIDE:g} of the network's always"
            yield from_above(_empirical(said, PAPER), (), COINCIDE, _torch(gaps[CODE].values[place]))
            for form, loss in REPRODUCED.items():
                said = f"m = {WIDTH}: final train loss of the {_who(form)}"
                found = float(finals[form].mean[place]), float(finals[form].uncertain[place])
                yield as_published(_empirical(said, RERUN), (), loss, APART * loss, *found)
        for form, curve in gaps.items():
            said = f"the largest gap of the {_who(form)} falls with m, for every seed"
            yield from_above(_empirical(said, PAPER), (), _torch(curve.values[:-1]), _torch(curve.values[1:]))
        said = "the largest gap of the strict linearisation falls as m^(-3/2)"
        yield as_slope(_empirical(said, "movements of theta of order m^(-3/2)"), (), -1.5, gaps[STRICT].slope)
        said = "the strict linearisation ends above the code's at every width"
        yield from_above(_empirical(said, RERUN), (), _torch(finals[STRICT].values), _torch(finals[CODE].values))
        yield from self._of_images(table)

    def _of_images(self, table: Table) -> Iterator[Result]:
        for part in ("train", "test"):
            network, code = (table.at(self.name, f"{part} loss on images", form) for form in (NETWORK, CODE))
            said = f"images: the network's {part} loss ends below that of the code's linearisation"
            yield from_above(_empirical(said, PAPER), (), _torch(code.last), _torch(network.last))
            gap = abs(code.values - network.values)
            said = f"images: the gap of {part} losses is larger in the end than after a fifth of training"
            yield from_above(_empirical(said, PAPER), (), _torch(gap[-1]), _torch(gap[len(gap) // 5]))

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Losses on synthetic data of the narrowest and a wide network, gaps against m, and losses on images."""
        shown = []
        for count in dict.fromkeys((config.linear_widths[0], config.linear_widths[-1])):
            lines = self._lines(table, "train loss", "test loss", [f"{form}, m = {count}" for form in FORMS])
            title = f"Loss, m = {count} (dashed: test)"
            shown.append(Panel("linearisation.png", title, "steps", lines, log_x=True))
        gaps = tuple(
            Line.of(form, colour, table.at(self.name, "largest gap", form))
            for form, colour in zip(FORMS, COLOURS, strict=False)
            if form != NETWORK
        )
        shown.append(Panel("linearisation.png", "Largest gap of train losses", "particles m", gaps))
        for part in ("train", "test"):
            lines = self._lines(table, f"{part} loss on images", "", list(FORMS))
            title = f"{part.capitalize()} loss, {config.images}, m = {config.linear_count}"
            shown.append(Panel("linearisation.png", title, "epochs", lines, log_x=False))
        return shown

    def _lines(self, table: Table, quantity: str, other: str, curves: Sequence[str]) -> tuple[Line, ...]:
        """A line for each form, and a dashed one for the other quantity."""
        lines = []
        for form, curve, colour in zip(FORMS, curves, COLOURS, strict=False):
            lines.append(Line.of(form, colour, table.at(self.name, quantity, curve), "line"))
            if other:
                lines.append(Line.of("", colour, table.at(self.name, other, curve), "dashed"))
        return tuple(lines)


def synthetic(rows: int) -> tuple[Dataset, Dataset]:
    """Training and test data of sklearn's two classes in a hundred inputs, so many of each; targets are -1 and 1."""
    x, y = make_classification(
        n_samples=1000,
        n_features=100,
        n_informative=4,
        n_redundant=10,
        n_repeated=10,
        n_classes=2,
        n_clusters_per_class=2,
        flip_y=0.01,
        random_state=2020,
    )
    inputs, targets = torch.from_numpy(x).float(), torch.from_numpy(2.0 * y - 1.0).float()
    return Dataset(inputs[:rows], targets[:rows]), Dataset(inputs[500 : 500 + rows], targets[500 : 500 + rows])


def _losses(model: Model, test: Dataset, steps: int, every: int) -> dict[str, dict[int, float]]:
    """Losses of training and test after every so many steps, by the number of steps."""
    found: dict[str, dict[int, float]] = {"train": {}, "test": {}}

    def look(number: int, time: float, cloud: ParticleCloud) -> None:
        found["train"][number] = model.loss(cloud)
        found["test"][number] = model.loss(cloud, test)

    evolve(model.flow, model.start, Euler(RATE), until=steps * RATE, observers=[Every(steps=every, observer=look)])
    return found


def _torch(values: Array) -> Tensor:
    return torch.from_numpy(values)


def _empirical(said: str, source: str) -> Statement:
    return Statement(said, source, proven=False)


def _who(form: str) -> str:
    return {NETWORK: "network", CODE: "code's linearisation", STRICT: "strict linearisation"}[form]
