"""E3.2: barriers, and numbers that do not keep the statements."""

import pytest

from limits.theorems import Verdict
from runs.studies.vignettes.experiments.connectivity import FLIPPED, KINDS, PAIRED, SEVEN, Connectivity
from runs.study.table import Row, Table
from tests.runs.studies.claimed import changed, said, verdicts
from tests.runs.studies.vignettes.small import small

COUNTS = (400, 800, 1600)
CONFIG = small(connect_counts=COUNTS)


def table(powers: tuple[float, float, float, float] = (-0.7, 0.05, -1.2, -1.4)) -> Table:
    """Barriers that go as these powers of N along the four paths, of three seeds."""
    rows = []
    for seed in range(3):
        for count in COUNTS:
            for kind, power in zip(KINDS, powers, strict=True):
                value = (1.0 + 0.01 * seed) * (count / 10.0) ** power
                rows.append(Row("E3.2", "barrier", kind, seed, float(count), value))
                if kind == SEVEN:
                    rows.append(Row("E3.2", "bound", kind, seed, float(count), value))
    return Table(tuple(rows))


@pytest.mark.parametrize(
    ("made", "words", "verdict"),
    [
        (table(), "max over the path", Verdict.HOLDS),
        (changed(table(), lambda row: row.value * (1.1 if row.quantity == "barrier" else 1.0)), "max over", "violated"),
        (table(), "of seven segments between two runs", Verdict.HOLDS),
        (table((-0.1, 0.0, -1.2, -1.4)), "of seven segments between two runs", Verdict.VIOLATED),
        (table(), "straight line does not fall", Verdict.HOLDS),
        (table((-0.7, -0.7, -1.2, -1.4)), "straight line does not fall", Verdict.VIOLATED),
        (table(), "seven segments < 0.1", Verdict.HOLDS),
        (table((-0.3, 0.0, -1.2, -1.4)), "seven segments < 0.1", Verdict.VIOLATED),
        (table(), "the barrier of transport is at most", Verdict.HOLDS),
        (table((-0.7, 0.0, 0.2, -1.4)), "the barrier of transport is at most", Verdict.VIOLATED),
        (table(), "transport up to sign is at most", Verdict.HOLDS),
        (table((-0.7, 0.0, -1.2, 0.2)), "transport up to sign is at most", Verdict.VIOLATED),
    ],
)
def test_statements_tell_right_numbers_from_wrong_ones(made: Table, words: str, verdict: str) -> None:
    """Assert that each statement holds of numbers that keep it and is violated by others."""
    assert verdicts(Connectivity(), CONFIG, made, words) == {verdict}


def test_narrow_networks_say_nothing_of_the_contrast() -> None:
    """Assert that below 1600 particles the part of the straight line's barrier is not claimed."""
    (claim,) = said(Connectivity(), small(connect_counts=(400, 800, 1000)), table(), "seven segments < 0.1")
    assert claim.failing == ("N >= 1600",)


def test_smoke_paths_keep_the_theorem(vignettes_table: Table) -> None:
    """Assert that measured barriers keep the bound, that curves begin and end at the same losses, and are drawn."""
    config = small()
    assert verdicts(Connectivity(), config, vignettes_table, "max over the path") == {Verdict.HOLDS}
    ends = [vignettes_table.at("E3.2", "loss along", kind).mean[[0, -1]] for kind in KINDS]
    assert all(one == pytest.approx(ends[0], rel=1e-9) for one in ends)
    distances = [float(vignettes_table.at("E3.2", "distance", kind).mean[-1]) for kind in (FLIPPED, PAIRED)]
    assert distances[0] <= distances[1]
    first, second = Connectivity().panels(config, vignettes_table)
    assert len(first.lines) == 5 and [line.label for line in second.lines] == list(KINDS)
