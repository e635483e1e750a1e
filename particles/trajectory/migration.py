"""Migration of files of earlier layouts: the changes made before such a file is written on. Reading changes nothing.

1.0  The first layout. Its first programs have no checkpoints; later ones write them under the same version.
1.1  An unfinished run may hold a checkpoint and is resumed from it; a program that does not know checkpoints would
     ignore it. `resumes` holds the provenance of each opening for append. Small data are stored with the parameters.
     A file of 1.0 that lacks these parts is read as if they were empty.
1.2  The dimension of records is their time, and steps are a variable along it. Before, the dimension was the step,
     which repeats where an adaptive integrator gives several moments of one step, so records could not be joined or
     selected.
1.3  Variables have labels: names in words, units, formulas, names of coordinates. The file has a title, the duration
     of the run and the time at which it was closed. Observables recorded in a file of 1.2 have no formulas.
"""

from collections.abc import Callable, Iterator

import h5py
import numpy as np
from h5py import h5ds

from particles.trajectory.content.creation import add_group, add_names
from particles.trajectory.content.labels import MASS, POSITION, STEP, TIME, coordinate_names, label, words_for
from particles.trajectory.files.checked_nodes import child, child_dataset, child_group, has, json_object, text
from particles.trajectory.files.open_checked import Version, version_of
from particles.trajectory.layout import (
    CLOUD,
    CONFIGURATION,
    COORDINATE_NAME,
    MODULE,
    OBSERVABLES,
    PARAMETERS,
    PROVENANCE,
    RESUMES,
    SCHEMA_VERSION,
    fixed_text,
    write_clock,
    write_title,
)


def _add_resumes(file: h5py.File) -> None:
    """Change 1.0 to 1.1: add the group of resumes; for resumes up to now only their times are known."""
    module = child_group(file, MODULE)
    if not has(module, RESUMES):
        add_group(module, RESUMES, fill=lambda _: None)


def _go_by_times(file: h5py.File) -> None:
    """Change 1.1 to 1.2: the first axis of every element becomes its time. Each of three parts may be done already."""
    elements = list(_elements(file))
    for group in elements:
        step = child_dataset(group, "step")
        for name in ("time", "value"):
            if h5ds.is_scale(step.id) and h5ds.is_attached(child_dataset(group, name).id, step.id, 0):
                h5ds.detach_scale(child_dataset(group, name).id, step.id, 0)
    file.flush()
    for group in elements:
        step, time = child_dataset(group, "step"), child_dataset(group, "time")
        for mark in {"CLASS", "NAME"} & set(step.attrs):
            del step.attrs[mark]
        if not h5ds.is_scale(time.id):
            time.make_scale("time")
    file.flush()
    for group in elements:
        time = child_dataset(group, "time")
        for name in ("step", "value"):
            if not h5ds.is_attached(child_dataset(group, name).id, time.id, 0):
                h5ds.attach_scale(child_dataset(group, name).id, time.id, 0)
        child_dataset(group, "value").attrs.modify("coordinates", fixed_text("step"))


def _say_what_it_is(file: h5py.File) -> None:
    """Change 1.2 to 1.3: add missing attributes and names of coordinates. Existing ones stay."""
    module, parameters = child_group(file, MODULE), child_group(file, PARAMETERS)
    if "Conventions" not in file.attrs:
        write_title(file, text(parameters, CONFIGURATION), json_object(module, PROVENANCE))
    if "closed" not in module.attrs:
        write_clock(module)
    for group in _elements(file):
        *_, parent, name = group.name.split("/")
        own = words_for(name) if parent == OBSERVABLES else _WORDS[name]
        for part, words in (("step", STEP), ("time", TIME), ("value", own)):
            label(child_dataset(group, part), words)
    if not has(file, CLOUD):
        return
    cloud = child_group(file, CLOUD)
    if isinstance(mass := child(cloud, "mass"), h5py.Dataset):
        label(mass, MASS)
    position = child_group(cloud, "position")
    value = child_dataset(position, "value")
    if not has(position, COORDINATE_NAME):
        names = coordinate_names(json_object(parameters, CONFIGURATION), value.shape[2])
        add_names(position, names, child_dataset(cloud, "coordinate"))
    value.attrs["coordinates"] = fixed_text(f"step {COORDINATE_NAME}")


def _elements(file: h5py.File) -> Iterator[h5py.Group]:
    """The groups of all elements of a file, including that of moving masses."""
    observables = child_group(file, OBSERVABLES)
    yield from (child_group(observables, name) for name in observables if has(child_group(observables, name), "step"))
    if has(file, CLOUD):
        cloud = child_group(file, CLOUD)
        yield from (
            child_group(cloud, name) for name in ("position", "mass") if isinstance(child(cloud, name), h5py.Group)
        )


_WORDS = {"position": POSITION, "mass": MASS}

#: For each earlier version the next one and the change that leads to it; an interrupted change may be started again.
MIGRATIONS: dict[Version, tuple[Version, Callable[[h5py.File], None]]] = {
    (1, 0): ((1, 1), _add_resumes),
    (1, 1): ((1, 2), _go_by_times),
    (1, 2): ((1, 3), _say_what_it_is),
}


def migrate(file: h5py.File) -> None:
    """Change a file that is open for writing to our version, step by step; each step changes the version last."""
    module = child_group(file, MODULE)
    while (version := version_of(file)) != SCHEMA_VERSION:
        following, change = MIGRATIONS[version]
        change(file)
        module.attrs.modify("version", np.array(following, dtype=np.int64))
        file.flush()
