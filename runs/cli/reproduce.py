"""The command `reproduce`: papers with all their experiments, and one table of what they state."""

from pathlib import Path
from typing import Annotated

import typer

from runs.cli import completion
from runs.cli.exit_codes import FAILED, VIOLATED, interrupted
from runs.cli.options import NoPage, Scale
from runs.cli.report import report_at_end
from runs.studies import STUDIES, named
from runs.system.options import SCALES
from runs.system.printable import printable
from runs.system.refusal import chosen
from runs.system.verbosity import progress_console


def reproduce(
    papers: Annotated[
        list[str] | None,
        typer.Argument(
            help="Studies by name (`meanfield list` shows them); all by default.", autocompletion=completion.studies
        ),
    ] = None,
    scale: Scale = SCALES[1],
    out: Annotated[Path | None, typer.Option(help="Folder of folders; by default results/reproduced-SCALE.")] = None,
    no_page: NoPage = False,
) -> None:
    """Run papers with all their experiments, and end with a table and a page of all that they state and measured.

    Exit code 3 where a proven theorem is violated, 1 where a case failed.
    """
    chosen("scale", scale, SCALES)
    studies = [named(name) for name in papers or STUDIES]
    from runs.study.claims import fitted_claims, is_violated
    from runs.study.reproduce import reproduce as run_all
    from runs.study.statements import result_console

    console = progress_console()
    try:
        found = run_all(studies, out or Path("results") / f"reproduced-{scale}", console, scale=scale)
    except KeyboardInterrupt as error:
        raise interrupted() from error
    shown = result_console()
    shown.print(fitted_claims(found.claims, shown.width))
    typer.echo(f"  {printable(str(found.file))}")
    if not no_page:
        report_at_end(found.file.parent)
    for failure in found.failures:
        typer.echo(printable(f"Failed: {failure}"), err=True)
    if is_violated(found.claims):
        raise typer.Exit(VIOLATED)
    if found.failures:
        raise typer.Exit(FAILED)
