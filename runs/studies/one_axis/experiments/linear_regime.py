"""Figure 5: large rates, momentum and a small initial variance take a network out of its linear regime."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from flows import Epochs, Minibatches, evolve
from limits.theorems import Result
from particles import FlowDiverged
from runs.batch.jobs import Report
from runs.figures.figures import Array
from runs.figures.palette import COLOURS
from runs.studies.one_axis.config import Config
from runs.studies.one_axis.linearised import CODE, FORMS, NETWORK, STRICT, Model
from runs.studies.one_axis.networks import PRACTICAL
from runs.studies.one_axis.statements import POINT, exceeds, in_turn, ordered, published
from runs.studies.one_axis.training import GROUPS, PROGRESS, Training
from runs.study.experiment import Case, Experiment
from runs.study.panels import Kind, Line, Panel
from runs.study.table import Row, Table

FIGURE = "figure 5"
#: What is varied, and its value where something else is.
RATE, MOMENTUM, VARIANCE = KNOBS = ("rate", "momentum", "variance")
#: The rate once more, from a small variance.
SMALL = "rate from small variance"
#: Movement of theta that figure and text have at each value of a knob, in the order of the table, and test accuracies.
SHOWN = {RATE: (0.0098, 0.028, 0.71), MOMENTUM: (0.028, 0.04, 0.55), VARIANCE: (0.176, 0.028)}
ACCURACY = {
    NETWORK: {RATE: (0.97, 0.97, 0.97), MOMENTUM: (0.97, 0.9705, 0.9715), VARIANCE: (0.98, 0.97)},
    CODE: {RATE: (0.97, 0.97, 0.963), MOMENTUM: (0.97, 0.971, 0.967), VARIANCE: (0.834, 0.97)},
}
PUBLISHED = {
    "break_count": 5000,
    "break_epochs": 100,
    "rate": 0.1,
    "break_rates": (1.0, 0.01),
    "break_momenta": (0.9, 0.5),
}
#: By how much the linear model's accuracy falls at the small variance.
FALL = 0.05


@dataclass(frozen=True)
class Setting:
    """Rate, momentum and variance of theta at the start; the knobs whose curves it belongs to."""

    rate: float
    momentum: float
    variance: float
    knobs: tuple[str, ...]

    def value(self, knob: str) -> float:
        """Of one of the three, and the rate for `SMALL`."""
        return float(getattr(self, RATE if knob == SMALL else knob))

    def __str__(self) -> str:
        return f"rate{self.rate:g}-momentum{self.momentum:g}-variance{self.variance:.3g}"


def settings(config: Config, inputs: int) -> list[Setting]:
    """The usual one, those that differ from it in one knob, and the largest rate from the small variance."""
    usual = Setting(config.rate, 0.0, 1.0, KNOBS)
    return [
        usual,
        *(replace(usual, rate=rate, knobs=(RATE,)) for rate in config.break_rates),
        *(replace(usual, momentum=momentum, knobs=(MOMENTUM,)) for momentum in config.break_momenta),
        replace(usual, variance=1.0 / inputs, knobs=(VARIANCE, SMALL)),
        replace(usual, variance=1.0 / inputs, rate=max(config.break_rates), knobs=(SMALL,)),
    ]


@dataclass(frozen=True)
class LinearRegime(Experiment):
    """Movement, accuracy and departure from its linearisations of a network at practical rates, by one knob at a time.

    The departure is |f - f_lin| / |f| over test images; linearised are theta and u, as the code has it and strictly.
    """

    name = "E4.4"
    title = "What breaks the linear regime"
    figure = "Fig. 5"
    words: ClassVar[Mapping[str, str]] = {
        "theta": "movement of theta, last rate",
        "departure": "departure from the network, last rate",
        "test accuracy": "test accuracy, last rate",
        **{f"{RATE}, {form}": form for form in FORMS},
    }

    def about(self, config: Config) -> str:
        """For titles."""
        return f"{config.images}, m = {config.break_count}, {config.break_epochs} epochs, {config.about}"

    def cases(self, config: Config) -> Sequence[Case]:
        """One for every seed and setting; its number, since the variance depends on the images."""
        count = 3 + len(config.break_rates) + len(config.break_momenta)
        return [
            Case(f"setting{place}-seed{seed}", seed, PROGRESS * len(FORMS), place)
            for seed in range(config.seeds)
            for place in range(count)
        ]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """The network and its two linearisations on the same batches."""
        count = config.break_count
        config = config.model_copy(update={"pool": config.break_pool})
        training = Training.of(
            config, count, math.sqrt(count), PRACTICAL, epochs=config.break_epochs, seed=case.seed, rate=config.rate
        )
        setting = settings(config, training.axis.data.inputs.shape[1])[case.what]
        axis = replace(training.axis, variance=setting.variance)
        training = replace(training, axis=axis, rate=setting.rate, momentum=setting.momentum)
        first: Array | None = None
        for number, form in enumerate(FORMS):
            found, outputs = trained(training, form)
            report(PROGRESS * (number + 1))
            first = outputs if first is None else first
            found["departure"] = float(np.linalg.norm(first - outputs) / np.linalg.norm(first))
            for knob in setting.knobs:
                for quantity, value in found.items():
                    yield Row(self.name, quantity, f"{knob}, {form}", case.seed, setting.value(knob), value)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """Orders of movement and departure; accuracies where the linear regime is left; the figure's own numbers."""
        sorted_by = {RATE: "rises with the rate", MOMENTUM: "rises with momentum", VARIANCE: "falls with the variance"}
        for knob, words in sorted_by.items():
            rising = knob != VARIANCE
            moved = ordered(table, self.name, "theta", f"{knob}, {NETWORK}")
            yield in_turn(f"the mean movement of theta {words}", FIGURE, moved, increasing=rising)
            for form in (CODE, STRICT):
                left = ordered(table, self.name, "departure", f"{knob}, {form}")
                said = f"the network's departure from its linearisation ({form}) {words}"
                yield in_turn(said, FIGURE, left, increasing=rising)
            yield from published(config, PUBLISHED, f"movement of theta at {knob} = ", FIGURE, SHOWN[knob], moved)
            for form, shown in ACCURACY.items():
                curve = ordered(table, self.name, "test accuracy", f"{knob}, {form}")
                said = f"test accuracy ({form}) at {knob} = "
                yield from published(config, PUBLISHED, said, FIGURE, shown[knob], curve, POINT)
        yield from self._accuracies(1.0 / config.image_test, table)

    def _accuracies(self, image: float, table: Table) -> Iterator[Result]:
        for form in (CODE, STRICT):
            for knob in (RATE, MOMENTUM):
                ours, linear = (
                    ordered(table, self.name, "test accuracy", f"{knob}, {name}").last for name in (NETWORK, form)
                )
                said = f"at the largest {knob} the linearisation ({form}) is less accurate than the network"
                yield exceeds(said, FIGURE, 0.0, ours - linear, image)
            curve = ordered(table, self.name, "test accuracy", f"{VARIANCE}, {form}")
            said = f"from N(0, I/d) the linearisation ({form}) loses 5 points of test accuracy to that from N(0, I)"
            yield exceeds(said, FIGURE, FALL, curve.values[-1] - curve.values[0], image)
            ours, linear = (
                ordered(table, self.name, "test accuracy", f"{SMALL}, {name}").last for name in (NETWORK, form)
            )
            said = f"from N(0, I/d), at the largest rate, the linearisation ({form}) loses 5 points to the network"
            yield exceeds(said, FIGURE, FALL, ours - linear, image)

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Movement, departure and accuracy by each knob."""
        shown = []
        labels: dict[str, tuple[str, Kind]] = {
            NETWORK: ("network", "dots"),
            CODE: ("linear, as in the code", "dashed"),
            STRICT: ("linear, strict", "dots"),
        }
        titles = {
            "theta": "Mean movement of θ",
            "departure": "Departure from linearisation",
            "test accuracy": "Test accuracy",
        }
        words = {RATE: "learning rate", MOMENTUM: "momentum", VARIANCE: "initial variance of θ"}
        for quantity, title in titles.items():
            for knob in KNOBS:
                lines = tuple(
                    Line.of(label, colour, ordered(table, self.name, quantity, f"{knob}, {form}"), kind)
                    for (form, (label, kind)), colour in zip(labels.items(), COLOURS, strict=False)
                    if quantity != "departure" or form != NETWORK
                )
                linear = knob == MOMENTUM
                shown.append(
                    Panel(
                        "linear_regime.png",
                        title,
                        words[knob],
                        lines,
                        log_x=not linear,
                        log_y=quantity != "test accuracy",
                    )
                )
        return shown


def trained(training: Training, form: str) -> tuple[dict[str, float], Array]:
    """What is seen at the end of one form, and its outputs at the test images, NaN where it diverged."""
    axis, test = training.axis, training.tested
    batches = Minibatches(Epochs(min(training.batch, axis.data.count), training.seed), training.rate)
    model = Model.of(form, axis.risk, training.start, batches)
    until = training.steps * training.rate
    try:
        end = evolve(model.flow, model.start, training.method, until=until)
    except FlowDiverged:
        return {**dict.fromkeys((*GROUPS, "train loss"), math.nan), "test accuracy": 0.0}, np.full(
            (test.data.count, test.data.outputs), math.nan
        )
    outputs = model.risk.predictions(end, test.data.inputs).double().cpu()
    right = outputs.argmax(dim=1) == test.data.targets.cpu().argmax(dim=1)
    moved = {letter: training.moved(model.plain(end), letter)[0] for letter in GROUPS}
    found = {**moved, "train loss": model.loss(end), "test accuracy": float(right.double().mean())}
    return found, outputs.numpy()
