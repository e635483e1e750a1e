"""Reading study files: what --set changes, and one sentence for every file that is not one."""

import random
from pathlib import Path

import pytest

from runs.refusal import Refusal
from runs.studyfile.reading import read_study
from tests.runs.studyfile.studies import write_study


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
        ("sweep=3", "does not do for sweep"),
    ],
)
def test_settings_that_do_not_do_are_refused(tmp_path: Path, setting: str, sentence: str) -> None:
    """Assert that each is one sentence."""
    with pytest.raises(Refusal, match=sentence):
        read_study(write_study(tmp_path), [setting])


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
