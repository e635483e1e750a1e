"""What a user wrote, by import path "module:name". This runs the code of the module: name only files you trust."""

import hashlib
import importlib
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from runs.studyfile.model.modules import modules_of
from runs.system.refusal import Refusal

#: One import at a time: `sys.path` belongs to all threads.
_importing = threading.RLock()
#: The file and the text (SHA-256) from which each module of a study was imported; a process may outlive both.
_read: dict[str, tuple[Path, str]] = {}


def imported(path: str, folder: Path) -> Any:
    """The object `name` of the module in "module:name", which is looked for in the study file's folder first.

    Importing a module executes it, anew where its file, or that of a module of the user's that it imports, is another
    one or has changed since this process imported it. Nothing but what a study file names in this way is ever imported.
    Raises Refusal where the text is not of that form, or there is no such module or name.
    """
    module, colon, name = path.partition(":")
    if not (colon and all(part.isidentifier() for part in module.split(".")) and name.isidentifier()):
        raise Refusal(f"The import path {path!r} is not of the form module:name: write for example mine:Neuron.")
    with _importing:
        _forget_others(modules_of(module, folder))
        try:
            with _found_in(folder):
                return getattr(importlib.import_module(module), name)
        except ImportError as error:
            raise Refusal(f"{path!r} cannot be imported ({error}): is {module}.py beside the study file?") from error
        except AttributeError as error:
            raise Refusal(f"The module {module} has no {name!r}: name something that it defines.") from error


@contextmanager
def _found_in(folder: Path) -> Iterator[None]:
    """Modules are looked for in the folder first, and no bytecode is left there.

    Python takes bytecode for that of a text of the same size and second, which an edit may be.
    """
    before = sys.dont_write_bytecode
    sys.path.insert(0, str(folder.resolve()))
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.path.pop(0)
        sys.dont_write_bytecode = before


def _forget_others(files: Mapping[str, Path]) -> None:
    """Forget every module of a study where one of these was imported from another file or another text.

    All of them, since they hold what they imported of each other.
    """
    now = {name: (file.resolve(), hashlib.sha256(file.read_bytes()).hexdigest()) for name, file in files.items()}
    if any(_read.get(name, place) != place for name, place in now.items()):
        for name in _read:
            sys.modules.pop(name, None)
        _read.clear()
    _read.update(now)
    importlib.invalidate_caches()
