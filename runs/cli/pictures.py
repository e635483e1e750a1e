"""The commands that draw trajectories: `plot` and `animate`."""

from pathlib import Path
from typing import Annotated

import typer

from runs.cli import completion
from runs.cli.options import Coordinates, Force, LogTime, LogValues
from runs.system.overwriting import check_free
from runs.system.printable import printable
from runs.system.refusal import Refusal
from runs.system.verbosity import remark


def plot(
    context: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(help="HDF5 trajectories; runs of one kind give one curve. Or a study's folder.")
    ],
    time: Annotated[
        list[float] | None,
        typer.Option(help="A time at which particles are shown, by the frame nearest to it; any number of times."),
    ] = None,
    observables: Annotated[
        str | None,
        typer.Option(
            help="The observables drawn, as in risk,mean_movement; particles too with --time or --coordinates.",
            autocompletion=completion.observables,
        ),
    ] = None,
    coordinates: Coordinates = None,
    log: LogValues = None,
    log_time: LogTime = True,
    by: Annotated[
        str | None,
        typer.Option(metavar="PARAMETER", help="Colour by this parameter, such as alpha, config.masses.alpha or seed."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="The folder for the figures, by default plots or the study's own; or a file .png, .pdf or .svg, after "
            "which the others are named too."
        ),
    ] = None,
    force: Force = False,
) -> None:
    """Draw the observables of trajectories with their spread; particles, and f of two inputs, at chosen times.

    Nothing is overwritten without --force. Of the folder of a study file's results the study's figures are drawn again.
    """
    from runs.inspect.plot import plot_files
    from runs.inspect.plot_choice import Choice, words_of

    if len(files) == 1 and files[0].is_dir():
        given = {name for name in context.params if str(context.get_parameter_source(name)).endswith("COMMANDLINE")}
        _draw_folder(files[0], out, given, force)
        return
    choice = Choice(time or (), words_of(observables), coordinates, by, log, log_time)
    written, remarks = plot_files(files, out or Path("plots"), choice=choice, force=force)
    for path in written:
        typer.echo(f"  {printable(str(path))}")
    for sentence in remarks:
        remark(printable(sentence))


def _draw_folder(folder: Path, out: Path | None, given: set[str], force: bool) -> None:
    """Draw the figures of a study again: in its own folder, where they are replaced, or in another one."""
    from runs.studyfile.results.figure import FIGURE_FILE
    from runs.studyfile.results.map_figure import MAP_FILE
    from runs.studyfile.results.summary import draw_folder

    foreign = sorted(given & {"time", "observables", "coordinates", "log", "log_time", "by"})
    if foreign:
        option = "--" + foreign[-1].replace("_", "-")
        raise Refusal(
            f"The option {option} is for trajectory files: leave it out, or name files such as {folder}/*/run.h5."
        )
    if out is not None and out.resolve() != folder.resolve():
        check_free([out / FIGURE_FILE, out / MAP_FILE], force)
    for path in draw_folder(folder, out or folder):
        typer.echo(f"  {printable(str(path))}")


def animate(
    file: Annotated[Path, typer.Argument(help="An HDF5 trajectory written by a run.")],
    out: Annotated[
        Path | None, typer.Option(help="The .gif or .mp4 to write; by default FILE.gif beside the file.")
    ] = None,
    coordinates: Coordinates = None,
    fps: Annotated[int, typer.Option(help="Pictures a second, from 1 to 50.")] = 10,
    force: Force = False,
) -> None:
    """Draw a trajectory as a moving picture of its particles, a GIF or, where ffmpeg is, an MP4.

    The first two coordinates are shown, or those chosen. Nothing is overwritten without --force.
    """
    from runs.figures.film import animate as draw

    check_free([out or file.with_suffix(".gif")], force)
    typer.echo(f"  {printable(str(draw(file, out, coordinates, fps)))}")
