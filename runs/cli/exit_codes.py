"""Exit codes of commands, and what a command says that ends early: refused, or ended by Ctrl-C."""

import sys
from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

import typer

from runs.system.printable import printable, shortened
from runs.system.refusal import Refusal
from runs.system.verbosity import trace

Found = TypeVar("Found")

#: A run failed, or a worker was lost.
FAILED = 1
#: What was given is wrong.
BAD_INPUT = 2
#: A proven theorem is violated.
VIOLATED = 3
#: Ctrl-C.
INTERRUPTED = 130

#: Letters of a sentence at most, whatever was given that it quotes.
LONGEST = 2000


def interrupted() -> typer.Exit:
    """Say what Ctrl-C leaves behind."""
    typer.echo("Interrupted: everything written so far is kept; the same command continues from there.", err=True)
    return typer.Exit(INTERRUPTED)


def refused(sentence: str) -> int:
    """Print why a command was refused, on one line, and return the exit code for that."""
    print(f"meanfield: {in_one_line(sentence)}", file=sys.stderr)
    return BAD_INPUT


def in_one_line(sentence: str) -> str:
    """A sentence that may quote anything as one line of letters that any terminal shows."""
    return shortened(printable(" ".join(sentence.split())), LONGEST)


def of_each(files: Sequence[Path], find: Callable[[Path], Found]) -> Iterator[tuple[Path, Found | Refusal]]:
    """What is found of each file, or why it was refused, which is printed too and does not stop the others.

    Of several files the sentence begins with the file's name where it does not have it.
    """
    for file in files:
        try:
            found = find(file)
        except Refusal as error:
            trace(error)
            named = len(files) == 1 or str(file) in str(error)
            told = error if named else Refusal(f"{file}: {error}")
            refused(str(told))
            yield file, told
        else:
            yield file, found


def misused(error: typer.TyperException) -> str:
    """What is wrong with a command's words, with the option that was meant where one of another name was given."""
    option, context = getattr(error, "option_name", None), getattr(error, "ctx", None)
    if option is None or context is None:
        return f"{error.format_message().rstrip('.')} (see meanfield --help)"
    known = [name for param in context.command.get_params(context) for name in (*param.opts, *param.secondary_opts)]
    long = [name for name in known if name.startswith("--")]
    meant = [name for name in long if name.startswith(option)] or get_close_matches(option, long, n=1, cutoff=0.5)
    hint = f"; did you mean {' or '.join(map(repr, meant))}?" if meant else ""
    return f"{getattr(error, 'message', '').rstrip('.')}{hint} (see {context.command_path} --help)"
