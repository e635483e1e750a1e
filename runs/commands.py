"""The commands of `meanfield`: run a study, list the studies, say what a trajectory holds."""

from pathlib import Path
from typing import Annotated

import typer

from runs.options import DATA_SETS
from runs.studies import STUDIES, named

app = typer.Typer(
    name="meanfield",
    help="Neural networks as weighted particle clouds: run published experiments and look at their trajectories.",
    add_completion=False,
    rich_markup_mode="rich",
)

INTERRUPTED = 130


@app.command()
def run(
    study: Annotated[str, typer.Argument(help="Name of the study; `meanfield list` shows them.")],
    data: Annotated[str, typer.Option(help=f"Data set: {', '.join(DATA_SETS)}.")] = DATA_SETS[0],
    scale: Annotated[
        str, typer.Option(help="smoke (seconds), laptop (minutes) or paper (the published sizes, hours).")
    ] = "laptop",
    device: Annotated[str, typer.Option(help="auto, cpu or cuda; auto takes CUDA where there is one.")] = "auto",
    seeds: Annotated[int | None, typer.Option(help="How many seeds, from 0; the scale decides if not given.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the results; by default results/STUDY-DATA-SCALE.")
    ] = None,
) -> None:
    """Run a study: trajectories, a table and figures go into one folder.

    The same command again continues what was interrupted and leaves alone what is complete.
    """
    entry = named(study)
    try:
        succeeded = entry.load().command(data=data, scale=scale, device=device, seeds=seeds, out=out)
    except KeyboardInterrupt as error:
        typer.echo("Interrupted: everything written so far is kept; the same command continues from there.", err=True)
        raise typer.Exit(INTERRUPTED) from error
    if not succeeded:
        raise typer.Exit(1)


@app.command("list")
def list_studies() -> None:
    """List the studies, one line each."""
    width = max(len(name) for name in STUDIES)
    for entry in STUDIES.values():
        typer.echo(f"{entry.name:<{width}}  {entry.summary}")


@app.command()
def info(file: Annotated[Path, typer.Argument(help="An HDF5 trajectory written by a run.")]) -> None:
    """Say what a trajectory file holds: frames, particles, observables, parameters, provenance."""
    from runs.report import file_report

    typer.echo("\n".join(file_report(file)))
