"""The command `limit`: what the networks of a study file do with infinitely many particles."""

from pathlib import Path
from typing import Annotated

import typer

from runs.cli.exit_codes import FAILED, interrupted

#: As in `runs.limit.files.network`, which takes seconds to import.
COUPLINGS = ("auto", "halves", "rotated", "nested")


def limit(
    study: Annotated[Path, typer.Argument(help="A file STUDY.toml; its width and its seeds do not matter.")],
    tolerance: Annotated[
        float,
        typer.Option(help="The standard error of every quantity: a part of its size, 0.01 for 1 %, unless --absolute."),
    ] = 0.01,
    absolute: Annotated[
        bool, typer.Option("--absolute", help="The tolerance is in the units of each quantity instead.")
    ] = False,
    first_width: Annotated[
        int, typer.Option(min=2, help="The smallest number of particles; the others are 2, 4, 8, ... times as many.")
    ] = 16,
    widest: Annotated[int, typer.Option(min=8, help="The largest number of particles that may be needed.")] = 4096,
    confidence: Annotated[float, typer.Option(help="The level of the intervals.")] = 0.95,
    coupling: Annotated[str, typer.Option(help=f"How clouds are coupled: {', '.join(COUPLINGS)}.")] = COUPLINGS[0],
    seed: Annotated[int, typer.Option(min=0, help="The seed of all samples.")] = 0,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="KEY=VALUE instead of the file's own, any number of times.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=0, help="How many processes; 0 is this one, by default one a core.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the results; by default results/STUDY-limit.")] = None,
    no_summary: Annotated[bool, typer.Option("--no-summary", help="End without a figure.")] = False,
) -> None:
    """Estimate what networks do with infinitely many particles after training, with intervals.

    Clouds of several widths are trained, no wider than needed. The same command again goes on, also to a smaller
    tolerance. Exit code 1 where a limit is not found as well as asked.
    """
    from runs.limit.files.command import Request, command

    request = Request(tolerance, absolute, first_width, widest, confidence, coupling, seed)
    try:
        succeeded = command(study, settings or (), out, request, workers, not no_summary)
    except KeyboardInterrupt as error:
        raise interrupted() from error
    if not succeeded:
        raise typer.Exit(FAILED)
