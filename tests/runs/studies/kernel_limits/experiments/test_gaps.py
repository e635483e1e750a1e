"""The lazy gap of networks, and its table."""

import math

from runs.studies.kernel_limits.config import NETWORKS
from runs.studies.kernel_limits.experiments.gaps import Gaps, gaps
from runs.studies.kernel_limits.problem import Problem
from runs.study.table import Row, Table
from tests.runs.studies.kernel_limits.problems import small


def test_gaps_grow_in_time_and_vanish_in_width_where_training_is_lazy() -> None:
    """Assert that gaps begin near zero, and that only under NTK with equal masses a wider network is much nearer."""
    problem, ends = Problem.of(small()), {}
    for network in NETWORKS:
        for width in (64, 1024):
            found = gaps(problem, network, width, 1)
            assert (found[0][0], found[-1][0]) == (0.5, 5.0)
            assert 0.0 < found[0][1] < 0.5 * found[-1][1]
            ends[network.name, width] = found[-1][1]
    assert ends["ntk", 1024] < 0.2 * ends["ntk", 64]
    assert ends["mean-field", 1024] > 0.6 * ends["mean-field", 64]
    assert ends["asymmetrical", 1024] > 0.3 * ends["asymmetrical", 64]


def test_gap_of_a_hundred_particles_is_one_under_both_scalings() -> None:
    """Assert that lazy scaling with scale sqrt(m) and equal masses trains as NTK does."""
    problem = Problem.of(small())
    one, other = (gaps(problem, NETWORKS[number], 100, 0) for number in (0, 3))
    assert all(math.isclose(gap, same, rel_tol=1e-6) for (_, gap), (_, same) in zip(one, other, strict=True))


def planted(power: float) -> Table:
    """Gaps that grow with time and fall with this power of the width, for two seeds."""
    sizes = [(network, seed, width) for network in NETWORKS for seed in (0, 1) for width in (8, 32)]
    rows = [
        Row("gap", f"m = {width}", network.name, seed, time, (1.0 + 0.01 * seed) * time * width**power)
        for network, seed, width in sizes
        for time in (1.0, 5.0)
    ]
    return Table(tuple(rows))


def test_gaps_at_the_end_are_against_width() -> None:
    """Assert that the last time is taken, seed by seed, and that a network without rows has no curve."""
    found = Gaps().final(small(), planted(-1.0), "lazy")
    assert found.x.tolist() == [8.0, 32.0]
    assert found.values.tolist() == [[5.0 / 8.0, 5.05 / 8.0], [5.0 / 32.0, 5.05 / 32.0]]
    assert Gaps().final(small(), Table(), "lazy").values.size == 0


def test_claims_tell_lazy_training_from_what_is_not() -> None:
    """Assert that 1/m is found for NTK with equal masses, and that the others are violated if theirs fall so too."""
    verdicts = [claim.verdict for claim in Gaps().claims(small(), planted(-1.0))]
    assert verdicts == ["holds", "violated", "violated"]
    assert [claim.verdict for claim in Gaps().claims(small(), planted(-0.1))] == ["violated", "holds", "holds"]


def test_panels_are_against_time_and_width() -> None:
    """Assert that two networks have their widths against time, and all networks their colours against width."""
    equal, unequal, final = Gaps().panels(small(), planted(-1.0))
    assert [line.label for line in equal.lines] == ["m = 8", "m = 32"] and len(unequal.lines) == 2
    assert [line.colour for line in final.lines] == [network.colour for network in NETWORKS]
    assert (final.lines[0].values[1] == equal.lines[1].values[-1]).all()
