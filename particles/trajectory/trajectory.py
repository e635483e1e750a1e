"""Trajectory, the door to trajectory files: create one, append to one, open one."""

import json
from collections.abc import Mapping
from os import PathLike

import h5py
import torch

from particles.arguments.integers import whole
from particles.errors import TrajectoryError
from particles.trajectory.content.provenance import provenance, resume_noted
from particles.trajectory.content.stored_data import kept_data, write_data
from particles.trajectory.content.trimming import trim_to_resume
from particles.trajectory.describe import describe
from particles.trajectory.files.checked_nodes import child_group
from particles.trajectory.files.open_checked import damage_reported, file_to_append, new_file, read_file
from particles.trajectory.layout import MODULE, Options, write_root
from particles.trajectory.migration import migrate
from particles.trajectory.reader import TrajectoryReader
from particles.trajectory.recorder import Observable, check_observables
from particles.trajectory.writer import TrajectoryWriter


class Trajectory:
    """One HDF5 file with the frames, observables, parameters and provenance of one run.

    The file is H5MD 1.1 with named dimensions: any HDF5, H5MD or xarray program reads it. Nothing in it is ever
    unpickled, no link in it is followed, and no existing file is overwritten that you do not ask to be.
    """

    @staticmethod
    def create(
        path: str | PathLike[str],
        *,
        flow: object = None,
        integrator: object = None,
        law: object = None,
        masses: object = None,
        seed: int | None = None,
        observables: Mapping[str, Observable] | None = None,
        parameters: Mapping[str, object] | None = None,
        dtype: torch.dtype | None = None,
        moving_masses: bool = False,
        compression: str | None = None,
        overwrite: bool = False,
    ) -> TrajectoryWriter:
        """Create a file and return its writer, a context manager and an observer.

        flow, integrator, law and masses say how the run is made and stand, with the seed, as parameters of these names
        in the file, as JSON (`particles.trajectory.describe`) beside `parameters`; data of the flow's risk that take up
        to 64 kB are stored as they are. masses: how they came about, {"kind": "zipf", "alpha": 0.5} for instance, as a
        study file says it; the masses themselves are in the file anyway. observables: functions of a cloud by name,
        recorded of every cloud that the writer is handed, beside its frame; `trace` of the writer records others at
        times of their own.
        dtype: torch.float32 or torch.float64 to round positions to it, None to keep the cloud's dtype.
        moving_masses: store the masses of every frame instead of refusing other ones than the first cloud's.
        compression: "gzip" or "lzf" for positions; it saves a tenth or two and costs ten times the writing speed.
        overwrite: whether a file of that name is replaced, once the new one is whole; who reads the old one keeps it.
        Raises TrajectoryError where the path exists (with overwrite: is being written, or is no file) or cannot be
        created, TypeError for what cannot be described and for observables that are no functions, ValueError for other
        options. Nothing is created in these cases.
        """
        parts = {"flow": flow, "integrator": integrator, "law": law, "masses": masses}
        configuration = _configuration(parts, seed, parameters)
        check_observables(observables or {})
        options = Options(_dtype_name(dtype), moving_masses, compression)
        if compression not in (None, "gzip", "lzf"):
            raise ValueError(f"Compression {compression!r} is not known; take 'gzip', 'lzf' or None.")
        origin = provenance()
        data = kept_data(flow)

        def fill(file: h5py.File) -> None:
            write_root(file, options, configuration, origin)
            if data is not None:
                write_data(file, data)

        return TrajectoryWriter(new_file(path, fill, overwrite=overwrite), observables)

    @staticmethod
    def append(path: str | PathLike[str], *, observables: Mapping[str, Observable] | None = None) -> TrajectoryWriter:
        """Open a file to write on and return its writer, whose `last` is the frame to resume from, or None.

        All datasets are cut to what an uninterrupted run had written right after that frame, so a run resumed there
        (its first state is not handed on again) gives the same datasets bit for bit. See `resuming.trim_to_resume`:
        frames that were never committed, observables at later steps, and in one case the last frame are cut off.
        A file of an earlier layout becomes one of ours (`migration`). observables: as in `create`.
        Raises TypeError for observables that are no functions, TrajectoryError where the path is missing, a folder,
        open elsewhere, damaged or not a trajectory.
        """
        check_observables(observables or {})
        file = file_to_append(path)
        try:
            with damage_reported(file):
                migrate(file)
                with resume_noted(child_group(file, MODULE)):
                    trim_to_resume(file)
                file.flush()
                return TrajectoryWriter(file, observables)
        except TrajectoryError:
            file.close()
            raise

    @staticmethod
    def open(path: str | PathLike[str]) -> TrajectoryReader:
        """Open a file for reading, even while it is written: then it ends at what was committed by now, and stays so.

        No writer is kept out. Where one opens the file meanwhile, to continue a killed run for instance, it may cut off
        what is read, and whatever is asked of the reader raises TrajectoryError: open the file again.
        Raises TrajectoryError where the path is missing, a folder, damaged or not a trajectory of this version.
        """
        return read_file(path, TrajectoryReader)


def _configuration(parts: Mapping[str, object], seed: int | None, parameters: Mapping[str, object] | None) -> str:
    """The parameters with what the run is made of and the seed among them, as JSON text."""
    given = {} if parameters is None else describe(parameters, "parameters")
    if not isinstance(given, dict) or not isinstance(parameters, Mapping | None):
        raise TypeError(f"Parameters are {type(parameters).__name__}, but a mapping from names to values is needed.")
    own = {name: part for name, part in parts.items() if name == "flow" or part is not None}
    taken = sorted({*own, "seed"} & set(given))
    if taken:
        raise ValueError(f"Parameters hold {' and '.join(taken)}; give these as arguments of their own.")
    described = {name: describe(part, name) for name, part in own.items()}
    return json.dumps({**given, **described, "seed": seed if seed is None else whole(seed, "The seed", 0)})


def _dtype_name(dtype: torch.dtype | None) -> str | None:
    """Name of a dtype that positions are stored in; raises ValueError for another one."""
    if dtype not in (None, torch.float32, torch.float64):
        raise ValueError(f"Positions in {dtype} cannot be stored; take torch.float32, torch.float64 or None.")
    return None if dtype is None else str(dtype).removeprefix("torch.")
