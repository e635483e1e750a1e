"""The command `claims`: what studies state beside what they measured."""

from pathlib import Path
from typing import Annotated

import typer

from runs.cli.exit_codes import VIOLATED
from runs.cli.json_text import AsJson, json_text, result_as_json


def claims(
    folder: Annotated[Path, typer.Argument(help="The folder of a study's results, or one above several of them.")],
    as_json: AsJson = False,
) -> None:
    """Print what a study's paper states beside what was measured, with a verdict for each: the folder's claims.csv.

    Of a folder without one, those of all folders below. Exit code 3 where a proven theorem is violated, which a
    statement that is empirical cannot bring about. With --json an object with the keys folder, violated and claims, an
    array of objects with experiment, statement, source, proven, stated, measured, error (a standard error), margin,
    verdict and assumptions (text, holds).
    """
    from runs.study.claims import claims_in, fitted_claims, is_violated
    from runs.study.statements import result_console

    found = claims_in(folder)
    violated = is_violated(found)
    if as_json:
        told = [{"experiment": claim.experiment, **result_as_json(claim.result)} for claim in found]
        typer.echo(json_text({"folder": folder, "violated": violated, "claims": told}))
    else:
        shown = result_console()
        shown.print(fitted_claims(found, shown.width))
    if violated:
        raise typer.Exit(VIOLATED)
