"""Rules on statements: no assert, broad except, postponed annotation or loose end, and protocols one can check."""

import ast
from collections.abc import Iterator

from tests.house.source import Source, last_name

UNFINISHED = ("TODO", "FIXME", "XXX", "NotImplementedError")


def asserts(source: Source) -> Iterator[str]:
    """Assert statements: python -O drops them, and users deserve a sentence."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Assert):
            yield f"{source.path}:{node.lineno} asserts; refuse with a sentence instead."


def broad_excepts(source: Source) -> Iterator[str]:
    """Bare excepts, excepts of Exception or BaseException, and contextlib.suppress of either."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler):
            caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        elif isinstance(node, ast.Call) and last_name(node.func) == "suppress":
            caught = list(node.args)
        else:
            continue
        if any(kind is None or last_name(kind) in {"Exception", "BaseException"} for kind in caught):
            yield f"{source.path}:{node.lineno} catches everything; name the errors."


def postponed_annotations(source: Source) -> Iterator[str]:
    """The future import of annotations: jaxtyping reads shapes when a function is defined."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            yield f"{source.path}:{node.lineno} imports from __future__, which hides shapes from jaxtyping."


def loose_ends(source: Source) -> Iterator[str]:
    """Words of work left open."""
    for number, line in enumerate(source.text.splitlines(), start=1):
        for word in UNFINISHED:
            if word in line:
                yield f"{source.path}:{number} says {word}; finish it or leave it out."


def uncheckable_protocols(source: Source) -> Iterator[str]:
    """Protocols without @runtime_checkable below runs: the test run checks annotations there by isinstance."""
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.ClassDef):
            continue
        bases = {last_name(base.value if isinstance(base, ast.Subscript) else base) for base in node.bases}
        decorators = {last_name(decorator) for decorator in node.decorator_list}
        if source.room != "runs" and "Protocol" in bases and "runtime_checkable" not in decorators:
            yield f"{source.path}:{node.lineno} {node.name} is a protocol without @runtime_checkable."
