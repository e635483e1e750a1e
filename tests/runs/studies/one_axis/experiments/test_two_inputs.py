"""Figure 6 at the smoke scale, and claims of planted rows."""

import pytest

from limits.theorems import Verdict
from runs.studies.one_axis.experiments.two_inputs import NOISY, PLAIN, RIDGED, TwoInputs, curve_of, steps_of
from runs.studies.one_axis.teacher import Students
from runs.study.table import Row, Table
from tests.runs.studies.claimed import changed, verdicts
from tests.runs.studies.one_axis.small import small

TWO = TwoInputs()
CONFIG = small(teacher_counts=(4, 8, 40), teacher_steps=10_000)
ERRORS = {4: 5.6e-3, 8: 2e-4, 40: 9e-5}
#: What the widest students are like: with L2, and with noise.
FOUND = {"wasted": (0.27, 0.2), "angle": (0.06, 2.2), "output": (1.45, 1.48), "found": (0.66, 0.69)}


def table() -> Table:
    """Rows of which every statement holds."""
    rows = []
    for seed in range(4):
        noise = 1.0 + 0.01 * seed
        for count, error in ERRORS.items():
            for step in (1000.0, 10_000.0):
                rows.append(Row("E4.5", "error", curve_of(count, PLAIN), seed, step, error * noise))
        for name, values in FOUND.items():
            for kind, value in zip((RIDGED, NOISY), values, strict=True):
                rows.append(Row("E4.5", name, kind.name, seed, 400.0, value * noise))
    return Table(tuple(rows))


@pytest.mark.parametrize(
    ("words", "quantity", "curve", "value"),
    [
        ("falls with m after 1,000", "error", "m = 40", 1e-2),
        ("falls with m after all", "error", "m = 8", 1e-6),
        ("m = 4: E", "error", "m = 4", 1e-4),
        ("m = 8: E", "error", "m = 8", 1e-3),
        ("m = 40: E", "error", "m = 40", 1e-3),
        ("leaves fewer particles", "wasted", "L2", 0.1),
        ("L2: particles of u >= 1", "angle", "L2", 3.0),
        ("L2 + noise: particles of u >= 1", "angle", "L2 + noise", 8.0),
        ("L2: u of these", "output", "L2", 1.1),
    ],
)
def test_claims_hold_and_can_fail(words: str, quantity: str, curve: str, value: float) -> None:
    """Assert that each statement holds of numbers like the paper's, and is violated by others."""
    assert verdicts(TWO, CONFIG, table(), words) == {Verdict.HOLDS}
    planted = changed(table(), lambda row: value if (row.quantity, row.curve) == (quantity, curve) else row.value)
    assert Verdict.VIOLATED in verdicts(TWO, CONFIG, planted, words)


def test_smoke_rows_are_those_of_all_students(axis_table: Table) -> None:
    """Assert that every student has its errors at the first and last steps, and the widest its particles."""
    config, own = small(), axis_table.of("E4.5")
    for count in config.teacher_counts:
        curve = own.at("E4.5", "error", curve_of(count, PLAIN))
        assert curve.values.shape == (len(steps_of(config)), config.teacher_seeds)
        assert curve.mean[-1] < curve.mean[0]
    for kind in (RIDGED, NOISY):
        assert own.at("E4.5", "wasted", kind.name).values.shape == (1, config.teacher_wide_seeds)


def test_students_of_one_width_are_side_by_side() -> None:
    """Assert that cases hold all seeds of small students, and one of the widest ones each."""
    cases = {case.name: case.what for case in TWO.cases(CONFIG)}
    assert cases["m4"] == cases["m4"] and isinstance(cases["m4"], Students)
    assert cases["m4"].seeds == tuple(range(CONFIG.teacher_seeds)) and cases["m24-L2-noise-seed1"].seeds == (1,)
