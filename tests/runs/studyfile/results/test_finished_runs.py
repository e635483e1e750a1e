"""What is read from the folder of a study: settings, states and ends."""

from pathlib import Path

import pytest

from particles import Trajectory
from runs.batch.crew import Stopped
from runs.studyfile.results.finished_runs import (
    BEGUN,
    COMPLETE,
    FAILED,
    WAITING,
    distinguishing,
    found_in,
    settings_of,
    varied,
)
from runs.studyfile.results.index import write_index
from runs.studyfile.running import perform
from tests.runs.studyfile.small.done import asked, done
from tests.runs.studyfile.test_running import stop_at


def test_runs_are_found_with_their_settings_and_ends(tmp_path: Path) -> None:
    """Assert that runs are sorted by what varies and their seeds, with the last records that stand in their files."""
    jobs = done(tmp_path)
    runs = found_in(tmp_path / "out", series=True)
    assert [(run.values["masses.count"], run.values["seed"]) for run in runs] == [(4, 0), (4, 1), (6, 0), (6, 1)]
    assert {run.name for run in runs} == {job.config.digest for job in jobs}
    for run in runs:
        with Trajectory.open(tmp_path / "out" / run.name / "run.h5") as trajectory:
            assert run.ends == {name: series.values[-1] for name, series in trajectory.observables.items()}
        assert run.state == COMPLETE and run.time == 1.0 and run.seconds is not None and run.seconds > 0.0
    settings = settings_of(runs, tmp_path / "out")
    assert [dict(setting.values) for setting in settings] == [{"masses.count": 4}, {"masses.count": 6}]
    assert settings[0].ends("risk") == [runs[0].ends["risk"], runs[1].ends["risk"]]
    assert distinguishing(settings) == ["masses.count"]


def test_states_are_told_apart(tmp_path: Path) -> None:
    """Assert that runs that wait, were begun, have failed, and were asked to go longer are said to be that."""
    first, second, third, _ = asked(tmp_path, {"observables": ["risk"]})
    perform(first, lambda steps: None)
    with pytest.raises(Stopped, match="now"):
        perform(second, stop_at(500))
    third.folder.mkdir(parents=True)
    third.error.write_text("broken")
    jobs = asked(tmp_path, {"observables": ["risk"]})
    states = {run.name: run.state for run in found_in(tmp_path / "out", jobs)}
    assert [states[job.config.digest] for job in jobs] == [COMPLETE, BEGUN, FAILED, WAITING]
    longer = asked(tmp_path, {"observables": ["risk"], "until": 2.0})
    states = {run.name: run.state for run in found_in(tmp_path / "out", longer)}
    assert states[first.config.digest] == BEGUN


def test_complete_runs_are_not_opened_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that of runs that are known only those that were not complete, or go longer now, are looked at again."""
    jobs = done(tmp_path)
    known = {run.name: run for run in found_in(tmp_path / "out")}
    monkeypatch.setattr(Trajectory, "open", None)
    assert found_in(tmp_path / "out", jobs, known=known) == list(known.values())
    with pytest.raises(TypeError, match="not callable"):
        found_in(tmp_path / "out", asked(tmp_path, {"until": 2.0}), known=known)


def test_odd_folders_beside_are_no_harm(tmp_path: Path) -> None:
    """Assert that a configuration without its keys, nested beyond sense, or none at all, ends nothing."""
    jobs, out = asked(tmp_path), tmp_path / "out"
    deep = '{"seed": 0, "until": 1.0, "x": ' + '{"a":' * 500 + "1" + "}" * 501
    odd = {"empty": "{}", "text": '{"until": "never"}', "deep": deep, "list": "[1]", "seed": '{"seed": [1, {}]}'}
    odd["bare"] = '{"seed": 0, "until": 1.0, "masses": []}'

    for name, config in odd.items():
        (out / name).mkdir()
        (out / name / "config.json").write_text('{"config": ' + config + "}")
        (out / name / "run.h5").write_text("nothing")
    (out / "none").mkdir()
    (out / "none" / "config.json").write_text("[")
    found = {run.name: run.state for run in found_in(out, jobs, series=True)}
    assert found == {**{job.folder.name: WAITING for job in jobs}, "bare": WAITING}
    write_index(found_in(out, jobs), out)
    assert len(settings_of(found_in(out, jobs), out)) == 3


def test_keys_that_are_varied_come_first_and_alone(tmp_path: Path) -> None:
    """Assert that both keys of a zip are told, of a varied table the first key, and ends that a study varies."""
    zipped = {"sweep": {"kind": "zip", "over": {"masses.count": [4, 6], "integrator.step": [0.25, 0.125]}}}
    jobs = asked(tmp_path, zipped)
    out = tmp_path / "out"
    settings = settings_of(found_in(out, jobs), out)
    assert distinguishing(settings) == ["masses.count", "integrator.step"]
    tables = {"sweep": {"over": {"scaling": ["ntk", {"kind": "lazy", "scale": 2.0}]}}}
    settings = settings_of(found_in(out, asked(tmp_path, tables)), out)
    assert distinguishing(settings) == ["scaling.kind"]
    assert varied([setting.values for setting in settings], out) == ["scaling.kind", "scaling.scale"]
    ends = asked(tmp_path, {"sweep": {"over": {"until": [0.5, 1.0]}}})
    assert [dict(each.values) for each in settings_of(found_in(out, ends), out)] == [{"until": 0.5}, {"until": 1.0}]
