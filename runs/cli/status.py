"""The command `status`: how far the runs in a folder of results are."""

from pathlib import Path
from typing import Annotated

import typer

from runs.cli.json_text import AsJson, json_text
from runs.system.verbosity import is_quiet


def status(
    folder: Annotated[Path, typer.Argument(help="The folder of a study's results, or one above several of them.")],
    as_json: AsJson = False,
) -> None:
    """Say how far the runs in a folder are: by setting, with the time left, and why runs failed.

    States are finished, running (a process has its lock, or it was written within half a minute), begun, failed and
    missing. The folder is read as it is, also while runs are at work; nothing is locked or written. With --json an
    array with an object for each study: folder, kind (study or study file), study, at_work, counts (by state), done
    (from 0 to 1), seconds_left, remarks and runs, an array of objects with name, setting, seed, state, done, time,
    until, seconds (of work), seconds_left, changed (seconds since it was written) and failure.
    """
    from runs.inspect.status.folder import details, headline, states_in, table
    from runs.study.statements import result_console

    found = states_in(folder)
    if as_json:
        typer.echo(json_text([state.values for state in found]))
        return
    shown = result_console()
    for number, state in enumerate(found):
        if number:
            typer.echo()
        typer.echo(headline(state))
        if state.runs:
            shown.print(table(state))
        for line in details(state) if not is_quiet() else ():
            typer.echo(line)
