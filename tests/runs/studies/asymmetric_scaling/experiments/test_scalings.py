"""The end values of the runs as rows, and what is claimed of them."""

import math
from pathlib import Path

import pytest

from particles import Trajectory
from runs.studies.asymmetric_scaling.config import SETTINGS, Config
from runs.studies.asymmetric_scaling.experiments.scalings import COLUMNS, ORDERED, PUBLISHED, Scalings
from runs.studies.asymmetric_scaling.study import STUDY
from runs.study.table import Row, Table
from tests.runs.study.smoke import Smoke


def configured(**given: object) -> Config:
    """The study's configuration."""
    config = STUDY.configured(device="cpu", **given)
    assert isinstance(config, Config)
    return config


def test_rows_hold_the_last_record_of_each_observable(smoke: Smoke) -> None:
    """Assert that numbers are those at the end of the file, at its time, and that wall times are among them."""
    table = Table.read(smoke.folder / "result.csv")
    with Trajectory.open(smoke.folder / "gamma0.2-seed0.h5") as trajectory:
        last = {name: series.values[-1] for name, series in trajectory.observables.items()}
    reused = {"pruned_train_risk": -1, "pruned_test_risk": -1, "transfer_risk": 0}
    for name in (*(COLUMNS.keys() & last.keys()), *reused):
        curve = table.at("E0.1", name, "gamma0.2")
        expected = last[name][reused[name]] if name in reused else last[name]
        assert (curve.x.tolist(), curve.seeds) == ([1000.0], (0,)) and curve.last.tolist() == [expected]
    assert not any("accuracy" in row.quantity for row in table)
    assert 0.0 < table.at("E0.1", "seconds", "gamma0.2").last[0] < 300.0


def test_complete_trajectories_give_rows_without_being_run(smoke: Smoke, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a file from before there were cases is read, and that nothing is known of its wall time."""

    def refuse(*arguments: object) -> None:
        raise AssertionError("run again")

    monkeypatch.setattr("runs.studies.asymmetric_scaling.experiments.scalings.train", refuse)
    config = configured(scale="smoke", out=smoke.folder)
    case = Scalings().cases(config)[1]
    rows = [*Scalings().measured(config, case, smoke.folder, lambda step: None)]
    held = [row for row in Table.read(smoke.folder / "result.csv") if row.curve == "gamma0.5"]
    assert repr(rows) == repr([row for row in held if row.quantity != "seconds"])
    assert Scalings().begun(config, case, smoke.folder) == 500


def test_cases_are_whole_comparisons(tmp_path: Path) -> None:
    """Assert that every setting of a seed comes before the next seed, and that nothing has begun in an empty folder."""
    config = configured(scale="smoke", out=tmp_path, seeds=2)
    cases = Scalings().cases(config)
    assert [case.name for case in cases] == [f"{one.name}-seed{seed}" for seed in (0, 1) for one in SETTINGS]
    assert {case.size for case in cases} == {500} and Scalings().begun(config, cases[0], tmp_path) == 0


def planted(values: dict[str, tuple[float, ...]], pruned: float = 1.05) -> Table:
    """End values of three seeds that scatter by a part in a thousand."""
    rows = []
    for name, own in values.items():
        for setting, value in zip(SETTINGS, own, strict=True):
            rows += [Row("E0.1", name, setting.name, seed, 1.0, value * (1.0 + 0.001 * seed)) for seed in range(3)]
    for seed in range(3):
        rows += [Row("E0.1", "train_risk", "gamma0.0", seed, 1.0, 0.1 + 0.01 * seed)]
        rows += [
            Row("E0.1", "pruned_train_risk", "gamma0.0", seed, 1.0, (0.1 + 0.01 * seed) * pruned * (1 + 1e-3 * seed))
        ]
    return Table(tuple(rows))


def test_claims_are_on_orders_and_pruning() -> None:
    """Assert that the published order holds and is violated upside down, and that pruning may cost a tenth at most."""
    config = configured(scale="laptop")
    assert [claim.verdict for claim in Scalings().claims(config, planted(PUBLISHED))] == ["holds"] * 4
    turned = {name: tuple(reversed(values)) for name, values in PUBLISHED.items()}
    assert [claim.verdict for claim in Scalings().claims(config, planted(turned, 1.5))] == ["violated"] * 4
    assert set(ORDERED) == set(PUBLISHED)


def test_published_numbers_are_compared_at_their_own_scale() -> None:
    """Assert that on simulated data at paper scale each is claimed to five percent, and not elsewhere."""
    config = configured(data="simulated", scale="paper")
    shifted = {name: tuple(1.2 * value for value in values) for name, values in PUBLISHED.items()}
    right, wrong = ([*Scalings().claims(config, planted(values))] for values in (PUBLISHED, shifted))
    assert [claim.verdict for claim in right] == ["holds"] * 16
    assert [claim.verdict for claim in wrong].count("violated") == 12 and not any(claim.proven for claim in wrong)


def test_one_seed_decides_nothing() -> None:
    """Assert that without a spread over seeds every order and the cost of pruning are undecided."""
    table = planted(PUBLISHED)
    one = Table(tuple(row for row in table if row.seed == 0))
    claims = [*Scalings().claims(configured(scale="smoke"), one)]
    assert [claim.verdict for claim in claims] == ["undecided"] * 4 and all(math.isnan(claim.error) for claim in claims)


def test_calls_that_compile_are_those_of_both_dtypes(tmp_path: Path) -> None:
    """Assert that each gives the risk of a start, in the dtype of observables and that of the flow, one where equal."""
    config = STUDY.configured(scale="smoke", data="simulated", out=tmp_path)
    double, single = (call() for call in Scalings().warmed(config))
    assert double != single and math.isclose(double, single, rel_tol=1e-5)
    assert len(Scalings().warmed(config.model_copy(update={"dtype": "float64"}))) == 1


def test_heavy_settings_are_known_to_take_longer(tmp_path: Path) -> None:
    """Assert that weights grow along the settings for an adaptive integrator, and are equal for descent."""
    adaptive, descent = (
        [case.weight for case in Scalings().cases(STUDY.configured(scale="smoke", integrator=name, out=tmp_path))]
        for name in ("adaptive", "descent")
    )
    assert adaptive == sorted(set(adaptive)) and set(descent) == {1.0}
