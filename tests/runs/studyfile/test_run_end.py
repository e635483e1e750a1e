"""Runs that are made longer: with the bits of one run in one go, said in the file; shorter ones are refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from particles import Trajectory
from particles.trajectory.content.comparison import differing
from runs.batch.crew import Stopped
from runs.recorded import trajectory_run
from runs.recorded.origins import Held
from runs.studyfile.ensembles import perform_unit
from runs.studyfile.model.config import digest_of
from runs.studyfile.model.reading import read_study
from runs.studyfile.plan import planned
from runs.studyfile.run_end import older_names, refuse_ends, same_but_until
from runs.studyfile.running import WHOLE, Job, perform, refuse_changed
from runs.studyfile.study import jobs_of, with_sources
from runs.system.refusal import Refusal
from tests.long import long_after
from tests.runs.studyfile.small.studies import config, write_data, write_study

#: Looked at between the steps of methods that can, and at two ends neither of which a step of 0.0625 meets.
LOOKED = {"frames": {"time": 0.2}, "records": {"time": 0.03}, "observables": ["risk", "mean_movement"]}
SHORT, LONG = 0.7, 1.9
NOISY = {"flow": {"kind": "langevin", "temperature": 0.1}, "scaling": "mean-field"}
SPRUNG = {"flow": {"kind": "underdamped", "temperature": 0.1, "friction": 1.0}, "scaling": "mean-field"}
METHODS: dict[str, dict[str, Any]] = {
    "euler": {"integrator": {"kind": "euler", "step": 0.0625}},
    "bound": {"integrator": {"kind": "rk4", "step": "bound", "safety": 0.01}},
    "langevin": {**NOISY, "integrator": {"kind": "euler-maruyama", "step": 0.0625}},
    "leimkuhler-matthews": {**NOISY, "integrator": {"kind": "leimkuhler-matthews", "step": 0.0625}},
    "baoab": {**SPRUNG, "integrator": {"kind": "baoab", "step": 0.0625}},
    "minibatch": {
        "flow": {"kind": "minibatch", "size": 2, "step": 0.0625},
        "integrator": {"kind": "euler", "step": 0.0625},
    },
    "minibatch-langevin": {
        **NOISY,
        "flow": {"kind": "minibatch-langevin", "temperature": 0.1, "size": 2, "step": 0.0625},
        "integrator": {"kind": "euler-maruyama", "step": 0.0625},
    },
    "heavy-ball": {"integrator": {"kind": "heavy-ball", "step": 0.0625, "nesterov": True}},
    "adam": {
        "integrator": {
            "kind": "adam",
            "step": 0.0625,
            "weight_decay": 0.1,
            "schedule": {"kind": "warmup", "over": 0.5, "then": {"kind": "cosine-decay", "until": 2.0}},
        }
    },
    "dormand-prince": {"integrator": {"kind": "dormand-prince", "rtol": 1e-10}},
    "chebyshev": {"integrator": {"kind": "chebyshev", "rtol": 1e-6}},
    "bdf": {"integrator": {"kind": "bdf", "rtol": 1e-6}},
    "adaptive": {"scaling": "mean-field", "integrator": {"kind": "adaptive", "rtol": 1e-6}},
}


def quiet(steps: int) -> None:
    """A report that nobody hears."""


def job(folder: Path, out: str, until: float, changes: dict[str, Any] | None = None) -> Job:
    """The small study's run until then."""
    return Job(config({**LOOKED, "until": until, **(changes or {})}), folder, folder / out)


@pytest.mark.parametrize("changes", METHODS.values(), ids=METHODS)
def test_an_extended_run_has_the_bits_of_one_in_one_go(tmp_path: Path, changes: dict[str, Any]) -> None:
    """Assert that no dataset tells a run that was extended, twice, from one that went until there at once."""
    write_data(tmp_path)
    for until in (SHORT, 1.3, LONG):
        grown = job(tmp_path, "grown", until, changes)
        assert grown.done() < WHOLE
        perform(grown, quiet)
        assert grown.done() == WHOLE
    whole = job(tmp_path, "whole", LONG, changes)
    perform(whole, quiet)
    assert differing(grown.path, whole.path) == set()
    with Trajectory.open(grown.path) as trajectory:
        assert trajectory.times[-1] == LONG and trajectory.is_complete
        first, second = trajectory.provenance["extensions"]  # type: ignore[misc]
    assert first["before"]["config"]["until"] == SHORT and second["before"]["config"]["until"] == 1.3
    assert 0 < first["step"] < second["step"] and 0.0 < first["time"] < SHORT
    assert json.loads((grown.folder / "config.json").read_text())["config"]["until"] == LONG


