"""Exit codes of commands, and what a command says that Ctrl-C has ended."""

import typer

#: A run failed, or a worker was lost.
FAILED = 1
#: What was given is wrong.
BAD_INPUT = 2
#: A proven theorem is violated.
VIOLATED = 3
#: Ctrl-C.
INTERRUPTED = 130


def interrupted() -> typer.Exit:
    """Say what Ctrl-C leaves behind."""
    typer.echo("Interrupted: everything written so far is kept; the same command continues from there.", err=True)
    return typer.Exit(INTERRUPTED)
