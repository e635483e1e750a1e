"""The command `claims`: what studies state beside what they measured."""

from pathlib import Path
from typing import Annotated

import typer

from runs.cli.exit_codes import VIOLATED


def claims(
    folder: Annotated[Path, typer.Argument(help="The folder of a study's results, or one above several of them.")],
) -> None:
    """Print what a study's paper states beside what was measured, with a verdict for each: the folder's claims.csv.

    Of a folder without one, those of all folders below. Exit code 3 where a proven theorem is violated, which a
    statement that is empirical cannot bring about.
    """
    from rich.console import Console

    from runs.study.claims import claims_in, claims_table, is_violated

    found = claims_in(folder)
    Console().print(claims_table(found))
    if is_violated(found):
        raise typer.Exit(VIOLATED)
