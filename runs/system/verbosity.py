"""How much a command says beside its result: errors alone, the usual, or also what is done and where it failed."""

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # light commands do without it
    from rich.console import Console


class Verbosity(IntEnum):
    """QUIET: errors and the result. USUAL: progress and remarks too. VERBOSE: versions, times and tracebacks too."""

    QUIET = 0
    USUAL = 1
    VERBOSE = 2


_now: ContextVar[Verbosity] = ContextVar("verbosity", default=Verbosity.USUAL)


@contextmanager
def one_command() -> Iterator[None]:
    """A context for one command, which begins with the usual verbosity and leaves none behind."""
    token = _now.set(Verbosity.USUAL)
    try:
        yield
    finally:
        _now.reset(token)


def say(much: Verbosity) -> None:
    """Say so much from now on."""
    _now.set(much)


def is_quiet() -> bool:
    """Whether nothing is said but errors and the result."""
    return _now.get() is Verbosity.QUIET


def is_verbose() -> bool:
    """Whether all is said."""
    return _now.get() is Verbosity.VERBOSE


def progress_console() -> "Console":
    """The console on standard error for progress and remarks, which stays empty where a command is quiet."""
    from rich.console import Console

    return Console(stderr=True, quiet=is_quiet())


def remark(sentence: str) -> None:
    """Say a sentence on standard error, unless the command is quiet."""
    if not is_quiet():
        print(sentence, file=sys.stderr)


def detail(sentence: str) -> None:
    """Say a sentence on standard error where the command is verbose."""
    if is_verbose():
        print(sentence, file=sys.stderr)


def trace(error: BaseException) -> None:
    """Print where an error came from, on standard error, where the command is verbose."""
    if is_verbose():
        traceback.print_exception(error, file=sys.stderr)
