"""The commands of `meanfield`: run a study, list the studies, say what a trajectory holds and how far it went."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runs.cli.claims import claims
from runs.cli.exit_codes import FAILED, VIOLATED, interrupted
from runs.cli.report import report, report_at_end
from runs.cli.reproduce import reproduce
from runs.studies import STUDIES, named, summary
from runs.system.options import DATA_SETS
from runs.system.printable import printable
from runs.system.refusal import Refusal

if TYPE_CHECKING:  # torch takes seconds to import, and light commands do without it
    from particles import Ranks

app = typer.Typer(
    name="meanfield",
    help="Neural networks as weighted particle clouds: run published experiments and look at their trajectories.",
    add_completion=False,
    rich_markup_mode="rich",
)

#: Options of `run` for studies by name alone, and for study files alone.
OF_NAMED = {"data", "scale", "device", "seeds"}
OF_FILES = {"settings", "dry_run", "scheduler", "ensemble", "stale", "no_summary"}


def option_of(name: str) -> str:
    """How a parameter is called on the command line."""
    return "--" + name.replace("_", "-").replace("settings", "set")


def refuse_options(given: set[str], meant: str, advice: str) -> None:
    """Raise Refusal for options that belong to another kind of study."""
    if given:
        raise Refusal(f"The option {option_of(min(given))} is for {meant}: leave it out, or {advice}.")


def refuse_rest(rest: list[str]) -> None:
    """Raise Refusal for what a study file does not know."""
    for word in rest:
        if word.startswith("-"):
            own = ", ".join(sorted(map(option_of, OF_FILES | {"out", "workers"})))
            advice = f"use --set KEY=VALUE (a file has {own})"
            raise Refusal(f"The option {word} is for a study by name: leave it out, or {advice}.")
        raise Refusal(f"The study file is followed by {word!r}: name one file, and values of its keys by --set.")


def refuse_ranks(ranks: "Ranks | None") -> None:
    """Raise Refusal where torchrun started several processes for what one does."""
    if ranks is not None and ranks.count > 1:
        raise Refusal("torchrun is for `meanfield run STUDY.toml`, whose runs are shared by ranks: leave it out here.")


@app.callback()
def ranked(context: typer.Context) -> None:
    """Neural networks as weighted particle clouds: run published experiments and look at their trajectories."""
    if context.invoked_subcommand != "run":
        refuse_ranks(context.obj)


@app.command(context_settings={"ignore_unknown_options": True})
def run(
    context: typer.Context,
    study: Annotated[str, typer.Argument(help="Name of a study (`meanfield list` shows them) or a file STUDY.toml.")],
    rest: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[EXPERIMENT]... [--FIELD VALUE]...",
            help="For a study by name: which of its experiments, and any field of its configuration as an option, such "
            "as --rate 0.5, --widths 64,256, --integrator descent or --code-conventions; a wrong one lists them.",
        ),
    ] = None,
    data: Annotated[str, typer.Option(help=f"Data set: {', '.join(DATA_SETS)}.")] = DATA_SETS[0],
    scale: Annotated[
        str, typer.Option(help="smoke (seconds), laptop (minutes) or paper (the published sizes, hours).")
    ] = "laptop",
    device: Annotated[str, typer.Option(help="auto, cpu or cuda; auto takes CUDA where there is one.")] = "auto",
    seeds: Annotated[int | None, typer.Option(help="How many seeds, from 0; the scale decides if not given.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the results; by default results/STUDY-DATA-SCALE or results/STUDY.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="For a file: KEY=VALUE instead of its own, any number of times.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="For a file: say what would be done, and do nothing.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=0, help="How many processes; 0 is this one, by default one a core.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="For a file: the Dask scheduler whose workers do the runs, as tcp://host:8786.")
    ] = None,
    ensemble: Annotated[
        int | None, typer.Option(min=1, help="For a file: how many runs of one size a process evolves side by side.")
    ] = None,
    stale: Annotated[str, typer.Option(help="For a file: refuse or redo runs whose data or code changed.")] = "refuse",
    no_summary: Annotated[bool, typer.Option("--no-summary", help="For a file: end without table and figure.")] = False,
    no_page: Annotated[bool, typer.Option("--no-page", help="End without the page report.html.")] = False,
) -> None:
    """Run a study: trajectories, a table and figures go into one folder.

    The same command again continues what was interrupted and leaves alone what is complete.
    """
    given = {name for name in context.params if str(context.get_parameter_source(name)).endswith("COMMANDLINE")}
    try:
        if study.lower().endswith(".toml"):
            refuse_options(given & OF_NAMED, "a study by name", "use --set")
            refuse_rest(rest or [])
            from runs.studyfile.study import command as run_file

            place = (Path(study), settings or (), out, dry_run, workers, scheduler, context.obj)
            page = None if no_page else partial(report_at_end, words="page: ")
            succeeded = run_file(*place, ensemble, stale, not no_summary, page)
        else:
            refuse_ranks(context.obj)
            refuse_options(given & OF_FILES, "a study file", "name a file STUDY.toml")
            found = named(study)
            from runs.study.command import command as run_named

            known = {"data": data, "scale": scale, "device": device, "seeds": seeds, "out": out, "workers": workers}
            chosen = {name: known[name] for name in known.keys() & given}
            succeeded = run_named(found, chosen, rest or (), None if no_page else report_at_end)
    except KeyboardInterrupt as error:
        raise interrupted() from error
    if not succeeded:
        raise typer.Exit(FAILED)


@app.command("list")
def list_studies() -> None:
    """List the studies, one line each."""
    width = max(len(name) for name in STUDIES)
    for name in STUDIES:
        typer.echo(f"{name:<{width}}  {summary(name)}")


@app.command()
def info(file: Annotated[Path, typer.Argument(help="An HDF5 trajectory written by a run.")]) -> None:
    """Say what a trajectory file holds: frames, particles, observables, parameters, provenance."""
    from runs.inspect.info import file_report

    typer.echo("\n".join(map(printable, file_report(file))))


@app.command()
def distance(
    file: Annotated[Path, typer.Argument(help="An HDF5 trajectory written by a run.")],
    other: Annotated[Path | None, typer.Argument(help="A second one, compared at equal times.")] = None,
    to: Annotated[
        str | None,
        typer.Option(help="start, end or other: what every frame is compared with; start, or the second file."),
    ] = None,
    method: Annotated[str, typer.Option(help="auto, exact, sliced, entropic, debiased or gaussian.")] = "auto",
    parts: Annotated[str, typer.Option(help="all, hidden or output: the coordinates compared.")] = "all",
    figure: Annotated[
        Path | None, typer.Option(help="The figure to write; by default FILE-distance.png beside the file.")
    ] = None,
) -> None:
    """Print the Wasserstein distance W2 of every frame of a trajectory, one line per frame, and draw it."""
    from runs.inspect.distance import HEADER, Comparison, draw_distances, frame_distances

    comparison = Comparison(file, other, to or ("start" if other is None else "other"), method, parts)
    typer.echo(HEADER)
    found = []
    for frame in frame_distances(comparison):
        found.append(frame)
        typer.echo(frame.line)
    if any(frame.time > 0.0 for frame in found):
        path = figure or file.with_name(f"{file.stem}-distance.png")
        draw_distances(comparison, found, path)
        typer.echo(f"  {printable(str(path))}")


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="An HDF5 trajectory written by a run.")],
    to: Annotated[str, typer.Option(help="netcdf, npz, csv (observables only) or mdanalysis (three coordinates).")],
    out: Annotated[Path | None, typer.Option(help="The file to write; by default beside the trajectory.")] = None,
    coordinates: Annotated[
        str | None, typer.Option(help="For mdanalysis: up to three coordinates, from 0, as in 0,1,5; else the first.")
    ] = None,
) -> None:
    """Write a trajectory in the format of another program."""
    from runs.inspect.export import column_numbers
    from runs.inspect.export import export as write

    columns = None if coordinates is None else column_numbers(coordinates)
    typer.echo(f"  {printable(str(write(file, to, out, columns)))}")


@app.command()
def plot(
    files: Annotated[
        list[Path], typer.Argument(help="HDF5 trajectories; runs of one kind give one curve. Or a study's folder.")
    ],
    time: Annotated[
        list[float] | None, typer.Option(help="A time at which particles are shown; may be given several times.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The folder for the figures; by default plots, or the study's own.")
    ] = None,
) -> None:
    """Draw the observables of trajectories with their spread; particles, and f of two inputs, at chosen times.

    Of the folder of a study file's results the study's figures are drawn again.
    """
    from runs.inspect.plot import plot_files
    from runs.studyfile.results.summary import draw_folder

    if len(files) == 1 and files[0].is_dir():
        if time:
            raise Refusal("The option --time is for trajectory files: leave it out, or name files such as */run.h5.")
        for path in draw_folder(files[0], out or files[0]):
            typer.echo(f"  {path}")
        return
    written, remarks = plot_files(files, out or Path("plots"), time or ())
    for path in written:
        typer.echo(f"  {printable(str(path))}")
    for remark in remarks:
        typer.echo(printable(remark), err=True)


@app.command()
def animate(
    file: Annotated[Path, typer.Argument(help="An HDF5 trajectory written by a run.")],
    out: Annotated[
        Path | None, typer.Option(help="The .gif or .mp4 to write; by default FILE.gif beside the file.")
    ] = None,
) -> None:
    """Draw a trajectory as a moving picture of its first two coordinates, a GIF or, where ffmpeg is, an MP4."""
    from runs.figures.film import animate as draw

    typer.echo(f"  {printable(str(draw(file, out)))}")


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="An HDF5 trajectory of a study, of a study file, or with its law.")],
    seeds: Annotated[int, typer.Option(help="Other starts on which statements about random ones are checked.")] = 100,
) -> None:
    """Print every theorem on such a network with its bound, what was measured, and a verdict.

    Exit code 3 where one is violated.
    """
    from rich.console import Console

    from runs.inspect.theorem_check import checked_file, is_violated, legend, table

    results = checked_file(file, seeds=seeds)
    shown = Console()
    shown.print(table(results))
    for line in legend(results):
        shown.print(line, highlight=False)
    if is_violated(results):
        raise typer.Exit(VIOLATED)


app.command()(claims)
app.command()(reproduce)
app.command()(report)
