"""The files of a module and of what it imports, found by reading their text; nothing is imported or executed."""

import ast
import importlib.util
import sysconfig
from collections.abc import Iterator, Sequence
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

#: Our own rooms and Python's library: what is in them is known by its version.
OURS = Path(__file__).resolve().parents[3]
ROOMS = ("particles", "flows", "limits", "runs")
PYTHON = tuple(Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib"))
#: Folders of installed packages, whose files count only where the study names the package.
INSTALLED = {"site-packages", "dist-packages"}

#: A module's file, None for a folder without one, and where its submodules lie.
Found = tuple[Path | None, list[Path]]


def modules_of(module: str, folder: Path) -> dict[str, Path]:
    """Every file, by the dotted name of its module, that importing a module makes part of the study.

    These are the module, the packages around it, and what they import by statements anywhere in them, as far as it
    lies in `folder`, where modules are looked for first, belongs to the same package, or is not installed. Imports
    that a program puts together while it runs are not seen. Nothing for modules of ours and of Python.
    """
    top, found, waiting = module.partition(".")[0], dict[str, Path](), [module]
    while waiting:
        for name, file in _along(waiting.pop(), folder):
            if name in found or not _counts(file, name.partition(".")[0] == top, folder):
                continue
            found[name] = file
            if file.suffix == ".py":
                waiting += _imports(name, file)
    return found


def _counts(file: Path, named: bool, folder: Path) -> bool:
    """Whether a file is the user's; named: it is of the package that the study names."""
    place = file.resolve()
    if place.is_relative_to(folder.resolve()):
        return True
    if any(place.is_relative_to(OURS / room) for room in ROOMS):
        return False
    if INSTALLED & set(place.parts):
        return named
    return not any(place.is_relative_to(library) for library in PYTHON)


def _along(module: str, folder: Path) -> Iterator[tuple[str, Path]]:
    """The files of the packages around a module and its own, as far as they are found; none for what is no name."""
    first, *rest = module.split(".")
    if not all(part.isidentifier() for part in (first, *rest)):
        return
    place = _within([folder], first) or _elsewhere(first)
    name = first
    while place is not None:
        file, inner = place
        if file is not None:
            yield name, file
        if not rest:
            return
        name, place = f"{name}.{rest[0]}", _within(inner, rest[0])
        rest = rest[1:]


def _within(folders: Sequence[Path], name: str) -> Found | None:
    """A module or package of that name in the first of the folders that has one, as Python looks for it."""
    for folder in folders:
        package = folder / name
        for file in (package / "__init__.py", *(folder / f"{name}{end}" for end in (*EXTENSION_SUFFIXES, ".py"))):
            if file.is_file():
                return file, [package] if file.parent == package else []
    loose = [folder / name for folder in folders if (folder / name).is_dir()]
    return (None, loose) if loose else None


def _elsewhere(name: str) -> Found | None:
    """A module that Python finds without the study's folder; looking for one without dots executes nothing."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    file = Path(spec.origin or "")
    return file if file.is_file() else None, [Path(place) for place in spec.submodule_search_locations or ()]


def _imports(module: str, file: Path) -> Iterator[str]:
    """Names of modules that a file may import; those of things that are no modules are among them."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join(filter(None, [*above, node.module or ""]))
            yield from (f"{base}.{alias.name}".strip(".") for alias in node.names if alias.name != "*")
            if base:
                yield base
