"""E3.3: two hidden layers, and numbers that do not keep the statements."""

import pytest
import torch

from limits.theorems import Verdict
from particles import DeepLaw, masses
from runs.studies.vignettes.experiments.layers import ELEVEN, FIXED, HALVES, STRAIGHT, Layers, network
from runs.study.table import Row, Table
from tests.draws import normals
from tests.runs.studies.claimed import changed, verdicts
from tests.runs.studies.vignettes.small import small
from tests.tolerances import assert_identical


def table(half: float = -0.6, fixed: float = 0.05, segments: float = -0.6, straight: float = 0.05) -> Table:
    """Numbers that go as these powers of N, of two seeds that hardly differ."""
    config, rows = small(), []
    powers = {("excess", curve): half for curve in HALVES} | {("excess", FIXED): fixed}
    powers |= {(quantity, ELEVEN): segments for quantity in ("barrier", "bound")} | {("barrier", STRAIGHT): straight}
    for seed in range(2):
        for width in config.layer_widths:
            for (quantity, curve), power in powers.items():
                value = (1.0 + 0.001 * seed) * float(width) ** power
                rows.append(Row("E3.3", quantity, curve, seed, float(width), value))
    return Table(tuple(rows))


@pytest.mark.parametrize(
    ("made", "words", "verdict"),
    [
        (table(), "half of", Verdict.HOLDS),
        (table(half=-0.2), "half of", Verdict.VIOLATED),
        (table(), "factor of two", Verdict.HOLDS),
        (table(fixed=-1.2), "factor of two", Verdict.VIOLATED),
        (table(), "eleven segments", Verdict.HOLDS),
        (table(segments=-0.1), "eleven segments", Verdict.VIOLATED),
        (table(), "straight line", Verdict.HOLDS),
        (table(straight=-0.6), "straight line", Verdict.VIOLATED),
        (table(), "max over the path", Verdict.HOLDS),
        (changed(table(), lambda row: row.value * (0.9 if row.quantity == "bound" else 1.0)), "max over", "violated"),
    ],
)
def test_statements_tell_right_numbers_from_wrong_ones(made: Table, words: str, verdict: str) -> None:
    """Assert that each statement holds of numbers that keep it and is violated by others."""
    found = verdicts(Layers(), small(), made, words)
    assert found == {verdict} or words == "half of" and verdict in found and len(found) == 1


def test_network_is_a_mean_in_every_layer() -> None:
    """Assert that f(x) = (1/N) sum_j a_j tanh((1/N) sum_i W_ji tanh(w_i . x)), with w of variance 1/d."""
    neuron = network(small(), 5)
    cloud = DeepLaw(neuron).sample(masses=masses.uniform(1), seed=0)
    w, inner, a = (cloud.positions[0, columns] for columns in neuron.groups.values())
    x = normals(7, 10, seed=1)
    hidden = torch.tanh(torch.tanh(x @ w.reshape(5, 10).T) @ inner.reshape(5, 5).T / 5.0)
    expected = hidden @ a[:, None] / 5.0
    found = neuron.tangent(cloud.positions, neuron.embed(x)).features()[0]
    assert_identical(found, expected)
    assert float(DeepLaw(network(small(), 400)).sample(masses=masses.uniform(1), seed=0).positions[0, :4000].var()) == (
        pytest.approx(0.1, rel=0.1)
    )


def test_smoke_paths_keep_the_theorem(vignettes_table: Table) -> None:
    """Assert that barriers of eleven segments keep the bound, and that panels show all."""
    config = small()
    assert verdicts(Layers(), config, vignettes_table, "max over the path") == {Verdict.HOLDS}
    assert [len(panel.lines) for panel in Layers().panels(config, vignettes_table)] == [4, 2]
