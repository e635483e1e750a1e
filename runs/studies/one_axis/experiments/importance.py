"""Figure 11: few features, drawn from a trained network by importance or evenly, with output weights trained anew.

The paper has .706 for ten features by importance and .241 for ten drawn evenly. What makes the difference is how many
features are left over: weight decay in the gradient of Adam (L2) takes a coordinate that the loss does not pull to zero
at the speed of the learning rate, so that after thousands of steps most features add nothing, and an even draw misses
the others. With decoupled decay, or few steps, all features are alive and an even draw does nearly as well.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import ClassVar

import torch

from flows import Adam
from limits.theorems import Result, Statement, as_published, from_above, from_below, in_order
from limits.theorems.one_axis.sampling import LEAST, variance_of_one
from particles import ParticleCloud, importance, masses, thin
from particles.shapes import PerParticle
from runs.batch.jobs import Report
from runs.figures.palette import COLOURS
from runs.studies.one_axis.config import Config
from runs.studies.one_axis.reuse import Reuse
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Curve, Row, Table

#: The paper's learning rates of the network and of u anew, its weight decay, and its number of features.
RATE, ANEW, DECAY, FEW = 1e-3, 1e-4, 1e-3, 10
#: A learning rate of u anew with which it gets to where it goes.
FAST = 1e-2
IMPORTANCE, EVEN = LAWS = ("importance", "even")
NETWORK = "network"
L2, DECOUPLED = DECAYS = ("L2", "decoupled")
#: A feature is alive if it adds more than this part of what the largest one adds.
ALIVE = 0.01
#: Places of the curve of sorted importances.
PLACES = 41
#: What the paper has, and how near counts as the same, and how far ahead as ahead.
PUBLISHED, READING, AHEAD = {IMPORTANCE: 0.706, EVEN: 0.241}, 0.02, 0.15
SOURCE = "Fang, Dong and Zhang 2020, figure 11"


@dataclass(frozen=True)
class Importance(Experiment):
    """Test accuracy of ten features of a trained network, by how they are drawn and how the network was trained."""

    name = "E4.7"
    title = "Importance sampling of features"
    figure = "Fig. 11"
    words: ClassVar[Mapping[str, str]] = {
        **{f"accuracy, {decay}": f"accuracy, {decay}" for decay in DECAYS},
        **{f"converged, {decay}": f"u converged, {decay}" for decay in DECAYS},
        **{f"alive, {decay}": f"features alive, {decay}" for decay in DECAYS},
        **{name: name for name in (*LAWS, NETWORK)},
    }

    def about(self, config: Config) -> str:
        """For titles."""
        return f"{config.images}, {FEW} of m = {config.drawn_count}, {config.drawn_times} draws"

    def cases(self, config: Config) -> Sequence[Case]:
        """One for each kind of weight decay."""
        return [Case(decay, what=decay, size=max(config.drawn_steps)) for decay in DECAYS]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """The network after some numbers of steps, and ten of its features, retrained."""
        reuse, decay = Reuse.of(config, config.drawn_pool), case.what
        risk, seen = reuse.risk(), dict[int, ParticleCloud]()

        def look(step: int, clouds: list[ParticleCloud]) -> None:
            report(step)
            if step in wanted:
                seen[step] = clouds[0]

        # The steps of decoupled decay are looked at in the end alone.
        wanted = config.drawn_steps if decay == L2 else (max(config.drawn_steps),)
        method = Adam(RATE, weight_decay=DECAY, decoupled=decay == DECOUPLED)
        start = reuse.start(config.drawn_count, case.seed)
        reuse.descended(risk, [start], method, max(config.drawn_steps), case.seed, look)
        for step, cloud in seen.items():
            p = importance(cloud, risk)
            alive, found = float((p > ALIVE * p.max()).double().mean()), float(reuse.accuracies(risk, [cloud])[0])
            for quantity, value in (("alive", alive), ("accuracy", found)):
                yield Row(self.name, f"{quantity}, {decay}", NETWORK, case.seed, step, value)
            yield from self._drawn(reuse, config, cloud, p, decay, step, last=step == max(seen))
        yield from self._sorted(p, decay, case.seed)
        even = masses.uniform(cloud.count)
        for law, chances in zip(LAWS, (p, even), strict=True):
            value = float(variance_of_one(risk, cloud.to(dtype=torch.float64), chances.double(), centred=True)) / FEW
            yield Row(self.name, f"variance, {decay}", law, case.seed, step, value)

    def _drawn(
        self, reuse: Reuse, config: Config, cloud: ParticleCloud, p: PerParticle, decay: str, step: int, *, last: bool
    ) -> Iterator[Row]:
        """Accuracies of ten features, means over draws: before and after u is trained anew, in the end to its end."""
        risk = reuse.risk("output")
        for law in LAWS:
            chances, again = (p, True) if law == IMPORTANCE else (None, False)
            draws = (
                thin(cloud, FEW, probabilities=chances, replacement=again, seed=seed)
                for seed in range(config.drawn_times)
            )
            few = [draw.cloud for draw in draws]
            yield self._row("before", law, decay, step, reuse.accuracies(risk, few))
            ways = {"accuracy": ANEW}
            if last:
                ways["converged"] = FAST
            for quantity, rate in ways.items():
                end = reuse.descended(risk, few, Adam(rate), config.drawn_anew, seed=1)
                yield self._row(quantity, law, decay, step, reuse.accuracies(risk, end))

    def _row(self, quantity: str, law: str, decay: str, step: int, found: torch.Tensor) -> Row:
        error = float(found.std()) / math.sqrt(len(found))
        return Row(self.name, f"{quantity}, {decay}", law, 0, step, float(found.mean()), error)

    def _sorted(self, p: PerParticle, decay: str, seed: int) -> Iterator[Row]:
        """P_j over the largest, from the largest to the least."""
        falling = (p / p.max()).sort(descending=True).values
        for place in range(PLACES):
            share = place / (PLACES - 1)
            value = float(falling[round(share * (len(p) - 1))])
            yield Row(self.name, f"sorted, {decay}", NETWORK, seed, share, value)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """Row 4g, the published numbers, what the difference comes from, and that the variance is the least."""
        for quantity, how in {"accuracy": "", "converged": ", u converged"}.items():
            gap, error = _gap(*(self._last(table, quantity, law, L2) for law in LAWS))
            said = f"ten features by importance are ahead of ten even ones by more than 15 points{how}"
            yield from_below(Statement(said, SOURCE, proven=False), (), AHEAD, _one(gap), error=error)
        for law in LAWS:
            value, error = self._last(table, "accuracy", law, L2)
            statement = Statement(f"accuracy of ten features, {law}: {PUBLISHED[law]:.3f}", SOURCE, proven=False)
            yield as_published(statement, (), PUBLISHED[law], READING, value, error)
        gap, error = _gap(*(self._last(table, "accuracy", law, L2) for law in LAWS))
        other, wide = _gap(*(self._last(table, "accuracy", law, DECOUPLED) for law in LAWS))
        statement = Statement("with decoupled weight decay the gain by importance is smaller", "ours", proven=False)
        yield from_above(statement, (), gap, _one(other), error=math.hypot(error, wide))
        alive = table.at(self.name, f"alive, {L2}", NETWORK).mean.tolist()
        statement = Statement("under L2 fewer features are alive in the end than early", "ours", proven=False)
        yield in_order(statement, (), [alive[0], alive[-1]], increasing=False)
        curves = [table.at(self.name, f"accuracy, {L2}", law) for law in LAWS]
        gaps = [_gap(*ends) for ends in zip(*(_points(curve) for curve in curves), strict=True)]
        ends = gaps[0], gaps[-1]
        statement = Statement("under L2 the gain by importance grows with the steps of training", "ours", proven=False)
        yield in_order(statement, (), [one for one, _ in ends], [one for _, one in ends])
        for decay in DECAYS:
            least, even = (table.at(self.name, f"variance, {decay}", law).last for law in LAWS)
            yield from_above(LEAST, (), torch.from_numpy(even), torch.from_numpy(least))

    def _last(self, table: Table, quantity: str, law: str, decay: str) -> tuple[float, float]:
        return _points(table.at(self.name, f"{quantity}, {decay}", law))[-1]

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Accuracy and features alive against steps of training, and sorted importances."""
        accuracies, alive, falling = [], [], []
        for number, (decay, law) in enumerate(product(DECAYS, LAWS)):
            curve = table.at(self.name, f"accuracy, {decay}", law)
            accuracies.append(Line.of(f"{law}, {decay}", COLOURS[number], curve))
        for decay, colour in zip(DECAYS, COLOURS[2:], strict=True):
            alive.append(Line.of(decay, colour, table.at(self.name, f"alive, {decay}", NETWORK)))
            falling.append(Line.of(decay, colour, table.at(self.name, f"sorted, {decay}", NETWORK), "line"))
        file, steps = "importance.png", "steps of training"
        return [
            Panel(file, "Accuracy of ten features", steps, tuple(accuracies), log_y=False),
            Panel(file, "Features alive", steps, tuple(alive), "$P_j > $ max / 100", log_y=False),
            Panel(file, "Importance, sorted", "share of features", tuple(falling), "$P_j\\,/\\,$max", "", False, False),
        ]


def _points(curve: Curve) -> list[tuple[float, float]]:
    """Values with standard errors, place by place."""
    return list(zip(curve.mean.tolist(), curve.uncertain.tolist(), strict=True))


def _gap(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """A difference and its standard error."""
    return one[0] - other[0], math.hypot(one[1], other[1])


def _one(number: float) -> torch.Tensor:
    return torch.tensor([number], dtype=torch.float64)
