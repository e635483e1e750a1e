"""The class `Trajectory`, whose methods create a trajectory file, append to one, and open one for reading."""

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

    The file is H5MD 1.1 (de Buyl, Colberg and Hoefling 2014) with named dimensions, so any HDF5, H5MD or xarray program
    reads it. Nothing in it is unpickled, links in it are not followed, and an existing file is overwritten only on
    request.
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
        """Create a file and return its writer, which is a context manager and an observer.

        - `flow`, `integrator`, `law`, `masses` and `seed` say how the run is made. They are stored as parameters of
          these names, as JSON (`particles.trajectory.describe`), beside `parameters`. The data of the flow's risk are
          stored too if they take at most 64 kB. `masses` is a description such as {"kind": "zipf", "alpha": 0.5}; the
          masses themselves are stored with the first frame.
        - `observables` are functions of a cloud by name. They are recorded with every frame; the writer's `trace`
          records others at times of their own.
        - `dtype` is torch.float32 or torch.float64 to round positions to it, or None to keep the cloud's dtype.
        - `moving_masses` stores the masses of every frame; otherwise masses other than the first cloud's are refused.
        - `compression` is "gzip" or "lzf" for positions; it saves 10 to 20 % and makes writing ten times slower.
        - `overwrite` replaces a file of that name once the new one is whole; readers of the old one can go on.

        Raises TrajectoryError where the path exists (with `overwrite`: where it is being written, or is not a file) or
        cannot be created, TypeError for a part that cannot be described and for observables that are not functions,
        ValueError for other options, seeds and names. Nothing is created in these cases.
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
        """Open a file for writing and return its writer, whose `last` is the frame to resume from, or None.

        All datasets are cut to the content that an uninterrupted run had right after that frame: frames that were never
        committed, observables at later steps, and in one case the last frame are cut off (`trimming.trim_to_resume`).
        So a run that is resumed there, without calling observers on its first state again, gives the same datasets bit
        for bit. A file of an earlier layout is changed to the present one (`migration`). `observables` are as in
        `create`.
        Raises TypeError for observables that are not functions, ValueError for names that are not identifiers,
        TrajectoryError where the path is missing, a folder, open elsewhere, damaged or not a trajectory.
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
        """Open a file for reading and return its reader, a sequence of clouds.

        The file may be written meanwhile; the reader then shows the records that were committed when it was opened. It
        does not keep writers out. If a writer opens the file later, for instance to continue a killed run, it may cut
        off records, so every access of the reader raises TrajectoryError until the file is opened again.
        Raises TrajectoryError where the path is missing, a folder, damaged or not a trajectory of this version.
        """
        return read_file(path, TrajectoryReader)


def _configuration(parts: Mapping[str, object], seed: int | None, parameters: Mapping[str, object] | None) -> str:
    """The parameters, with the described parts of the run and the seed, as JSON text."""
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
    """The name of a dtype in which positions can be stored, or None; raises ValueError for another dtype."""
    if dtype not in (None, torch.float32, torch.float64):
        raise ValueError(f"Positions in {dtype} cannot be stored; take torch.float32, torch.float64 or None.")
    return None if dtype is None else str(dtype).removeprefix("torch.")
