"""Three scalings of a partially trained three-layer network: what is fitted, what is learnt, how far features move."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import ClassVar

import numpy as np

from limits.theorems import Result, Statement, as_slope, slope_within
from particles import ParticleCloud
from runs.batch.jobs import Report
from runs.figures.figures import Array
from runs.studies.feature_learning.config import WEI_INPUTS, Config
from runs.studies.feature_learning.data import TESTED
from runs.studies.feature_learning.experiments.pictures import Film, panels_of
from runs.studies.feature_learning.networks import SCALINGS
from runs.studies.feature_learning.statements import (
    all_at_least,
    all_at_most,
    mean_at_least,
    mean_at_most,
    of_draws,
    said,
)
from runs.studies.feature_learning.training import Network
from runs.study.experiment import Case, Experiment
from runs.study.panels import Panel
from runs.study.table import Row, Table, log_slope

SOURCE = "Chen, Vanden-Eijnden and Bruna 2022, section 5.3 and figure 4"
ROW = "our row 1d"
PROGRESS = 100
#: What the test error of ours is, at most, of that of NTK, by rows; and the ends of ratios of movements at m and 4 m.
LIMITS = {100: 0.7, 200: 0.2}
RATIOS = (("ntk", 1.6, 2.4), ("ours", 0.85, 1.2))


@dataclass(frozen=True)
class Sweep:
    """A comparison along one number: the width, or the rows."""

    name: str
    values: Sequence[int]
    fixed: int

    def sizes(self, value: int) -> tuple[int, int]:
        """Particles and rows."""
        return (value, self.fixed) if self.name == "m" else (self.fixed, value)


def sweeps(config: Config) -> tuple[Sweep, Sweep]:
    """Along the width, and along the rows."""
    return Sweep("m", config.widths, config.width_rows), Sweep("n", config.rows, config.rows_count)


@dataclass(frozen=True)
class Scalings(Experiment):
    """Training risk, test error of signs, and rms(h_t - h_0) / rms(h_0), of ours, NTK and MF, against m and n.

    Data of Wei et al. (2019), d = 10, D = m; the three share data, frozen weights and seeds of a draw. Quantities are
    named by the sweep: `test m` against m at fixed n, `test n` against n at fixed m; `curve` is against time.
    """

    name = "E1.3"
    title = "Three scalings"
    figure = "Fig. 4"
    words: ClassVar[Mapping[str, str]] = {
        "train m": "training risk, widest",
        "test m": "test error, widest",
        "movement m": "feature movement, widest",
        "train n": "training risk, most rows",
        "test n": "test error, most rows",
        "looseness m": "movement / lower bound, widest",
        **{one.name: one.label for one in SCALINGS},
    }

    def about(self, config: Config) -> str:
        """Sizes."""
        return f"d = {WEI_INPUTS}, n = {config.width_rows} or m = {config.rows_count}, {config.about}"

    def cases(self, config: Config) -> list[Case]:
        """One a draw, sweep and its value, of all three scalings."""
        return [
            Case(f"{sweep.name}{value}-seed{seed}", seed, PROGRESS * len(SCALINGS), (sweep, value))
            for seed in range(config.seeds)
            for sweep in sweeps(config)
            for value in sweep.values
        ]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """The three networks of a draw, one after the other."""
        sweep, value = case.what
        widest = sweep.name == "m" and value == max(config.widths)
        for number, scaled in enumerate(SCALINGS):
            count, rows = sweep.sizes(value)
            network = Network(config, scaled, count, rows, case.seed)
            film = Film(network, folder) if widest and case.seed == 0 and config.films else None
            curve: list[tuple[float, dict[str, float]]] = []

            def watch(time: float, cloud: ParticleCloud, network: Network = network) -> None:
                curve.append((time, network.seen(cloud)))  # noqa: B023

            def alive(time: float, number: int = number) -> None:
                report(int(PROGRESS * (number + 0.99 * time / config.until)))

            end = network.train(watch, alive) if film is None else film.shot(watch, alive)
            last = network.seen(end) | network.at_end(end)
            for name, found in last.items():
                yield Row(self.name, f"{name} {sweep.name}", scaled.name, case.seed, float(value), found)
            for time, seen in curve if sweep.name == "m" else ():
                for name, found in seen.items():
                    yield Row(self.name, f"{name} m = {value}", scaled.name, case.seed, time, found)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """What the paper says of the three, and our row 1d."""
        yield from self._movements(table)
        yield from self._errors(config, table)
        for scaled in SCALINGS:
            left = np.concatenate([table.at(self.name, f"train {name}", scaled.name).values for name in ("m", "n")])
            words = f"{scaled.label}: less than a tenth of the risk at the start, 1/2, is left at every m and n"
            yield all_at_most(said(words, SOURCE), 0.05, left)
            loose = table.at(self.name, "looseness m", scaled.name).values
            words = f"{scaled.label}: features move at least as far as outputs, sum_j s_j |h_j - h_j(0)| >= |f - f_0|"
            yield all_at_least(said(words, SOURCE), 1.0 - 1e-5, loose)

    def _movements(self, table: Table) -> Iterator[Result]:
        slopes = {one.name: table.at(self.name, "movement m", one.name).slope for one in SCALINGS}
        yield as_slope(said("NTK: features move as m^(-1/2)", SOURCE), (), -0.5, slopes["ntk"])
        words = "ours: the movement of features does not depend on m, slope between -.12 and .12"
        yield slope_within(said(words, SOURCE), (), slopes["ours"], least=-0.12, most=0.12)
        size = table.at(self.name, "size m", "mf")
        words = "MF: features at the start are of size m^(-1/2)"
        yield as_slope(said(words, SOURCE), (), -0.5, log_slope(size.x, size.values))
        for name, least, most in RATIOS:
            curve = table.at(self.name, "movement m", name)
            for first, last in product(range(len(curve.x)), repeat=2):
                if curve.x[last] == 4 * curve.x[first]:
                    ratio = of_draws(curve.values[first] / curve.values[last])
                    words = f"{name}: movement at m = {curve.x[first]:g} over that at m = {curve.x[last]:g}"
                    yield mean_at_least(said(f"{words} >= {least:g}", ROW), least, ratio)
                    yield mean_at_most(said(f"{words} <= {most:g}", ROW), most, ratio)

    def _errors(self, config: Config, table: Table) -> Iterator[Result]:
        for sweep in sweeps(config):
            ours, *others = (table.at(self.name, f"test {sweep.name}", one.name).values for one in SCALINGS)
            for place, value in enumerate(sweep.values):
                at = f"{sweep.name} = {value}"
                for scaled, other in zip(SCALINGS[1:], others, strict=True):
                    words = f"{at}: the test error of ours is smaller than that of {scaled.label}"
                    yield _smaller(said(words, SOURCE), ours[place] - other[place])
                if sweep.name == "n" and value in LIMITS:
                    words = f"{at}: the test error of ours is below {LIMITS[value]:g} of that of NTK"
                    yield _smaller(said(words, ROW), ours[place] - LIMITS[value] * others[0][place])
        yield self._smallest(config, table)
        yield self._faster(config, table)

    def _smallest(self, config: Config, table: Table) -> Result:
        """Of all sizes together, each draw's mean; a size that both sweeps have counts once."""
        once = [place for place, rows in enumerate(config.rows) if not _is_shared(config, rows)]
        widths, rows = (
            [table.at(self.name, f"test {of}", name).values for name in ("ours", "mf")] for of in ("m", "n")
        )
        gaps = np.concatenate([widths[0] - widths[1], (rows[0] - rows[1])[once]])
        words = "over all m and n together ours has the smallest test error of the three, below that of MF"
        return _smaller(said(words, SOURCE), gaps.mean(axis=0))

    def _faster(self, config: Config, table: Table) -> Result:
        """What is left of the error with the most rows, of that with the fewest: of MF less that of NTK."""
        mf, ntk = (table.at(self.name, "test n", name).values for name in ("mf", "ntk"))
        ends = f"from n = {config.rows[0]} to {config.rows[-1]}"
        words = f"{ends} a smaller part of the test error is left under MF than under NTK"
        return mean_at_most(said(words, SOURCE), 0.0, of_draws(mf[-1] / mf[0] - ntk[-1] / ntk[0]))

    def panels(self, config: Config, table: Table) -> Sequence[Panel]:
        """Curves, errors, movement, and features as points."""
        return panels_of(self.name, config, table)


def _smaller(statement: Statement, gap: Array) -> Result:
    """The mean of gaps [draws] is below zero; its error is one test input's at least: no tie is won."""
    return mean_at_most(statement, 0.0, of_draws(gap), resolved=1.0 / (TESTED * len(gap)))


def _is_shared(config: Config, rows: int) -> bool:
    return rows == config.width_rows and config.rows_count in config.widths
