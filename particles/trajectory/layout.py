"""Names, versions, chunks and the fixed parts of a trajectory file: H5MD 1.1 with HDF5 dimension scales."""

import getpass
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import h5py
import numpy as np

#: Version of H5MD that the file follows, and of our own additions under h5md/modules (`migration` says what changed).
H5MD_VERSION = (1, 1)
SCHEMA_VERSION = (1, 3)
#: Versions that are read too, oldest first.
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

#: A frame is one chunk up to this many bytes and is split over the particles beyond.
CHUNK_BYTES = 2**20
#: Entries of one chunk of the step and time datasets, and records of one chunk of an observable's small values.
RECORDS_PER_CHUNK = 512
#: What an entry of `step` reads as before it was written; recorded steps are never negative.
UNWRITTEN = -1


@dataclass(frozen=True)
class Options:
    """How the frames of a file are stored, fixed when it is created.

    dtype: "float32" or "float64" where positions are rounded to it, None where they keep the cloud's; moving_masses:
    masses are [frames, particles] instead of [particles]; compression: "gzip", "lzf" or None.
    """

    dtype: str | None = None
    moving_masses: bool = False
    compression: str | None = None


def frame_chunk(count: int, dim: int, itemsize: int) -> tuple[int, int, int]:
    """Chunk (1, particles, coordinates) of positions [frames, count, dim]: a frame, or even shares of it over 1 MB."""
    pieces = -(-count * dim * itemsize // CHUNK_BYTES)
    return 1, max(1, -(-count // pieces)), dim


def record_chunk(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Chunk of an observable's values [records, *shape]: as many records as fit in 16 kB, at least one."""
    size = max(1, itemsize * int(np.prod(shape, dtype=np.int64)))
    return max(1, min(RECORDS_PER_CHUNK, 2**14 // size)), *shape


def fixed_text(text: str) -> np.bytes_:
    """Text as the fixed-length ASCII scalar that H5MD asks for; other characters become question marks."""
    return np.bytes_(text.encode("ascii", "replace"))


def write_root(file: h5py.File, options: Options, configuration: str, origin: Mapping[str, object]) -> None:
    """Write all that does not wait for a cloud: h5md, our module, parameters, the empty observables and particles.

    configuration is JSON text, origin what `provenance` gives. Times at which a writer opened the file start with one
    entry, so that a later one is added like any (see `adding`).
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
    """Write what H5MD asks of every file: its version, the author, and the program, ours, in this version."""
    root = file.create_group("h5md", track_order=True)
    root.attrs["version"] = np.array(H5MD_VERSION, dtype=np.int64)
    root.create_group("author").attrs["name"] = fixed_text(_author())
    creator = root.create_group("creator")
    creator.attrs["name"] = fixed_text(CREATOR)
    creator.attrs["version"] = fixed_text(version)


def write_title(file: h5py.File, configuration: str, origin: Mapping[str, object]) -> None:
    """Write the attributes of the whole file, which programs for labelled arrays show: what it is, whose, and when."""
    flow, seed = (json.loads(configuration).get(name) for name in ("flow", "seed"))
    kind = str(flow["class"]).rpartition(".")[2] if isinstance(flow, dict) and "class" in flow else "a flow"
    of_seed = "" if seed is None else f", seed {seed}"
    texts = {"title": f"Particle trajectory of {kind}{of_seed}", "software": CREATOR, "version": origin["version"]}
    texts |= {"created": origin["started"], "Conventions": f"H5MD-{'.'.join(map(str, H5MD_VERSION))}"}
    for name, text in texts.items():
        file.attrs[name] = fixed_text(str(text))


def write_clock(module: h5py.Group) -> None:
    """Write that nothing is known yet of how long the run took and when it was closed."""
    module.attrs["wall_seconds"] = np.float64(0.0)
    module.attrs["closed"] = np.bytes_(b"".ljust(32, b" "))


def options_of(module: h5py.Group) -> Options:
    """The options stored in our module group."""
    stored: dict[str, Any] = json.loads(bytes(module.attrs["options"]))
    return Options(**stored)


def _author() -> str:
    """Login name of whoever runs the program, "unknown" where the system has none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"
