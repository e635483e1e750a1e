"""Files of earlier layouts: what is changed in one before it is written on. Reading changes nothing.

1.0  The first layout. Its programs know nothing of checkpoints at first, and later write them under the same version.
1.1  A run that is not finished may hold a checkpoint and is resumed there, which a program that does not know of it
     would pass over; `resumes` says what program each opening for append was, as `provenance` does of the first; few
     data are kept with the parameters. What of this a file of 1.0 lacks reads as empty.
"""

from collections.abc import Callable

import h5py
import numpy as np

from particles.trajectory.adding import add_group
from particles.trajectory.layout import MODULE, RESUMES, SCHEMA_VERSION
from particles.trajectory.opening import Version, child_group, has, version_of


def _add_resumes(file: h5py.File) -> None:
    """From 1.0: resumes up to now are known by their times alone."""
    module = child_group(file, MODULE)
    if not has(module, RESUMES):
        add_group(module, RESUMES, fill=lambda _: None)


#: For each earlier version the next one and the change that leads there, which may be begun anew where it was cut off.
MIGRATIONS: dict[Version, tuple[Version, Callable[[h5py.File], None]]] = {(1, 0): ((1, 1), _add_resumes)}


def migrate(file: h5py.File) -> None:
    """Bring a file that is open for writing up to our version, step by step; its version is changed last in each."""
    module = child_group(file, MODULE)
    while (version := version_of(file)) != SCHEMA_VERSION:
        following, change = MIGRATIONS[version]
        change(file)
        module.attrs.modify("version", np.array(following, dtype=np.int64))
        file.flush()
