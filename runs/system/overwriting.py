"""The rule of all commands that write a file which the user names: nothing is overwritten unless they are forced to."""

from collections.abc import Iterable
from pathlib import Path

from runs.system.printable import printable
from runs.system.refusal import Refusal


def check_free(paths: Iterable[Path], force: bool, option: str = "--out") -> None:
    """Raise Refusal, with the first of them and how many more there are, where files exist and force is not given.

    option: the one by which another file is named.
    """
    there = [] if force else [path for path in paths if path.exists()]
    if there:
        more = f" (and {len(there) - 1} more)" if len(there) > 1 else ""
        raise Refusal(
            f"{printable(str(there[0]))}{more} exists already and is not overwritten: give --force, name another with "
            f"{option}, or remove it."
        )
