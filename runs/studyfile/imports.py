"""What a user wrote, by import path "module:name". This runs the code of the module: name only files you trust."""

import importlib
import sys
from pathlib import Path
from typing import Any

from runs.refusal import Refusal


def imported(path: str, folder: Path) -> Any:
    """The object `name` of the module in "module:name", which is looked for in the study file's folder first.

    Importing a module executes it. Nothing but what a study file names in this way is ever imported.
    Raises Refusal where the text is not of that form, or there is no such module or name.
    """
    module, colon, name = path.partition(":")
    if not (colon and all(part.isidentifier() for part in module.split(".")) and name.isidentifier()):
        raise Refusal(f"The import path {path!r} is not of the form module:name: write for example mine:Neuron.")
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
