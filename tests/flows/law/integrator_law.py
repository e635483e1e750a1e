"""The law of integrators over many random problems, as a table: `python -m tests.flows.law.integrator_law --count 400`.

`--seed 123 --method BDF -v` judges one run and says what was found. Ends with status 1 where the law is broken.
"""

import argparse
import math
import sys
import time as clock
from collections import defaultdict
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import torch

from tests.flows.law.exact_problems import FAMILIES
from tests.flows.law.law_judge import METHODS, PATIENCE, VERDICTS, Case, Judgement
from tests.flows.law.random_problems import grouped_problem, random_problem

HEADER = f"{'method':14s}{'asked':>6s}{'held':>6s}{'refused':>8s}{'amplified':>10s}{'wrong':>6s}{'hung':>5s}"
HEADER += f"{'median':>9s}{'90 %':>9s}{'worst':>9s}{'inside':>9s}{'drift':>8s}{'seconds':>9s}"

AGAIN = "one again: python -m tests.flows.law.integrator_law --seed SEED --method METHOD -v"


#: Runs that are known to break the law, by family, number and method; `--open` judges them like the others.
OPEN: dict[tuple[str, int, str], str] = {
    (
        "random",
        442,
        "Adaptive",
    ): "one input, no bias: a neuron is held where all data have their kink: 34 times",
    ("random", 442, "BDF"): "the same",
    ("random", 571, "Adaptive"): "held, but after 50 s: outputs of thousands make the loss a step, and the path slides",
    ("random", 1525, "Exponential"): "not lazy: takes longer than 20 s, and BDF a second",
    ("random", 1553, "Adaptive"): "inputs of 3e4 make sigmoids steps: 45 times",
    ("random", 1779, "Adaptive"): "inputs of 5e4 make GELU a kink, along which the path slides: 540 times",
    ("random", 1793, "Adaptive"): "float32: 10.1 times",
    ("random", 1955, "DormandPrince"): "float32, six steps across a kink at rtol 1e-2: 14 times",
    ("grouped", 40, "DormandPrince"): "17 steps across a kink at rtol 1e-2: 25 times",
    ("grouped", 42, "Adaptive"): "inputs of 2e3 make GELU a kink: at the wrong side of it, as is DormandPrince",
    ("grouped", 42, "BDF"): "the same",
    ("grouped", 152, "Adaptive"): "inputs of 3e2 make softplus a kink, a softmax is on it: 160 times",
    ("grouped", 152, "BDF"): "the same",
}


