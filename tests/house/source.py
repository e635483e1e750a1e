"""Source files as the house rules read them: a path from the project root, a text, a syntax tree."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("particles", "flows", "limits", "runs")


@dataclass(frozen=True)
class Source:
    """One file of Python: its path from the project root, with forward slashes, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text, self.path)

    @property
    def room(self) -> str:
        """The top-level folder."""
        return PurePosixPath(self.path).parts[0]

    @property
    def is_init(self) -> bool:
        """Whether this is a package's own file."""
        return PurePosixPath(self.path).name == "__init__.py"

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Every function and method, nested ones included."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node

    def calls(self) -> Iterator[ast.Call]:
        """Every call."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield node


def sources(*folders: str, root: Path = ROOT) -> list[Source]:
    """Every Python file under these folders of the project, in the order of its path."""
    files = [file for folder in folders for file in sorted((root / folder).rglob("*.py"))]
    return [Source(file.relative_to(root).as_posix(), file.read_text(encoding="utf-8")) for file in files]


def last_name(node: ast.expr | None) -> str:
    """The rightmost name of a dotted expression: `raises` in `pytest.raises`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def keywords(call: ast.Call) -> set[str]:
    """The names of the keyword arguments of a call."""
    return {keyword.arg for keyword in call.keywords if keyword.arg is not None}
