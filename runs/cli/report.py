"""The command `report`: one HTML page on studies and trajectories, which opens in any browser without network."""

from pathlib import Path
from typing import Annotated

import typer

from runs.cli.options import Force
from runs.system.overwriting import check_free
from runs.system.printable import printable
from runs.system.refusal import Refusal
from runs.system.verbosity import remark


def report(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="FOLDER|FILE...", help="Folders of studies or study files, or HDF5 trajectories."),
    ],
    out: Annotated[
        Path | None, typer.Option(help="The page to write; by default report.html in the folder, or beside the file.")
    ] = None,
    force: Force = False,
) -> None:
    """Write one HTML page: what is claimed and was measured, curves with their spread, and particles that move.

    It needs no network, opens on a phone and prints. A report.html that is there is replaced, and a page that is named
    by --out only with --force.
    """
    check_free([] if out is None else [out], force)
    from runs.pages import write_page

    typer.echo(f"  {printable(str(write_page(paths, out)))}")


def report_at_end(folder: Path, words: str = "  ") -> None:
    """Write the page of a folder at the end of a run and print its path after some words.

    What stands in the way of a page is said and is no failure of the run.
    """
    from runs.pages import write_page

    try:
        typer.echo(f"{words}{printable(str(write_page(folder)))}")
    except Refusal as error:
        remark(printable(f"No page was written: {error}"))
