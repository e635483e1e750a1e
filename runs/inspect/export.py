"""Export of a trajectory to other formats: netCDF for labelled arrays, npz for NumPy, CSV, H5MD for MDAnalysis."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from particles import Trajectory, TrajectoryError
from particles.trajectory import Series, TrajectoryReader
from particles.trajectory.content.labels import MASS, POSITION, TIME, without_unit
from particles.trajectory.export import DIMENSION, write_molecular
from runs.batch.output_folder import replace_text
from runs.collect import labels_in, xarray_or_refusal
from runs.system.files import replacing
from runs.system.overwriting import check_free
from runs.system.refusal import Refusal, chosen

#: The formats, each with the ending of the file's name.
FORMATS = {"netcdf": ".nc", "npz": ".npz", "csv": ".csv", "mdanalysis": ".h5md"}


def export(
    file: Path, to: str, out: Path | None = None, coordinates: Sequence[int] | None = None, force: bool = False
) -> Path:
    """Write the committed content of a trajectory to a file of another format, and return its path.

    - netcdf: position [frame, particle, coordinate], mass, time, and each observable with its own records; parameters
      and provenance are JSON in the attributes. It needs xarray.
    - npz: the same arrays by names such as `observables/risk/value`.
    - csv: a line for each step and time at which an observable was recorded, with a column for each number; no
      particles.
    - mdanalysis: an H5MD file of three coordinates (`particles.trajectory.export`). `coordinates` are the numbers of up
      to three of them, from 0; by default the first ones. Missing coordinates are zero. Only this format takes
      `coordinates`.

    By default the file lies beside the trajectory. Nothing is overwritten without `force`. Except for mdanalysis all
    frames are in memory at once. Raises Refusal with one sentence for every failure.
    """
    chosen("format", to, tuple(FORMATS))
    if coordinates is not None and to != "mdanalysis":
        raise Refusal(f"Coordinates are chosen for mdanalysis alone, {to} has all of them: leave --coordinates out.")
    target = file.with_suffix(FORMATS[to]) if out is None else out
    check_free([target], force)
    try:
        with Trajectory.open(file) as trajectory:
            if to == "mdanalysis":
                _write_mdanalysis(trajectory, target, file, coordinates)
            else:
                {"netcdf": _write_netcdf, "npz": _write_npz, "csv": _write_csv}[to](trajectory, target)
    except TrajectoryError as error:
        raise Refusal(str(error)) from error
    except OSError as error:
        raise Refusal(f"{target} cannot be written ({error.strerror or error}): name another file.") from error
    return target


def column_numbers(text: str) -> list[int]:
    """The numbers in a text such as "0,1,5"; raises Refusal for any other text."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        raise Refusal(f"Coordinates {text!r} are no numbers from 0 with commas between: write --coordinates 0,1,5.")
    return [int(part) for part in parts]


def arrays(trajectory: TrajectoryReader) -> dict[str, np.ndarray]:
    """All committed arrays by name: step and time [frames], position [frames, particles, dim], mass, observables.

    Masses are [particles] if they are the same in all frames, and [frames, particles] otherwise.
    """
    found = {"step": trajectory.steps, "time": trajectory.times}
    clouds = list(trajectory)
    if clouds:
        found["position"] = np.stack([cloud.positions.numpy() for cloud in clouds])
        masses = np.stack([cloud.masses.numpy() for cloud in clouds])
        found["mass"] = masses[0] if bool((masses == masses[0]).all()) else masses
    for name, series in trajectory.observables.items():
        found |= {f"observables/{name}/{part}": getattr(series, f"{part}s") for part in ("step", "time", "value")}
    return found


def _write_npz(trajectory: TrajectoryReader, target: Path) -> None:
    texts = {name: np.array(text) for name, text in _texts(trajectory).items()}
    with replacing(target) as unfinished, unfinished.open("wb") as file:
        np.savez(file, **arrays(trajectory), **texts)  # type: ignore[arg-type]


