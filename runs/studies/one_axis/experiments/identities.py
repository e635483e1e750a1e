"""The identities of the paper on small networks, kernels of finite width, and training with L2 as alpha grows."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
import torch

from flows import RK4, GradientFlow, evolve
from limits import TangentKernel, tangent_kernel, total_variance
from limits.theorems import Result, Verdict, as_slope, slope_within
from limits.theorems.one_axis.regularised_kernel import gaps_of
from limits.theorems.one_axis.sampling import variances
from particles import GaussianLaw, GaussianOutputs, ParticleCloud, masses
from particles.numerics.randomness import generator
from runs.batch.jobs import Report
from runs.figures.palette import COLOURS, GREY
from runs.studies.one_axis.checked import MODELS, STATEMENTS, Model, drawn, results_of, ridged
from runs.studies.one_axis.config import Config
from runs.studies.one_axis.statements import empirical
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Curve, Row, Table

#: What a row has of a result, and verdicts by their number.
PARTS, VERDICTS = ("bound", "measured", "margin", "verdict", "error"), tuple(Verdict)
#: The kernels, with what is trained in them.
KERNELS = {"k^u": "output", "k^u + k^theta": "both"}
LABELS = {"k^u": "$k^u$", "k^u + k^theta": r"$k^u+k^\theta$"}
#: alpha of networks that are compared with the regularised kernel, from where its slope is taken, L2 over alpha^2.
ALPHAS, LAZY_FROM, DECAY, UNTIL = (1.0, 3.0, 10.0, 30.0, 100.0), 10.0, 0.1, 2.0
#: How the strength of L2 grows with alpha.
FIXED, GROWN = "lambda = 0.1", "lambda = 0.1 alpha^2"
STRONG = {FIXED: 0.0, GROWN: 2.0}
SHOWN = {FIXED: r"$\lambda=0.1$", GROWN: r"$\lambda=0.1\,\alpha^2$"}
FILE = "identities.png"
KERNEL_CASE, LAZY_CASE, DRAWN_CASE, SAMPLED = "kernels", "regularised", "drawn", "|f_m - f|^2"


@dataclass(frozen=True)
class Identities(Experiment):
    """Bound, measured value, margin and verdict of every identity, whose x is m, and what is measured beside them.

    `deviation` is |k_m - k|_F / |k|_F, `gap` |P^(1/2) (f - f_t)| / |P^(1/2) r_0| between a network with L2 and the flow
    of its regularised kernel, `sampled` and `exact` the two sides of (24).
    """

    name = "E4.0"
    title = "Identities"
    figure = "sections II to V"

    def about(self, config: Config) -> str:
        """Sizes."""
        return f"m = {config.identity_count}, {config.identity_draws} draws of kernels"

    def cases(self, config: Config) -> list[Case]:
        """One a model, one for kernels, one for regularised ones, one for samples."""
        models = [Case(f"model{number}", 0, 1, model) for number, model in enumerate(MODELS)]
        return [*models, Case(KERNEL_CASE), Case(LAZY_CASE), Case(DRAWN_CASE)]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """Of one case."""
        if case.name == KERNEL_CASE:
            yield from self._kernels(config, report)
        elif case.name == LAZY_CASE:
            yield from self._regularised(config)
        elif case.name == DRAWN_CASE:
            yield from self._drawn(config)
        else:
            for name, result in results_of(case.what, config.identity_count, case.seed):
                numbers = {part: getattr(result, part) for part in PARTS}
                numbers["verdict"] = float(VERDICTS.index(result.verdict))
                for part, value in numbers.items():
                    yield Row(self.name, f"{name}: {part}", case.what.label, 0, float(config.identity_count), value)

    def _kernels(self, config: Config, report: Report) -> Iterator[Row]:
        """|k_m - k|_F / |k|_F of both kernels."""
        x = drawn(0).inputs
        for name, trained in KERNELS.items():
            kernel = kernel_of(trained)
            limit = kernel(x)
            for count in config.identity_widths:
                for seed in range(config.identity_draws):
                    start = kernel.law.sample(masses=masses.uniform(count), seed=seed)
                    away = (kernel.sampled(start, x) - limit).norm() / limit.norm()
                    yield Row(self.name, "deviation", name, seed, float(count), float(away))
                report(0)

    def predicted(self, config: Config) -> Iterator[Row]:
        """sqrt(E |k_m - k|_F^2) / |k|_F, exact at every m."""
        x = drawn(0).inputs
        for name, trained in KERNELS.items():
            kernel = kernel_of(trained)
            for count in config.identity_widths:
                exact = total_variance(kernel, x, masses.uniform(count)) ** 0.5 / float(kernel(x).norm())
                yield Row(self.name, "deviation", name, None, float(count), exact)

    def _regularised(self, config: Config) -> Iterator[Row]:
        """The gap of networks with L2 to the flow of their regularised kernel, at one time of the lazy flow."""
        times = torch.tensor([UNTIL], dtype=torch.float64)
        for seed, alpha in product(range(config.identity_seeds), ALPHAS):
            network = replace(Model("", alpha).network(config.identity_count, seed), paired=True)
            for curve, power in STRONG.items():
                risk, start = ridged(network.risk, DECAY * alpha**power), network.start(seed)
                end = evolve(GradientFlow(risk), start, RK4(step=0.1), until=UNTIL)
                gaps, scale = gaps_of(risk, start, risk.predictions(end)[None], times)
                yield Row(self.name, "gap", curve, seed, alpha, float(gaps[0]) / scale)

    def _drawn(self, config: Config) -> Iterator[Row]:
        """Both sides of (24) against the number of particles drawn, from a cloud of unequal masses."""
        model = MODELS[1]
        network = model.network(config.identity_count, 0)
        risk, start = network.risk, model.start(network, 0)
        total, weights = risk.predictions(start), risk.data.weights
        chances, exact = (start.masses / start.masses.sum()).numpy(), float(variances(risk, start)[0])
        for count in config.identity_widths:
            yield Row(self.name, "exact", SAMPLED, 0, float(count), exact / count)
            for seed in range(config.identity_draws):
                picked = generator(seed, "picked particles").choice(start.count, count, p=chances)
                few = ParticleCloud(start.positions[torch.from_numpy(picked)])
                away = weights @ (risk.predictions(few) - total).square()[:, 0]
                yield Row(self.name, "sampled", SAMPLED, seed, float(count), float(away))

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """What was checked, as it was found; rates in m and in alpha."""
        for model in MODELS:
            for name, said in STATEMENTS.items():
                found = {part: table.at(self.name, f"{name}: {part}", model.label) for part in PARTS}
                if found["verdict"].values.size:
                    bound, measured, margin, verdict, error = (float(curve.last[0]) for curve in found.values())
                    text, reached = f"{model.label}: {said.text}", VERDICTS[int(verdict)]
                    yield Result(text, said.source, (), bound, measured, reached, margin, error, said.proven)
        for name in KERNELS:
            slope = table.at(self.name, "deviation", name).slope
            words = f"|{name} of m particles less its limit| falls as m^(-1/2)"
            yield as_slope(empirical(words, "section III"), (), -0.5, slope)
        slope = table.at(self.name, "sampled", SAMPLED).slope
        yield as_slope(empirical("|f_m - f|^2 of m particles drawn falls as 1/m", "(24)"), (), -1.0, slope)
        slopes = {curve: _lazy(table.at(self.name, "gap", curve)).slope for curve in STRONG}
        words = f"alpha >= {LAZY_FROM:g}, symmetric pairs: the gap to the regularised kernel falls as 1/alpha^2"
        yield slope_within(empirical(f"{words}, {FIXED}", "(14), rate ours"), (), slopes[FIXED], least=-2.1, most=-1.9)
        words = "weights that decay in the time of training are never in the linear regime: the gap does not fall"
        yield slope_within(empirical(f"{words}, {GROWN}", "(14), rate ours"), (), slopes[GROWN], least=-0.1, most=0.1)

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Kernels and samples against m, the regularised kernel against alpha, both sides of (22) along a run."""
        kernels = []
        for name, colour in zip(KERNELS, COLOURS, strict=False):
            kernels.append(Line.of(LABELS[name], colour, table.at(self.name, "deviation", name)))
            exact = table.at(self.name, "deviation", name, predicted=True)
            kernels.append(Line.of("", colour, exact, "dashed"))
        sampled = (
            Line.of("drawn", COLOURS[0], table.at(self.name, "sampled", SAMPLED)),
            Line.of("exact", GREY, table.at(self.name, "exact", SAMPLED), "dashed"),
        )
        gaps = tuple(
            Line.of(SHOWN[curve], colour, table.at(self.name, "gap", curve))
            for curve, colour in zip(STRONG, COLOURS[2:], strict=False)
        )
        return [
            Panel(FILE, "Kernels (dashed: exact)", "particles m", tuple(kernels), r"$|k_m-k|_F\,/\,|k|_F$"),
            Panel(FILE, "Particles drawn, (24)", "particles m", sampled, r"$|f_m-f_\rho|^2$"),
            Panel(FILE, "L2 in the lazy regime, (14)", r"$\alpha$", gaps, "gap of f"),
        ]


def kernel_of(trained: str) -> TangentKernel:
    """The limit of the tangent kernel of networks of which this is trained."""
    neuron = MODELS[0].network(1, 0, trained=trained).neuron
    return tangent_kernel(neuron, GaussianLaw(neuron, GaussianOutputs()))


def _lazy(curve: Curve) -> Curve:
    """The part of a curve from where training is lazy, each network relative to its own mean."""
    kept = curve.x >= LAZY_FROM
    values = curve.values[kept]
    return Curve(curve.x[kept], values / np.exp(np.log(values).mean(axis=0)), curve.errors[kept], curve.seeds)
