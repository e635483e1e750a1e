"""Malformed study files through the command line: a plan, or one sentence, and never a traceback."""

import copy
import resource
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.runs.study.smoke import spoken
from tests.runs.studyfile.attacks.malformed import DEEP, VALID, keys, malformed, written
from tests.runs.studyfile.small.studies import write_data

#: What a plan may ask for beyond what the process has already.
MEMORY = 2**31
FILES = 300


@pytest.fixture(scope="module")
def bounded_memory() -> Iterator[None]:
    """No more than `MEMORY` may be asked for beyond what the process has."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def planned(content: bytes) -> str:
    """What becomes of a study file: a plan, a plan with runs that cannot begin, or a refusal; checked on the way."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "study.toml"
        write_data(path.parent)
        path.write_bytes(content)
        code, said, told = spoken("run", str(path), "--dry-run", "--out", str(path.parent / "out"))
        assert sorted(entry.name for entry in path.parent.iterdir()) == ["data.npz", "study.toml"]
    assert "Traceback" not in said + told and "\x1b" not in said + told
    if code == 2:
        assert said == "" and told.startswith("meanfield: ") and told.count("\n") == 1
        assert told.rstrip("\n").isprintable()
        return "one sentence"
    assert told == "" and " runs in " in said.splitlines()[0]
    assert code == (1 if "cannot begin: " in said else 0)
    return "a plan" if code == 0 else "a plan with runs that cannot begin"


@pytest.mark.parametrize("study", [VALID, DEEP], ids=["perceptrons", "deep"])
def test_the_file_that_is_changed_is_valid(bounded_memory: None, study: dict[str, Any]) -> None:
    """Assert that what is malformed comes from the changes."""
    assert planned(written(study)) == "a plan"


@pytest.mark.parametrize("place", list(keys(VALID)), ids=".".join)
def test_a_misspelt_key_names_the_right_one(tmp_path: Path, place: tuple[str, ...]) -> None:
    """Assert that every key of every table, written with a letter too many, is refused with the key that was meant."""
    *tables, key = place
    values = copy.deepcopy(VALID)
    here = values
    for table in tables:
        here = here[table]
    here[f"{key}x"] = here.pop(key)
    (tmp_path / "study.toml").write_bytes(written(values))
    code, _, told = spoken("run", str(tmp_path / "study.toml"), "--dry-run")
    meant = key.rsplit(".", 1)[-1]
    assert code == 2
    assert f"did you mean {meant!r}?" in told or (meant == "kind" and "does not say its kind" in told)


def check(count: int) -> Counter[str]:
    """Plan so many malformed files and count what became of them."""
    found: Counter[str] = Counter()

    @settings(
        max_examples=count, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(malformed())
    def tried(content: bytes) -> None:
        found[planned(content)] += 1

    tried()
    return found


def test_some_malformed_files_are_one_sentence(bounded_memory: None) -> None:
    """Assert that each ends with exit code 0, 1 where a run cannot begin, or 2 and one sentence."""
    assert check(30)["one sentence"] > 15


@pytest.mark.validation
def test_many_malformed_files_are_one_sentence(bounded_memory: None) -> None:
    """Assert that the same holds of ten times as many, most of which are refused."""
    found = check(FILES)
    assert sum(found.values()) >= FILES and found["one sentence"] > FILES // 2