def _write_netcdf(trajectory: TrajectoryReader, target: Path) -> None:
    xarray = xarray_or_refusal()
    found = arrays(trajectory)
    variables: dict[str, Any] = {"step": ("frame", found["step"])}
    coordinates: dict[str, Any] = {"time": ("frame", found["time"], without_unit(TIME))}
    taken = {"step", "time", "position", "mass", "frame", "particle", "coordinate"}
    labels = labels_in(trajectory)
    if "position" in found:
        coordinates["coordinate"] = ("coordinate", trajectory.coordinates)
        variables["position"] = (("frame", "particle", "coordinate"), found["position"], without_unit(POSITION))
        variables["mass"] = (("frame", "particle")[2 - found["mass"].ndim :], found["mass"], without_unit(MASS))
    for name, series in trajectory.observables.items():
        record = f"{name}_record"
        inner = tuple(f"{name}_component{axis or ''}" for axis in range(series.values.ndim - 1))
        own = {name, record, f"{name}_step", f"{name}_time", *inner}
        if not own.isdisjoint(taken):
            raise Refusal(
                f"The observable {name!r} has, or needs, the name {min(own & taken)!r} of something else in netCDF: "
                "export to npz or csv."
            )
        taken |= own
        variables[name] = ((record, *inner), series.values, labels[name])
        variables[f"{name}_step"] = (record, series.steps)
        coordinates[f"{name}_time"] = (record, series.times, without_unit(TIME))
    with replacing(target) as unfinished:
        xarray.Dataset(variables, coordinates, {**trajectory.titles, **_texts(trajectory)}).to_netcdf(
            unfinished, engine="h5netcdf"
        )


def _write_mdanalysis(
    trajectory: TrajectoryReader, target: Path, file: Path, coordinates: Sequence[int] | None
) -> None:
    if not len(trajectory):
        raise Refusal(f"{file} has no frame, and MDAnalysis reads nothing else: export to csv, or run on first.")
    dim = trajectory[0].dim
    taken = range(min(dim, DIMENSION)) if coordinates is None else coordinates
    if not 0 < len(taken) <= DIMENSION or len(set(taken)) < len(taken) or not all(0 <= one < dim for one in taken):
        raise Refusal(
            f"Coordinates {', '.join(map(str, taken)) or 'none'} were asked of {file}, but one to three different ones "
            f"from 0 to {dim - 1} are needed: write for example --coordinates 0,{dim - 1}."
        )
    with replacing(target) as unfinished:
        write_molecular(unfinished, trajectory, taken, _texts(trajectory))


def _write_csv(trajectory: TrajectoryReader, target: Path) -> None:
    columns, rows = _table(trajectory.observables)
    if not rows:
        raise Refusal("The trajectory has no observable, and CSV holds nothing else: export to npz or netcdf.")
    text = io.StringIO()
    writer = csv.DictWriter(text, ["step", "time", *columns], restval="", lineterminator="\n")
    writer.writeheader()
    for (step, time), row in sorted(rows.items()):
        writer.writerow({"step": step, "time": repr(time), **row})
    replace_text(target, text.getvalue())


def _table(observables: Mapping[str, Series]) -> tuple[list[str], dict[tuple[int, float], dict[str, str]]]:
    """The columns, and the cells for every step and time; entry [1, 2] of an array is the column `name[1,2]`."""
    columns: list[str] = []
    rows: dict[tuple[int, float], dict[str, str]] = {}
    for name, series in observables.items():
        entries = list(np.ndindex(series.values.shape[1:]))
        names = [name + (f"[{','.join(map(str, entry))}]" if entry else "") for entry in entries]
        columns += names
        for step, time, value in zip(series.steps, series.times, series.values, strict=True):
            row = rows.setdefault((int(step), float(time)), {})
            row |= {label: repr(value[entry].item()) for label, entry in zip(names, entries, strict=True)}
    return columns, rows


def _texts(trajectory: TrajectoryReader) -> dict[str, str]:
    return {"parameters": json.dumps(trajectory.parameters), "provenance": json.dumps(trajectory.provenance)}
