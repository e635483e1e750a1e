"""The commands on trajectory files: `info`, `check`, `distance` and `export`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from runs.cli.exit_codes import BAD_INPUT, VIOLATED, in_one_line, of_each
from runs.cli.json_text import AsJson, json_text, result_as_json
from runs.cli.options import Force, LogTime, LogValues
from runs.system.printable import printable
from runs.system.refusal import Refusal
from runs.system.verbosity import is_quiet


def info(
    files: Annotated[list[Path], typer.Argument(help="HDF5 trajectories written by runs.")],
    as_json: AsJson = False,
) -> None:
    """Say what trajectory files hold: frames, particles, observables, parameters, provenance.

    A file that cannot be read does not stop the others; the exit code is 2 then. With --json an array with an object
    for each file, with the keys file, complete, title, frames, particles, observables, parameters and provenance; or
    file and error, where it cannot be read.
    """
    from runs.inspect.info import contents, report

    objects: list[dict[str, Any]] = []
    code = 0
    for number, (file, found) in enumerate(of_each(files, contents)):
        if isinstance(found, Refusal):
            code = BAD_INPUT
            objects.append({"file": file, "error": in_one_line(str(found))})
            continue
        objects.append({"file": file, **found})
        if not as_json:
            typer.echo("\n".join(["\n"] * bool(number) + list(map(printable, report(file, found)))))
    _end(objects, as_json, code)


def check(
    files: Annotated[
        list[Path], typer.Argument(help="HDF5 trajectories of a study, of a study file, or with their law.")
    ],
    seeds: Annotated[int, typer.Option(help="Other starts on which statements about random ones are checked.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Print every theorem on such a network with its bound, what was measured, and a verdict.

    Exit code 3 where one is violated; else 2 where a file cannot be checked, which does not stop the others. With
    --json an array with an object for each file, with the keys file, violated and theorems, an array of objects with
    statement, source, proven, stated (the bound or exact value), measured, error (its standard error), margin, verdict
    and assumptions (text, holds); or file and error, where it cannot be checked.
    """
    from runs.inspect.theorem_check import checked_file, fitted_table, is_violated, legend
    from runs.study.statements import result_console

    objects: list[dict[str, Any]] = []
    code, shown = 0, result_console()
    for file, results in of_each(files, lambda path: checked_file(path, seeds=seeds)):
        if isinstance(results, Refusal):
            code = max(code, BAD_INPUT)
            objects.append({"file": file, "error": in_one_line(str(results))})
            continue
        violated = is_violated(results)
        code = max(code, VIOLATED * violated)
        objects.append({"file": file, "violated": violated, "theorems": list(map(result_as_json, results))})
        if as_json:
            continue
        if len(files) > 1:
            shown.print(printable(str(file)), highlight=False, markup=False, soft_wrap=True)
        shown.print(fitted_table(results, shown.width))
        for line in () if is_quiet() else legend(results):
            shown.print(line, highlight=False)
    _end(objects, as_json, code)


def _end(objects: list[dict[str, Any]], as_json: bool, code: int) -> None:
    if as_json:
        typer.echo(json_text(objects))
    if code:
        raise typer.Exit(code)


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
        Path | None,
        typer.Option(
            "--out", "--figure", help="The figure, .png, .pdf or .svg; by default FILE-distance.png beside the file."
        ),
    ] = None,
    no_figure: Annotated[bool, typer.Option("--no-figure", help="Draw nothing.")] = False,
    log: LogValues = None,
    log_time: LogTime = True,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Print the Wasserstein distance W2 of every frame of a trajectory, one line per frame, and draw it.

    With --json an object with the keys file, other, to, method, parts, figure and frames, an array of objects with
    step, time, distance, method, exact, at_least (a lower bound) and error (a standard error).
    """
    from runs.inspect.distance import HEADER, Comparison, draw_distances, frame_distances
    from runs.system.overwriting import check_free

    comparison = Comparison(file, other, to or ("start" if other is None else "other"), method, parts)
    path = figure or file.with_name(f"{file.stem}-distance.png")
    check_free([] if no_figure else [path], force)
    if not as_json:
        typer.echo(HEADER)
    found = []
    for frame in frame_distances(comparison):
        found.append(frame)
        if not as_json:
            typer.echo(frame.line)
    drawn = not no_figure and any(frame.time > 0.0 for frame in found)
    if drawn:
        draw_distances(comparison, found, path, log_values=bool(log), log_time=log_time)
    if as_json:
        asked = {"file": file, "other": other, "to": comparison.to, "method": method, "parts": parts}
        typer.echo(json_text({**asked, "figure": path if drawn else None, "frames": [one.values for one in found]}))
    elif drawn:
        typer.echo(f"  {printable(str(path))}")


def export(
    file: Annotated[Path, typer.Argument(help="An HDF5 trajectory written by a run.")],
    to: Annotated[str, typer.Option(help="netcdf, npz, csv (observables only) or mdanalysis (three coordinates).")],
    out: Annotated[Path | None, typer.Option(help="The file to write; by default beside the trajectory.")] = None,
    coordinates: Annotated[
        str | None, typer.Option(help="For mdanalysis: up to three coordinates, from 0, as in 0,1,5; else the first.")
    ] = None,
    force: Force = False,
) -> None:
    """Write a trajectory in the format of another program."""
    from runs.inspect.export import column_numbers
    from runs.inspect.export import export as write

    columns = None if coordinates is None else column_numbers(coordinates)
    typer.echo(f"  {printable(str(write(file, to, out, columns, force=force)))}")
