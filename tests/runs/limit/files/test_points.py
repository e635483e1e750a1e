"""The points of a study file: one for each network, whatever its width, and what has no limit."""

from pathlib import Path
from typing import Any

import pytest

from runs.limit.files.points import MOST_TIMES, points_of, settings_of, times_of
from runs.studyfile.model.reading import read_study
from runs.system.refusal import Refusal
from tests.runs.studyfile.small.studies import config, write_study


def test_widths_and_seeds_are_one_point(tmp_path: Path) -> None:
    """Assert that runs which differ in width, seed and frames are one point, and others are points of their own."""
    over = {"masses.count": [8, 4], "neuron.activation": ["tanh", "relu"]}
    study = read_study(write_study(tmp_path, {"seeds": 3, "sweep": {"over": over}}))
    points = points_of(study)
    assert [point.varied for point in points] == [{"neuron.activation.kind": name} for name in ("tanh", "relu")]
    assert [point.widths for point in points] == [(4, 8), (4, 8)] and points[0].times == (1.0,)
    assert settings_of(points) == ["neuron.activation.kind"]
    assert points[1].label == "neuron.activation.kind = relu" and len({point.digest for point in points}) == 2
    (alone,) = points_of(read_study(write_study(tmp_path, {"frames": {"time": 0.5}, "masses.count": 9})))
    assert (alone.label, alone.varied) == ("", {}) and alone.digest == points[0].digest


def test_seeds_of_masses_are_those_of_samples(tmp_path: Path) -> None:
    """Assert that networks of random masses are one point whatever the seed of these, and another one by their law."""
    seeds = {"masses": {"kind": "beta", "count": 4, "a": 1.0, "b": 1.0}, "sweep": {"over": {"masses.seed": [0, 1]}}}
    assert len(points_of(read_study(write_study(tmp_path, seeds)))) == 1
    laws = {**seeds, "sweep": {"over": {"masses.a": [1.0, 2.0]}}}
    assert len(points_of(read_study(write_study(tmp_path, laws)))) == 2


@pytest.mark.parametrize(
    ("records", "times"),
    [
        (None, [1.0]),
        ({"time": 0.3}, [0.3, 0.6, 0.9, 1.0]),
        ({"time": 0.25}, [0.25, 0.5, 0.75, 1.0]),
        ({"steps": 4}, [0.5, 1.0]),
        ({"first": 0.25, "last": 1.0, "count": 3}, [0.25, 0.5, 1.0]),
        ({"first": 0.5, "last": 8.0, "count": 5}, [0.5, 1.0]),
    ],
)
def test_times_are_those_of_records_and_the_end(records: dict[str, Any] | None, times: list[float]) -> None:
    """Assert that clouds are measured when runs are recorded, and at the end."""
    assert times_of(config({} if records is None else {"records": records})) == pytest.approx(times, rel=1e-12)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"stop_below": 0.1}, "stop_below ends clouds of one network at different times, which have no limit"),
        ({"stop_above": {"observable": "risk", "level": 1.0}}, "stop_above ends clouds"),
        (
            {"law": {"points": "sobol"}},
            'points of .law. are "sobol", but such clouds do not fluctuate as networks do',
        ),
        ({"records": {"time": 1e-3}}, f"records asks for .* times, but a limit is estimated at {MOST_TIMES} at most"),
        ({"records": {"steps": 2}, "integrator": "adaptive"}, "needs an integrator with a step: take time = ..."),
    ],
)
def test_what_has_no_limit_is_refused(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    """Assert that one sentence says why."""
    with pytest.raises(Refusal, match=told):
        points_of(read_study(write_study(tmp_path, changes)))
