"""The application that commands are added to: each of them has -h, --quiet and --verbose."""

import functools
import inspect
import os
import platform
import time
from collections.abc import Callable
from typing import Any, TypeVar

import typer

from runs.cli.options import Quiet, Verbose
from runs.system.printable import printable
from runs.system.refusal import Refusal
from runs.system.verbosity import Verbosity, detail, is_verbose, say

#: The name under which the package is installed.
DISTRIBUTION = "meanfield-particles"
#: The libraries whose versions a verbose command tells.
LIBRARIES = ("torch", "numpy", "scipy", "h5py", "matplotlib", "typer", "rich")

Command = TypeVar("Command", bound=Callable[..., Any])


class App(typer.Typer):
    """A typer application whose commands all say as much as they are asked to."""

    def command(self, name: str | None = None, **given: Any) -> Callable[[Command], Command]:
        """Add a command, under the name of its function by default, with options --quiet and --verbose."""
        register = super().command

        def added(function: Command) -> Command:
            register(name, **{"help": _unbroken(inspect.getdoc(function) or ""), **given})(_spoken(function))
            return function

        return added


def choose_verbosity(quiet: bool, verbose: bool) -> None:
    """Say as much as these two options ask for; raises Refusal where both are given."""
    if quiet and verbose:
        raise Refusal("--quiet and --verbose were both given: leave one of them out.")
    if quiet or verbose:
        say(Verbosity.QUIET if quiet else Verbosity.VERBOSE)


def _unbroken(text: str) -> str:
    """A text whose paragraphs are one line each, which the terminal breaks where it ends."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def own_version() -> str:
    """The version of this program."""
    return _installed(DISTRIBUTION)


def _spoken(function: Callable[..., Any]) -> Callable[..., Any]:
    """The command with two options more, which are done before it."""
    own = inspect.signature(function)
    more = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=kind)
        for name, kind in (("quiet", Quiet), ("verbose", Verbose))
    ]

    @functools.wraps(function)
    def command(*, quiet: bool, verbose: bool, **given: Any) -> Any:
        choose_verbosity(quiet, verbose)
        began = time.monotonic()
        _tell_begin(function.__name__)
        try:
            return function(**given)
        finally:
            _tell_end(began)

    command.__signature__ = own.replace(parameters=[*own.parameters.values(), *more])  # type: ignore[attr-defined]
    return command


def _tell_begin(name: str) -> None:
    if is_verbose():
        libraries = ", ".join(f"{library} {_installed(library)}" for library in LIBRARIES)
        detail(f"meanfield {own_version()}, Python {platform.python_version()}, {libraries}")
        detail(printable(f"{name} in {os.getcwd()}, on {platform.platform()}, process {os.getpid()}"))


def _tell_end(began: float) -> None:
    if is_verbose():
        spent = f"{time.monotonic() - began:.2f} s, {time.process_time():.2f} s of this process since its start"
        detail(f"{spent}{_most_memory()}")


def _most_memory() -> str:
    """The most memory that this process has had, in words; nothing where the system does not say."""
    try:
        import resource
    except ImportError:  # not a Unix
        return ""
    unit = 1 if platform.system() == "Darwin" else 1024
    return f", {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6:.0f} MB at the most"


def _installed(library: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # it brings a library for mail

    try:
        return version(library)
    except PackageNotFoundError:
        return "unknown"
