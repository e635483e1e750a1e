"""The server that processes of a crew are forked from: it imports what they need once, and beside their parent.

Each process that imports torch and ourselves takes three seconds for it. The server begins before its parent imports
anything, on another core, and a process forked from it has all modules at once. It computes nothing, so that it has
neither threads nor a GPU when it is forked, and it ends with its parent.
"""

import multiprocessing
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.context import BaseContext

from runs.system.signals import signals_ignored

#: What every process of a crew needs.
USUAL = ("runs.batch.jobs", "runs.study.running", "runs.studyfile.experiment")
#: Where a process is forked: macOS has system libraries that do not survive it, and Windows has no fork.
PLATFORM = "linux"


def are_forked() -> bool:
    """Whether processes are forked from the server here, so that one more costs next to nothing."""
    return sys.platform == PLATFORM


def begin(modules: Sequence[str] = ()) -> None:
    """Start the server, which imports these modules too, unless it runs or there is none on this system.

    It finds modules where this process does, and not in the folder where it is started.
    """
    if not are_forked():
        return
    multiprocessing.get_context("forkserver").set_forkserver_preload([*USUAL, *modules])
    found = os.pathsep.join(os.path.abspath(folder) for folder in sys.path)
    with _environment({"PYTHONPATH": found, "PYTHONSAFEPATH": "1"}), signals_ignored():
        forkserver.ensure_running()


def forked_or_spawned() -> BaseContext:
    """The context whose processes are forked from the server, or spawned where there is none.

    What `os.environ` holds must be sent to them: they have that of the server's beginning.
    """
    if not are_forked():
        return multiprocessing.get_context("spawn")
    begin()
    return multiprocessing.get_context("forkserver")


@contextmanager
def _environment(added: Mapping[str, str]) -> Iterator[None]:
    """A context in which the environment holds these variables too."""
    before = {name: os.environ.get(name) for name in added}
    os.environ.update(added)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
