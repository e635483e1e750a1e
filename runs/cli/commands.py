"""The commands of `meanfield`, each in a file of its own; here are the options before them, and the list of studies."""

from typing import Annotated

import typer

from runs.cli.app import App, choose_verbosity, own_version
from runs.cli.claims import claims
from runs.cli.json_text import AsJson, json_text
from runs.cli.limit import limit
from runs.cli.options import Quiet, Verbose
from runs.cli.pictures import animate, plot
from runs.cli.report import report
from runs.cli.reproduce import reproduce
from runs.cli.run import StudyCommand, refuse_ranks, run
from runs.cli.status import status
from runs.cli.trajectories import check, distance, export, info
from runs.studies import STUDIES, summary

app = App(
    name="meanfield",
    help="Neural networks as weighted particle clouds: run published experiments and look at their trajectories.",
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
)


def show_version(asked: bool) -> None:
    """Print the version and end."""
    if asked:
        typer.echo(f"meanfield {own_version()}")
        raise typer.Exit


@app.callback()
def before(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Print the version and end.")
    ] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Neural networks as weighted particle clouds: run published experiments and look at their trajectories."""
    choose_verbosity(quiet, verbose)
    if context.invoked_subcommand != "run":
        refuse_ranks(context.obj)


def list_studies(as_json: AsJson = False) -> None:
    """List the studies, one line each.

    With --json an array of objects with the keys name, asks (what the study asks) and package (where its code is).
    """
    if as_json:
        typer.echo(json_text([{"name": name, "asks": summary(name), "package": STUDIES[name]} for name in STUDIES]))
        return
    width = max(len(name) for name in STUDIES)
    for name in STUDIES:
        typer.echo(f"{name:<{width}}  {summary(name)}")


app.command(cls=StudyCommand, context_settings={"ignore_unknown_options": True})(run)
app.command("list")(list_studies)
app.command()(status)
app.command()(info)
app.command()(check)
app.command()(claims)
app.command()(limit)
app.command()(distance)
app.command()(plot)
app.command()(animate)
app.command()(export)
app.command()(reproduce)
app.command()(report)