@pytest.mark.validation
def test_steps_that_begin_with_the_whole_run_agree_to_the_tolerance(tmp_path: Path) -> None:
    """Assert that exponential, whose first trial is the whole run, ends a longer one within its tolerance of one go."""
    write_data(tmp_path)
    lazy = {"integrator": {"kind": "exponential", "rtol": 1e-6}}
    for until in (SHORT, LONG):
        perform(job(tmp_path, "grown", until, lazy), quiet)
    grown, whole = (job(tmp_path, name, LONG, lazy) for name in ("grown", "whole"))
    perform(whole, quiet)
    assert differing(grown.path, whole.path) != set()
    with Trajectory.open(grown.path) as one, Trajectory.open(whole.path) as other:
        moved = (other[-1].positions - other[0].positions).norm()
        assert one.times.tolist() == other.times.tolist()
        assert (one[-1].positions - other[-1].positions).norm() <= 2.0 * 1e-6 * moved


def test_a_run_that_takes_one_step_is_extended_from_its_start(tmp_path: Path) -> None:
    """Assert that a step over the whole run, which knows of its end, is done again over the longer one."""
    write_data(tmp_path)
    lazy = {"flow": "linearised", "integrator": "adaptive"}
    for until in (SHORT, LONG):
        perform(job(tmp_path, "grown", until, lazy), quiet)
    grown, whole = (job(tmp_path, name, LONG, lazy) for name in ("grown", "whole"))
    perform(whole, quiet)
    assert differing(grown.path, whole.path) == set()
    with Trajectory.open(grown.path) as trajectory:
        assert trajectory.provenance["extensions"][0]["step"] == 0  # type: ignore[index]


@pytest.mark.parametrize(
    "name", long_after(2, ["euler", "bdf", "langevin", "dormand-prince", "chebyshev", "adaptive", "adam"])
)
def test_ensembles_are_extended_with_a_seed_more(tmp_path: Path, name: str) -> None:
    """Assert that members that are extended, one interrupted and one new beside them, have the bits of one go."""
    write_data(tmp_path)

    def unit(out: str, until: float, seeds: int) -> tuple[Job, ...]:
        return tuple(job(tmp_path, out, until, {**METHODS[name], "seed": seed}) for seed in range(seeds))

    perform_unit(unit("grown", SHORT, 3), quiet)
    unit("grown", SHORT, 3)[1].path.unlink()
    perform_unit(unit("grown", LONG, 4), quiet)
    grown, whole = unit("grown", LONG, 4), unit("whole", LONG, 4)
    perform_unit(whole, quiet)
    assert [differing(one.path, other.path) for one, other in zip(grown, whole, strict=True)] == [set()] * 4


