"""Reading study files: what --set changes, and one sentence for every file that is not one."""

import random
from pathlib import Path

import pytest

from runs.studyfile.model.reading import read_study
from runs.system.refusal import Refusal
from tests.runs.studyfile.small.studies import write_study


def test_a_file_gives_its_runs(tmp_path: Path) -> None:
    """Assert that name, folder, seeds and sweep are read."""
    study = read_study(write_study(tmp_path, {"seeds": [3, 1], "sweep": {"over": {"until": [1.0, 2.0]}}}))
    assert study.name == "study" and study.folder == tmp_path
    assert [(run.until, run.seed) for run in study.runs] == [(1.0, 3), (1.0, 1), (2.0, 3), (2.0, 1)]


def test_settings_replace_values(tmp_path: Path) -> None:
    """Assert that numbers, text without quotes, tables and dotted keys can be set."""
    path = write_study(tmp_path)
    study = read_study(path, ["until=2.5", "seeds=2", "scaling=mean-field", "masses.count = 7", "frames={time=0.5}"])
    run = study.runs[-1]
    assert (run.until, run.seed, run.masses.given(), run.frames.time) == (2.5, 1, {"count": 7}, 0.5)
    assert type(run.scaling).__name__ == "[scaling] of kind mean-field"


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("until", "not of the form key=value"),
        ("=3", "not of the form key=value"),
        ("sed=3", "Unknown key of the study 'sed'.*did you mean 'seeds'"),
        ("seed=3", "Unknown key of the study 'seed'.*did you mean 'seeds'"),
        ("seeds=0", "seeds is 0"),
        ("seeds=1000000000", "seeds is 1000000000, but 100000 runs at most are taken"),
        ("seeds=true", "seeds is True"),
        ("seeds=[1, -1]", "a positive number or a list of seeds"),
        ("sweep.over={}", r"\[sweep.over\] is empty"),
        ("sweep={kind='random', over={until=[1.0]}}", "needs count"),
        ("sweep=3", "does not do for sweep: a table is needed"),
        ("out=here", "out is not a key of the study: give it to the command, as --out"),
        ("sweep={over={masses={count=[1]}}}", r'write "masses\.count" = \[1\]'),
        ("sweep={until=[1.0]}", r"The key until is varied in the table \[sweep.over\]"),
        ("sweep={seed=1, over={until=[1.0]}}", "that of random draws, and there are none: .* write seeds"),
        ("until=1\nseeds=3", "does not do for until"),
    ],
)
def test_settings_that_do_not_do_are_refused(tmp_path: Path, setting: str, sentence: str) -> None:
    """Assert that each is one sentence."""
    with pytest.raises(Refusal, match=sentence):
        read_study(write_study(tmp_path), [setting])


def test_settings_are_heard_in_any_order(tmp_path: Path) -> None:
    """Assert that a table and a key of it, a list of the sweep and a table around a swept key all arrive."""
    path = write_study(tmp_path, {"sweep": {"over": {"masses.count": [3, 4]}}})
    table, key = "masses={kind='zipf', alpha=0.5}", "masses.alpha=0.25"
    for settings in ([table, key], [key, table]):
        runs = read_study(path, settings).runs
        assert [run.masses.given() for run in runs] == [{"count": count, "alpha": 0.25} for count in (3, 4)]
    runs = read_study(path, ['sweep.over."masses.count"=[7]']).runs
    assert [run.masses.given()["count"] for run in runs] == [7]


@pytest.mark.parametrize(
    ("over", "setting"),
    [
        ({"masses.count": [3, 4]}, "masses.count=7"),
        ({"masses.count": [3, 4]}, "masses={kind='uniform', count=7}"),
        ({"masses": [{"kind": "uniform", "count": 3}]}, "masses.count=7"),
        ({"until": [1.0, 2.0], "masses.count": [3, 4]}, "until=7.0"),
    ],
)
@pytest.mark.parametrize("kind", ["product", "zip", "random"])
def test_a_setting_that_the_sweep_overrides_is_refused(
    tmp_path: Path, kind: str, over: dict[str, object], setting: str
) -> None:
    """Assert that no value given by hand is replaced without a word, and that the sentence says how to sweep it."""
    sweep = {"kind": kind, "over": over, **({"count": 2} if kind == "random" else {})}
    path = write_study(tmp_path, {"sweep": sweep})
    with pytest.raises(Refusal, match=r"--set .* would not be heard, since \[sweep.over\] varies .*'sweep\.over\..*="):
        read_study(path, [setting])


def test_a_setting_given_twice_is_refused(tmp_path: Path) -> None:
    """Assert that neither of two values wins, however the key is written."""
    with pytest.raises(Refusal, match=r"--set gives masses\.count twice"):
        read_study(write_study(tmp_path), ["masses.count=7", "masses.'count'=8"])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"until = ", "not valid TOML"), (b"\xff\xfe", "not UTF-8"), (b"a = " + b"[" * 5000, "not valid TOML")],
)
def test_files_that_are_no_toml_are_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    """Assert that broken text, other bytes and deep nesting are one sentence each."""
    (tmp_path / "bad.toml").write_bytes(content)
    with pytest.raises(Refusal, match=sentence):
        read_study(tmp_path / "bad.toml")
    with pytest.raises(Refusal, match=r"nowhere\.toml cannot be read"):
        read_study(tmp_path / "nowhere.toml")


def test_three_hundred_broken_files_are_read_or_refused(tmp_path: Path) -> None:
    """Assert that random damage to a study file is never anything but a Refusal, and mostly one."""
    path = write_study(tmp_path, {"seeds": 2, "sweep": {"over": {"until": [1.0, 2.0]}}})
    text, generator, refused = path.read_text(), random.Random(0), 0
    pieces = ["=", "[", "]", "{", "}", '"', "1e999", "nan", "-1", "true", "kind", "\n", "import", ".", "'''", "é"]
    for _ in range(300):
        place = generator.randrange(len(text))
        broken = text[:place] + generator.choice(pieces) + text[place + generator.randrange(6) :]
        path.write_text(broken)
        try:
            read_study(path)
        except Refusal as error:
            refused += 1
            assert "\n" not in str(error).strip() and len(str(error)) < 600
    assert refused > 200
