"""The layout of a trajectory file, H5MD 1.1 with HDF5 dimension scales: names, versions, chunks and fixed parts."""

import getpass
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import h5py
import numpy as np

#: Version of H5MD that the file follows, and of our additions under h5md/modules (`migration` lists the changes).
H5MD_VERSION = (1, 1)
SCHEMA_VERSION = (1, 3)
#: Earlier versions that are read too, oldest first.
EARLIER_VERSIONS = ((1, 0), (1, 1), (1, 2))

CREATOR = "meanfield-particles"
MODULE = "h5md/modules/meanfield_particles"
PROVENANCE = "provenance"
OPENED = "opened"
RESUMES = "resumes"
EXTENSIONS = "extensions"
CONFIGURATION = "configuration"
PARAMETERS = "parameters"
PARTICLES = "particles"
CLOUD = "particles/cloud"
OBSERVABLES = "observables"
COORDINATE_NAME = "coordinate_name"

#: A frame of at most this many bytes is one chunk; a larger one is split over the particles.
CHUNK_BYTES = 2**20
#: Number of entries in a chunk of step and time, and of records in a chunk of an observable's small values.
RECORDS_PER_CHUNK = 512
#: Value of an entry of `step` that was not written; recorded steps are never negative.
UNWRITTEN = -1


@dataclass(frozen=True)
class Options:
    """Options of how the frames of a file are stored, fixed when it is created.

    With `dtype` "float32" or "float64" positions are rounded to it; with None they keep the cloud's dtype. With
    `moving_masses` masses are [frames, particles] instead of [particles]. `compression` is "gzip", "lzf" or None.
    """

    dtype: str | None = None
    moving_masses: bool = False
    compression: str | None = None


def frame_chunk(count: int, dim: int, itemsize: int) -> tuple[int, int, int]:
    """The chunk (1, particles, coordinates) of positions [frames, count, dim]: a frame or a part of one."""
    pieces = -(-count * dim * itemsize // CHUNK_BYTES)
    return 1, max(1, -(-count // pieces)), dim


def record_chunk(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """The chunk of an observable's values [records, *shape]: as many records as fit in 16 kB, at least one."""
    size = max(1, itemsize * int(np.prod(shape, dtype=np.int64)))
    return max(1, min(RECORDS_PER_CHUNK, 2**14 // size)), *shape


def fixed_text(text: str) -> np.bytes_:
    """The text as a fixed-length ASCII scalar, as H5MD asks; other characters become question marks."""
    return np.bytes_(text.encode("ascii", "replace"))


def write_root(file: h5py.File, options: Options, configuration: str, origin: Mapping[str, object]) -> None:
    """Write all that does not depend on a cloud: h5md, our module, parameters, empty observables and particles.

    `configuration` is JSON text, and `origin` is what `provenance` returns. The dataset of opening times starts with
    one entry, so that later ones are added like any record (see `creation`).
    """
    write_identity(file, str(origin["version"]))
    write_title(file, configuration, origin)
    module = file.create_group(MODULE)
    module.attrs["version"] = np.array(SCHEMA_VERSION, dtype=np.int64)
    module.attrs["options"] = fixed_text(json.dumps(asdict(options)))
    module.attrs["complete"] = np.int64(0)
    module.attrs["sealed"] = np.int64(UNWRITTEN)
    write_clock(module)
    module.create_dataset(PROVENANCE, data=json.dumps(origin), dtype=h5py.string_dtype())
    file.create_group(PARAMETERS).create_dataset(CONFIGURATION, data=configuration, dtype=h5py.string_dtype())
    started = np.array([str(origin["started"]).encode()], dtype="S32")
    opened = module.create_dataset(OPENED, data=started, maxshape=(None,), chunks=(1,))
    opened.make_scale(OPENED)
    module.create_group(RESUMES)
    file.create_group(OBSERVABLES, track_order=True)
    file.create_group(PARTICLES, track_order=True)


def write_identity(file: h5py.File, version: str) -> None:
    """Write what H5MD asks of every file: its version, the author, and our program with its version."""
    root = file.create_group("h5md", track_order=True)
    root.attrs["version"] = np.array(H5MD_VERSION, dtype=np.int64)
    root.create_group("author").attrs["name"] = fixed_text(_author())
    creator = root.create_group("creator")
    creator.attrs["name"] = fixed_text(CREATOR)
    creator.attrs["version"] = fixed_text(version)


def write_title(file: h5py.File, configuration: str, origin: Mapping[str, object]) -> None:
    """Write the attributes of the file that programs for labelled arrays show: title, program, version and time."""
    flow, seed = (json.loads(configuration).get(name) for name in ("flow", "seed"))
    kind = str(flow["class"]).rpartition(".")[2] if isinstance(flow, dict) and "class" in flow else "a flow"
    of_seed = "" if seed is None else f", seed {seed}"
    texts = {"title": f"Particle trajectory of {kind}{of_seed}", "software": CREATOR, "version": origin["version"]}
    texts |= {"created": origin["started"], "Conventions": f"H5MD-{'.'.join(map(str, H5MD_VERSION))}"}
    for name, text in texts.items():
        file.attrs[name] = fixed_text(str(text))


def write_clock(module: h5py.Group) -> None:
    """Write empty entries for the duration of the run and for the time at which the file was closed."""
    module.attrs["wall_seconds"] = np.float64(0.0)
    module.attrs["closed"] = np.bytes_(b"".ljust(32, b" "))


def options_of(module: h5py.Group) -> Options:
    """The options stored in our module group."""
    stored: dict[str, Any] = json.loads(bytes(module.attrs["options"]))
    return Options(**stored)


def _author() -> str:
    """The login name of the user, or "unknown" where the system has none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"