class Table:
    """Judgements of every method on every problem, and the numbers of the problems left out."""

    def __init__(self, family: str = "random", known: Collection[tuple[str, int, str]] = ()) -> None:
        self.family, self.open = family, known
        self.described: dict[int, str] = {}
        self.rows: dict[str, dict[int, Judgement]] = defaultdict(dict)
        self.left_out: list[int] = []
        self.not_asked: dict[str, int] = defaultdict(int)

    def judge(self, seed: int, methods: Sequence[str], patience: float = PATIENCE) -> None:
        """Every method asked on this problem."""
        case = drawn(self.family, seed)
        if case is None:
            self.left_out.append(seed)
            return
        self.described[seed] = case.problem.described
        for method in methods:
            if case.asked(method):
                self.rows[method][seed] = case.judged(METHODS[method], patience)
            else:
                self.not_asked[method] += 1

    @property
    def printed(self) -> str:
        """A line for every method; ratios of the runs that were not refused."""
        lines = [HEADER]
        for method, found in self.rows.items():
            verdicts = [judgement.verdict for judgement in found.values()]
            counts = [verdicts.count(verdict) for verdict in VERDICTS]
            ratios = [judgement.ratio for judgement in found.values() if not math.isnan(judgement.ratio)] or [math.nan]
            spread = [float(np.quantile(ratios, part, method="nearest")) for part in (0.5, 0.9, 1.0)]
            spread.append(
                max((judgement.inside for judgement in found.values() if judgement.inside >= 0.0), default=math.nan)
            )
            drift = max(judgement.drift for judgement in found.values())
            seconds = sum(judgement.seconds for judgement in found.values())
            lines.append(
                f"{method:14s}{len(found):6d}{counts[0]:6d}{counts[1]:8d}{counts[2]:10d}{counts[3]:6d}{counts[4]:5d}"
                + "".join(f"{number:9.2g}" for number in spread)
                + f"{drift:8.0f}{seconds:9.1f}"
            )
        asked = ", ".join(f"{method} {number}" for method, number in self.not_asked.items())
        return "\n".join([*lines, f"left out: {len(self.left_out)} without a credible reference; not asked: {asked}"])

    @property
    def broken(self) -> str:
        """The lines of the failures that are neither refusals nor amplified; empty where the law is kept."""
        said = [(line, line.split()) for line in self.failures.splitlines()]
        known = {(seed, method) for family, seed, method in self.open if family == self.family}
        bad = ("wrong", "hung")
        return "\n".join(line for line, words in said if words[2] in bad and (int(words[1]), words[0]) not in known)

    @property
    def failures(self) -> str:
        """A line for every run that did not keep the law, worst first, and for every refusal."""
        lines = []
        for method, found in self.rows.items():
            bad = {seed: judgement for seed, judgement in found.items() if judgement.verdict != "held"}
            for seed, judgement in sorted(
                bad.items(), key=lambda pair: (-VERDICTS.index(pair[1].verdict), -pair[1].ratio)
            ):
                lines.append(f"{method:14s}{seed:6d} {line(judgement)} | {self.described[seed]}")
        return "\n".join(lines)


def in_turn(seed: int) -> list[str]:
    """`Adaptive` and one of the others, by the number of the problem."""
    others = [method for method in METHODS if method != "Adaptive"]
    return ["Adaptive", others[seed % len(others)]]


def drawn(family: str, seed: int) -> Case | None:
    """The problem of this number in a family, with its reference; None where that cannot be believed."""
    if family in FAMILIES:
        return Case.of(*FAMILIES[family](seed))
    return Case.of(grouped_problem(seed) if family == "grouped" else random_problem(seed))


def line(judgement: Judgement) -> str:
    """A judgement in a line."""
    found = f"positions {judgement.positions:8.2g} function {judgement.function:8.2g} inside {judgement.inside:8.2g}"
    cost = f"drift {judgement.drift:.0f} steps {judgement.steps} seconds {judgement.seconds:.2f}"
    return f"{judgement.verdict:10s}{judgement.said or found} {cost}"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--family", default="random", choices=["random", "grouped", *FAMILIES])
    parser.add_argument("--seed", type=int, action="append")
    parser.add_argument("--method", action="append", choices=list(METHODS))
    parser.add_argument("--turn", action="store_true", help="Adaptive on every problem, the others in turn")
    parser.add_argument("--patience", type=float, default=PATIENCE)
    parser.add_argument("--failures", type=Path)
    parser.add_argument("--open", action="store_true", help="also what is known to break the law breaks it")
    parser.add_argument("-v", "--verbose", action="store_true")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    table, begun = Table(asked.family, () if asked.open else OPEN), clock.perf_counter()
    for seed in asked.seed or range(asked.first, asked.first + asked.count):
        table.judge(seed, in_turn(seed) if asked.turn else asked.method or list(METHODS), asked.patience)
        if asked.verbose:
            print(table.described.get(seed, "left out"))
            for method, found in table.rows.items():
                if seed in found:
                    print(f"  {method:14s}{line(found[seed])}", flush=True)
        if asked.failures:
            asked.failures.write_text(f"{clock.ctime()}; {AGAIN}\n{table.printed}\n\n{table.failures}\n")
    print(f"{table.printed}\n{clock.perf_counter() - begun:.0f} s")
    if table.broken:
        sys.exit(table.broken)


if __name__ == "__main__":
    main()
