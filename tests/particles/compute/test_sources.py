"""Fingerprints of folders tell compiled code that is up to date from code that is not."""

import importlib.util
from pathlib import Path
from typing import Any

from particles.compute.sources import fingerprint

ENTRY = """
import importlib.util
from numba import njit
from particles.compute.sources import fingerprint
spec = importlib.util.spec_from_file_location("inner", __file__.replace("entry", "inner"))
inner = importlib.util.module_from_spec(spec)
spec.loader.exec_module(inner)
number = inner.number

def made(sources):
    @njit(cache=True)
    def entry():
        _ = sources
        return number()
    return entry

entry = made(fingerprint(__file__))
"""


def test_any_file_of_the_folder_changes_it(tmp_path: Path) -> None:
    """Assert that content, names and number of Python files count, and that other files and other rooms do not."""
    first, second = tmp_path / "first.py", tmp_path / "second.py"
    first.write_text("a")
    second.write_text("bc")
    found = [fingerprint(str(first))]
    for change in (
        lambda: second.write_text("bd"),
        lambda: (first.write_text("ab"), second.write_text("c")),
        lambda: second.rename(tmp_path / "third.py"),
        lambda: (tmp_path / "fourth.py").touch(),
    ):
        change()
        found.append(fingerprint(str(first)))
    assert len({*found}) == len(found)
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "inner.py").write_text("x")
    assert fingerprint(str(first)) == found[-1]
    for name in ("first.py", "third.py", "fourth.py"):
        assert (tmp_path / name).exists()


def loaded(file: Path) -> Any:
    """A module as another process has it."""
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.entry


def test_code_on_disk_follows_the_file_that_it_calls(tmp_path: Path) -> None:
    """Assert that a change of what a cached function calls, in another file, is seen, and none is compiled again."""
    entry, inner = tmp_path / "entry.py", tmp_path / "inner.py"
    entry.write_text(ENTRY)
    inner.write_text("from numba import njit\nnumber = njit(lambda: 1)\n")
    one = loaded(entry)
    assert one() == 1
    again = loaded(entry)
    assert again() == 1 and sum(again.stats.cache_hits.values()) == 1
    inner.write_text("from numba import njit\nnumber = njit(lambda: 2)\n")
    assert loaded(entry)() == 2
