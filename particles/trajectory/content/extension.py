"""Extension of a finished run beyond its end: its file is cut to the kept state and notes the extension.

The old configuration stays in the file beside the note, so nothing is freed before the new one is in its place.
"""

import json
from collections.abc import Mapping

import h5py

from particles.errors import TrajectoryError
from particles.trajectory.content.creation import add_group, add_text
from particles.trajectory.content.kept_states import newest_parts
from particles.trajectory.content.provenance import utc_now
from particles.trajectory.content.trimming import trim_to_step
from particles.trajectory.describe import describe
from particles.trajectory.files.checked_nodes import child_group, has, json_object
from particles.trajectory.layout import CONFIGURATION, EXTENSIONS, MODULE, PARAMETERS


def take_up(file: h5py.File, parameters: Mapping[str, object]) -> None:
    """Cut a file to its checkpoint, change these parameters, and note it; raises TrajectoryError without one."""
    kept = newest_parts(file)
    if kept is None:
        raise TrajectoryError(f"{file.filename} keeps no state to go on from; run it again in another file.")
    group, module = child_group(file, PARAMETERS), child_group(file, MODULE)
    before = json_object(group, CONFIGURATION)
    time = json.loads(kept.tree).get("fields", {}).get("time")
    changed = {name: describe(value, name) for name, value in parameters.items()}
    note: dict[str, object] = {"step": kept.step, "time": time, "before": _replaced(before, {**before, **changed})}
    _note(module, group[CONFIGURATION], note)
    fresh = group.create_dataset(None, data=json.dumps({**before, **changed}), dtype=h5py.string_dtype())
    file.flush()
    del group[CONFIGURATION]
    group[CONFIGURATION] = fresh  # written together with the line above: both are links in the header of one group
    file.flush()
    trim_to_step(file, kept.step)
    file.flush()


def _note(module: h5py.Group, configuration: h5py.Dataset, note: dict[str, object]) -> None:
    """Add a note with the time now and the old configuration, unless a killed writer already added the same note."""
    if not has(module, EXTENSIONS):
        add_group(module, EXTENSIONS, lambda _: None)
    notes = child_group(module, EXTENSIONS)
    known = extensions(module)
    if known and known[-1] == {**note, "at": known[-1].get("at")}:
        return
    old = f"{len(known) + 1} before"
    if not has(notes, old):
        notes[old] = configuration
    add_text(notes, str(len(known) + 1), json.dumps({**note, "at": utc_now()}))


def _replaced(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, object]:
    """The old values of all parameters that change, with None for those that did not exist before."""
    found: dict[str, object] = {}
    for name in [*before, *(name for name in after if name not in before)]:
        then, now = before.get(name), after.get(name)
        if isinstance(then, Mapping) and isinstance(now, Mapping):
            inner = _replaced(then, now)
            found |= {name: inner} if inner else {}
        elif then != now:
            found[name] = then
    return found


def extensions(module: h5py.Group) -> list[dict[str, object]]:
    """Notes on the extensions of a file, in order: step and flow time of the start, UTC time, and old parameters."""
    notes = child_group(module, EXTENSIONS) if has(module, EXTENSIONS) else None
    numbers = (str(number) for number in range(1, len(notes or ()) + 1))
    return [json_object(notes, number) for number in numbers if notes is not None and has(notes, number)]
