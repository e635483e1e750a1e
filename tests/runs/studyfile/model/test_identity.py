"""Which study a folder is of: it may grow, and another one is told from it by what differs."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from runs.collect import collect
from runs.studyfile.model.identity import STUDY_FILE, Identity, check_folder, varied_in
from runs.studyfile.model.reading import read_study
from runs.studyfile.running import Job, perform
from runs.system.refusal import Refusal
from tests.runs.study.smoke import spoken
from tests.runs.studyfile.small.studies import config, write_data, write_study


def identity(folder: Path, changes: dict[str, Any] | None = None) -> Identity:
    """What makes the small study with some keys set."""
    study = read_study(write_study(folder, changes))
    return Identity.of(study.sweep, study.runs[0])


def sweep(over: dict[str, Any], kind: str = "product", **more: Any) -> dict[str, Any]:
    """Changes that make it a sweep."""
    return {"sweep": {"kind": kind, "over": over, **more}}


COUNTS = sweep({"masses.count": [4, 6]})
DRAWS = {"until": {"low": 1.0, "high": 2.0}}
ROWS = {"until": [1.0, 2.0], "masses.count": [4, 6]}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {"seeds": 3}),
        ({}, {"until": 2.0}),
        ({}, {"law": "gaussian", "regulariser": 0.0}),
        (COUNTS, sweep({"masses.count": [4, 6, 8]})),
        (COUNTS, sweep({"masses.count": [8]})),
        (COUNTS, {**COUNTS, "masses.count": 99}),
        (COUNTS, sweep({"masses.count": [4, 6]}, "zip")),
        (sweep({"until": [1.0], "masses.count": [4]}), sweep({"masses.count": [5], "until": [2.0]})),
        (sweep(ROWS, "zip"), sweep({"until": [1.0, 2.0, 3.0], "masses.count": [4, 6, 4]}, "zip")),
        (sweep(DRAWS, "random", count=2), sweep(DRAWS, "random", count=5)),
        (sweep({"scaling": ["ntk"]}), sweep({"scaling": ["ntk", {"kind": "lazy", "scale": 2.0}]})),
        (sweep({"scaling.kind": ["ntk"]}), sweep({"scaling.kind": ["mean-field", "ntk"]})),
        (sweep({"neuron.activation.kind": ["tanh"]}), sweep({"neuron.activation.kind": ["leaky-relu", "tanh"]})),
    ],
)
def test_a_study_that_grows_is_the_same(tmp_path: Path, one: dict[str, Any], other: dict[str, Any]) -> None:
    """Assert that seeds, values, rows, draws, a default written out and a later end do not make another study."""
    assert identity(tmp_path, one).differences(identity(tmp_path, other)) == []


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ({}, {"regulariser": 2.0}, ["regulariser: there 2.0, here 0.0"]),
        (COUNTS, {**COUNTS, "scaling": "mean-field"}, ["scaling.kind: there mean-field, here ntk"]),
        (COUNTS, {}, ["sweep.over: there nothing, here masses.count"]),
        (COUNTS, sweep({"until": [1.0]}), ["sweep.over: there until, here masses.count"]),
        (sweep(ROWS, "zip"), sweep(ROWS), ["sweep.kind: there product, here zip"]),
        (
            sweep(DRAWS, "random", count=2),
            sweep({"until": {"low": 1.0, "high": 3.0}}, "random", count=2),
            ["sweep.over.until.high: there 3.0, here 2.0"],
        ),
        (
            sweep(DRAWS, "random", count=2),
            sweep(DRAWS, "random", count=2, seed=1),
            ["sweep.over.seed: there 1, here 0"],
        ),
        ({"observables": ["risk"]}, {"observables": []}, ['observables: there [], here ["risk"]']),
    ],
)
def test_another_study_is_told_by_what_differs(
    tmp_path: Path, one: dict[str, Any], other: dict[str, Any], said: list[str]
) -> None:
    """Assert that a value that does not vary, the swept keys and how they are combined or drawn make a study."""
    assert identity(tmp_path, one).differences(identity(tmp_path, other)) == said


def begun(folder: Path, study: Identity) -> None:
    """A folder that holds a run of this study and says so."""
    (folder / "run").mkdir(parents=True)
    (folder / "run" / "config.json").write_text(json.dumps({"config": study.config}))
    study.write(folder)


def test_a_folder_says_what_it_is_of_and_is_free_without_runs(tmp_path: Path) -> None:
    """Assert that what is written is read back, that another study is refused, and takes a folder without runs."""
    out, mine, other = tmp_path / "out", identity(tmp_path, COUNTS), identity(tmp_path, {"regulariser": 2.0})
    begun(out, mine)
    assert Identity.read(out) == mine
    with pytest.raises(
        Refusal, match=r"out holds another study \(.*regulariser: .*; sweep.over: .*\): name another folder with"
    ):
        check_folder(out, other)
    assert Identity.read(out) == mine
    shutil.rmtree(out / "run")
    check_folder(out, other)


def test_a_folder_that_does_not_say_is_judged_by_every_run(tmp_path: Path) -> None:
    """Assert that an older folder is taken where its runs fit, and refused with what does not."""
    out, mine = tmp_path / "out", identity(tmp_path, COUNTS)
    begun(out, mine)
    (out / STUDY_FILE).unlink()
    check_folder(out, mine)
    assert not (out / STUDY_FILE).exists()
    begun(tmp_path / "more", identity(tmp_path, {**COUNTS, "regulariser": 2.0}))
    (tmp_path / "more" / "run").rename(out / "another")
    with pytest.raises(Refusal, match=r"holds another study \(regulariser: there 2\.0, here 0\.0\)"):
        check_folder(out, mine)


def test_draws_of_an_older_version_are_not_taken_for_ours(tmp_path: Path) -> None:
    """Assert that a folder of random draws that does not say what they were drawn from is refused."""
    out, mine = tmp_path / "out", identity(tmp_path, sweep(DRAWS, "random", count=2))
    begun(out, mine)
    check_folder(out, mine)
    (out / STUDY_FILE).unlink()
    with pytest.raises(Refusal, match=r"sweep\.over\.seed: there nothing, here 0; sweep\.over\.until\.high"):
        check_folder(out, mine)


def test_an_identity_of_another_version_is_read_with_our_defaults(tmp_path: Path) -> None:
    """Assert that a key that a version did not have yet is no difference, and that nonsense is one sentence."""
    out, mine = tmp_path / "out", identity(tmp_path)
    older = {name: value for name, value in mine.config.items() if name not in ("loss", "stop_below")}
    begun(out, Identity(mine.kind, mine.over, mine.draws, older))
    check_folder(out, mine)
    (out / STUDY_FILE).write_text('{"kind": 3}')
    with pytest.raises(Refusal, match=r"study\.json does not say what study it is of: name another folder"):
        check_folder(out, mine)


def test_a_folder_of_another_kind_is_refused(tmp_path: Path) -> None:
    """Assert that runs are not put into the folder of a run or of a study by name."""
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(Refusal, match="is that of a study by name, or of one run"):
        check_folder(tmp_path, identity(tmp_path))


def done(path: Path, *settings: str) -> tuple[int, str, str]:
    """The study, done in a folder beside its file."""
    given = [part for setting in settings for part in ("--set", setting)]
    return spoken("run", str(path), "--out", str(path.parent / "out"), "--workers", "0", *given)


def test_a_study_grows_in_its_folder_and_another_is_refused(tmp_path: Path) -> None:
    """Assert that seeds and values are added to what is done, and that another study is refused, planned or not."""
    path = write_study(tmp_path, COUNTS)
    assert done(path)[0] == 0
    code, said, told = done(path, "seeds=2", 'sweep.over."masses.count"=[4, 6, 8]')
    assert code == 0 and "6 of 6 runs complete" in said and "2 complete already" in told
    assert dict(collect(tmp_path / "out")["risk"].sizes) == {"count": 3, "seed": 2, "time": 5}
    before = sorted(tmp_path.rglob("*"))
    for setting in ("regulariser=2.0", "scaling=mean-field", "sweep.over.until=[1.0, 2.0]"):
        code, said, told = done(path, setting)
        assert code == 2 and said == "" and "out holds another study (" in told and told.count("\n") == 1
    assert spoken("run", str(path), "--out", str(tmp_path / "out"), "--set", "regulariser=2.0", "--dry-run")[0] == 2
    assert sorted(tmp_path.rglob("*")) == before


def test_two_files_of_one_name_do_not_share_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that the default folder, which goes by the name, is that of the first study."""
    monkeypatch.chdir(tmp_path)
    for name, strength in (("a", 1.0), ("b", 2.0)):
        (tmp_path / name).mkdir()
        write_study(tmp_path / name, {"regulariser": strength})
    assert spoken("run", "a/study.toml", "--workers", "0")[0] == 0
    code, _, told = spoken("run", "b/study.toml", "--workers", "0")
    assert code == 2 and "results/study holds another study (regulariser: there 1.0, here 2.0)" in told
    assert len(list(Path("results").rglob("run.h5"))) == 1


def test_dimensions_keep_their_names_while_a_study_grows(tmp_path: Path) -> None:
    """Assert that a half-done product has its dimensions, under the names that they have in the end."""
    write_data(tmp_path)
    out = tmp_path / "out"
    masses = {"masses": {"kind": "stable", "count": 4, "alpha": 0.5, "seed": 0}}
    over = {"masses.seed": [0, 1], "until": [1.0, 2.0]}
    begun(out, identity(tmp_path, {**masses, **sweep(over)}))
    assert varied_in(out) is not None and varied_in(tmp_path) is None
    shutil.rmtree(out / "run")
    for seeds, untils, sizes in (((0, 1), (1.0, 2.0), (2, 2)), ((0, 1), (2.0, 1.0), (2, 2))):
        for seed, until in zip(seeds, untils, strict=True):
            changes = {**masses, "masses.seed": seed, "until": until, "frames": {"time": 1.0}}
            perform(Job(config(changes).ending_apart(), tmp_path, out), lambda steps: None)
        found = collect(out)["risk"]
        assert found.dims[:2] == ("config.masses.seed", "until") and found.shape[:2] == sizes
