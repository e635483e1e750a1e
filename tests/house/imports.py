"""Rules on imports, read from the syntax tree: which room may see which, and one door per third party.

The import contracts of setup.cfg say the same of the import graph; these also see importlib and refuse a name that is
known only at run time.
"""

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

from tests.house.source import ROOMS, Source, last_name

#: Which of our packages a room may import.
BELOW = {
    "particles": {"particles"},
    "flows": {"flows", "particles"},
    "limits": {"limits", "particles"},
    "runs": set(ROOMS),
}

#: Third parties imported under one folder, or in one file, and nowhere else.
DOORS = {
    "h5py": ("particles/trajectory/",),
    "ot": ("limits/transport/",),
    "triton": ("particles/compute/",),
    "numba": ("particles/compute/",),
    "tqdm": ("flows/observers/progress.py",),
    "matplotlib": ("runs/", "particles/trajectory/pictures.py"),
    "typer": ("runs/",),
    "rich": ("runs/",),
    "pydantic": ("runs/",),
    "pooch": ("runs/",),
    "filelock": ("runs/",),
    "sklearn": ("runs/",),
    "imageio_ffmpeg": ("runs/",),
    "dask": ("runs/",),
    "distributed": ("runs/",),
}

UNKNOWN = "a name known only at run time"


def imported_modules(source: Source) -> Iterator[tuple[int, str]]:
    """Line and dotted name of every import, inside functions and through importlib too; relative ones resolved."""
    package = PurePosixPath(source.path).parts[:-1]
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            yield node.lineno, ".".join([*base, *([node.module] if node.module else [])])
        elif isinstance(node, ast.Call) and last_name(node.func) in {"import_module", "__import__"}:
            name = node.args[0] if node.args else None
            known = isinstance(name, ast.Constant) and isinstance(name.value, str)
            yield node.lineno, str(name.value) if known else UNKNOWN


def wrong_doors(source: Source) -> Iterator[str]:
    """Third parties imported outside their door."""
    for line, module in imported_modules(source):
        doors = DOORS.get(module.split(".")[0], ("",))
        if not source.path.startswith(doors):
            yield f"{source.path}:{line} imports {module}, whose door is {' or '.join(doors)}."


def wrong_rooms(source: Source) -> Iterator[str]:
    """Rooms that look up or sideways; below runs also imports of a name known only at run time."""
    for line, module in imported_modules(source):
        top = module.split(".")[0]
        ours = top in ROOMS or top == "tests"
        if (ours and top not in BELOW[source.room]) or (module == UNKNOWN and source.room != "runs"):
            seen = ", ".join(sorted(BELOW[source.room]))
            yield f"{source.path}:{line} imports {module}; {source.room} sees only {seen}."
