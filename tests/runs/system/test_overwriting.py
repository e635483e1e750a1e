"""Nothing that a user names is overwritten unless it is forced."""

from pathlib import Path

import pytest

from runs.system.overwriting import check_free
from runs.system.refusal import Refusal


def test_files_that_are_there_are_refused(tmp_path: Path) -> None:
    """Assert that the first of them is named with how many more there are and what to do, and none where forced."""
    one, two, three = (tmp_path / name for name in ("one", "two", "three"))
    check_free([one, two, three], force=False)
    two.touch()
    with pytest.raises(
        Refusal, match=r"two exists already and is not overwritten: give --force, name another with --o"
    ):
        check_free([one, two, three], force=False)
    three.touch()
    with pytest.raises(Refusal, match=r"two \(and 1 more\) exists already .* name another with --to, or remove it"):
        check_free([one, two, three], force=False, option="--to")
    check_free([one, two, three], force=True)
