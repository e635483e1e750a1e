"""What a user wrote, by import path "module:name". This runs the code of the module: name only files you trust."""

import hashlib
import importlib
import sys
import threading
from pathlib import Path
from typing import Any

from runs.refusal import Refusal

#: One import at a time: `sys.path` belongs to all threads.
_importing = threading.RLock()
#: The file and the text (SHA-256) from which each module beside a study was imported; a process may outlive both.
_read: dict[str, tuple[Path, str]] = {}


def imported(path: str, folder: Path) -> Any:
    """The object `name` of the module in "module:name", which is looked for in the study file's folder first.

    Importing a module executes it, anew where its file is another one or has changed since this process imported it.
    Nothing but what a study file names in this way is ever imported.
    Raises Refusal where the text is not of that form, or there is no such module or name.
    """
    module, colon, name = path.partition(":")
    if not (colon and all(part.isidentifier() for part in module.split(".")) and name.isidentifier()):
        raise Refusal(f"The import path {path!r} is not of the form module:name: write for example mine:Neuron.")
    with _importing:
        _forget_other(module, source_of(path, folder))
        sys.path.insert(0, str(folder.resolve()))
        try:
            return getattr(importlib.import_module(module), name)
        except ImportError as error:
            raise Refusal(f"{path!r} cannot be imported ({error}): is {module}.py beside the study file?") from error
        except AttributeError as error:
            raise Refusal(f"The module {module} has no {name!r}: name something that it defines.") from error
        finally:
            sys.path.pop(0)


def source_of(path: str, folder: Path) -> Path | None:
    """The file of a module beside the study, None where it comes from elsewhere."""
    file = folder / Path(*path.partition(":")[0].split(".")).with_suffix(".py")
    return file if file.is_file() else None


def _forget_other(module: str, file: Path | None) -> None:
    """Forget a module of this name that an earlier study had beside it, unless it is this file with this text."""
    now = None if file is None else (file.resolve(), hashlib.sha256(file.read_bytes()).hexdigest())
    if module in _read and _read[module] != now:
        sys.modules.pop(module, None)
        del _read[module]
    if now is not None:
        _read[module] = now
        importlib.invalidate_caches()
