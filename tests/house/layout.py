"""Rules on files: length, names, a first line that says what the file is, a mirror among the tests."""

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

from tests.house.source import Source

#: The longest file, and the longest function, its docstring not counted.
FILE_LINES = 300
FUNCTION_LINES = 60
#: The most entries of a folder: its modules, packages and pages, without what makes it a package.
FOLDER_ENTRIES = 15

#: Names that say nothing about what is inside.
EMPTY_NAMES = {"common", "helper", "helpers", "manager", "managers", "misc", "util", "utilities", "utils"}


def long_files(source: Source) -> Iterator[str]:
    """Files beyond the wall."""
    lines = len(source.text.splitlines())
    if lines > FILE_LINES:
        yield f"{source.path} has {lines} lines, {FILE_LINES} is the wall; split it by idea."


def long_functions(source: Source) -> Iterator[str]:
    """Functions that do not fit on a screen."""
    for function in source.functions():
        lines = _lines(function)
        if ast.get_docstring(function) is not None:
            lines -= _lines(function.body[0])
        if lines > FUNCTION_LINES:
            where = f"{source.path}:{function.lineno} {function.name}"
            yield f"{where} has {lines} lines, {FUNCTION_LINES} fit on a screen."


def _lines(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def silent_files(source: Source) -> Iterator[str]:
    """Modules whose first statement is not a docstring."""
    if not ast.get_docstring(source.tree):
        yield f"{source.path} does not begin by saying what it is."


def empty_names(source: Source) -> Iterator[str]:
    """Files and folders whose name says nothing."""
    path = PurePosixPath(source.path)
    for name in (*path.parts[:-1], path.stem):
        if name.strip("_").lower() in EMPTY_NAMES:
            yield f"{source.path}: the name {name} says nothing about what is inside."


def mirror(path: str) -> str:
    """The test file of a library file: tests/flows/loop/test_evolve.py for flows/loop/evolve.py."""
    module = PurePosixPath(path)
    return f"tests/{module.parent}/test_{module.stem.strip('_')}.py"


def unmirrored(library: list[Source], tests: list[Source]) -> Iterator[str]:
    """Library modules, except a package's own file, without the test file of the same path."""
    present = {test.path for test in tests}
    for module in library:
        if not module.is_init and mirror(module.path) not in present:
            yield f"{module.path} has no mirror {mirror(module.path)}."


def loose_folders(files: list[Source]) -> Iterator[str]:
    """Folders of Python files that are no packages: they are not installed, and names of tests would collide."""
    folders = {parent for file in files for parent in PurePosixPath(file.path).parents if parent.name}
    present = {file.path for file in files}
    for folder in sorted(folders):
        if f"{folder}/__init__.py" not in present:
            yield f"{folder} holds Python files but no __init__.py."


def full_folders(files: list[Source]) -> Iterator[str]:
    """Folders with more modules and packages than one can take in at a glance."""
    entries: dict[PurePosixPath, set[str]] = {}
    for file in files:
        path = PurePosixPath(file.path)
        for inner, folder in zip((path, *path.parents), path.parents, strict=False):
            if folder.name and inner.name != "__init__.py":
                entries.setdefault(folder, set()).add(inner.name)
    for folder, names in sorted(entries.items()):
        if len(names) > FOLDER_ENTRIES:
            what = f"{FOLDER_ENTRIES} are the most; make a room of those that belong together"
            yield f"{folder} has {len(names)} entries, {what}."