@pytest.mark.parametrize("name", ["langevin", "bdf"])
def test_an_interrupted_extension_is_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Assert that an extension that is cut off, and one that was cut off before its end, end with the same bits."""
    monkeypatch.setattr(trajectory_run, "KEEP_SECONDS", 0.0)
    write_data(tmp_path)

    def cut(steps: int) -> None:
        if 600 <= steps < WHOLE:
            raise Stopped("now")

    perform(job(tmp_path, "finished", SHORT, METHODS[name]), quiet)
    whole = job(tmp_path, "whole", LONG, METHODS[name])
    perform(whole, quiet)
    for out, untils in {"finished": (LONG,), "begun": (SHORT, LONG)}.items():
        for until in untils:
            with pytest.raises(Stopped, match="now"):
                perform(job(tmp_path, out, until, METHODS[name]), cut)
        grown = job(tmp_path, out, LONG, METHODS[name])
        assert 0 < grown.done() < WHOLE
        perform(grown, quiet)
        assert differing(grown.path, whole.path) == set()
        with Trajectory.open(grown.path) as trajectory:
            assert len(trajectory.provenance["extensions"]) == 1  # type: ignore[arg-type]


def test_a_run_that_stopped_by_itself_stops_there_again(tmp_path: Path) -> None:
    """Assert that a run that stops below a risk ends where it did, however long it may go, and counts as complete."""
    write_data(tmp_path)
    stopping = {"stop_below": 0.35}
    for until in (50.0, 60.0):
        perform(job(tmp_path, "grown", until, stopping), quiet)
    grown, whole = (job(tmp_path, out, 60.0, stopping) for out in ("grown", "whole"))
    perform(whole, quiet)
    with Trajectory.open(grown.path) as trajectory:
        assert 0.0 < trajectory.times[-1] < 50.0
    assert grown.done() == WHOLE and differing(grown.path, whole.path) == set()


def test_a_shorter_run_is_refused_and_leaves_the_file_alone(tmp_path: Path) -> None:
    """Assert that neither a finished run nor a begun one is made shorter, under the lock either."""
    write_data(tmp_path)
    long = job(tmp_path, "out", LONG)
    perform(long, quiet)
    before = long.path.read_bytes()
    short = job(tmp_path, "out", SHORT)
    sentence = rf"The run {long.config.digest} in .*out goes until 1\.9, but until = 0\.7 is asked: .* or name another"
    with pytest.raises(Refusal, match=sentence):
        refuse_changed([short])
    with pytest.raises(Refusal, match=sentence):
        perform(short, quiet)
    assert long.path.read_bytes() == before and not short.error.exists()


def test_a_finished_run_without_a_state_is_refused(tmp_path: Path) -> None:
    """Assert that a run finished by an older version, which kept no state, is not begun anew but refused."""
    write_data(tmp_path)
    short = job(tmp_path, "out", SHORT)
    perform(short, quiet)
    with Trajectory.append(short.path) as writer:
        writer.complete()
    assert short.done() == WHOLE
    with pytest.raises(Refusal, match=r"was finished by an older version, which kept no state to go on from: name"):
        refuse_changed([job(tmp_path, "out", LONG)])
    held = Held(complete=True, time=1.0, sources={}, until=1.0)
    with pytest.raises(Refusal, match=r"2 runs in .* \(a, \.\.\.\) were finished by an older version"):
        refuse_ends({"a": (2.0, held), "b": (2.0, held)}, tmp_path)


def test_folders_named_by_their_end_are_found(tmp_path: Path) -> None:
    """Assert that a run in a folder of the old name is complete there, extended there, and not done beside it."""
    study = read_study(write_study(tmp_path))
    new = jobs_of(study, tmp_path / "out")[0]
    perform(new, quiet)
    old = new.folder.with_name(digest_of(new.config.identity(), whole=True))
    new.folder.rename(old)
    assert older_names(tmp_path / "out") == {new.config.digest: old.name}
    (found,) = with_sources(jobs_of(study, tmp_path / "out"), "refuse")
    assert found.folder == old and found.done() == WHOLE
    (longer,) = jobs_of(read_study(tmp_path / "study.toml", ["until=2.0"]), tmp_path / "out")
    perform(longer, quiet)
    assert longer.folder == old and [place.name for place in (tmp_path / "out").iterdir()] == [old.name]
    (again,) = jobs_of(read_study(tmp_path / "study.toml", ["until=3.0"]), tmp_path / "out")
    assert again.folder == new.folder, "a folder that has the hash of another end is not one of today's names"


def test_ends_that_a_study_varies_are_runs_of_their_own(tmp_path: Path) -> None:
    """Assert that a sweep over until has a run for each end, which travels to workers as it is."""
    study = read_study(write_study(tmp_path, {"sweep": {"over": {"until": [0.5, 1.0]}}}))
    runs = jobs_of(study, tmp_path / "out")
    assert len({run.config.digest for run in runs}) == 2
    assert runs[0].config.digest == digest_of(runs[0].config.identity(), whole=True)


def test_runs_that_differ_in_their_end_alone_are_the_same() -> None:
    """Assert that it is known whether configurations differ in their end and in nothing else."""
    identity = config().identity()
    assert same_but_until({**identity, "until": 7.0}, config()) and not same_but_until(
        {**identity, "seed": 1}, config()
    )
    assert not same_but_until(None, config())


def test_the_plan_says_what_is_made_longer(tmp_path: Path) -> None:
    """Assert that runs that go on beyond their end are counted, and not once they are there."""
    path, out = write_study(tmp_path, {"seeds": 2}), tmp_path / "out"
    for each in jobs_of(read_study(path), out):
        perform(each, quiet)
    assert "made longer than they were to be: 2 runs" in planned(jobs_of(read_study(path, ["until=2.0"]), out)).lines
    assert not any("longer" in line for line in planned(jobs_of(read_study(path), out)).lines)
