"""Rules on the tests: each states its claim, checks refusals by their sentence, and drops no comparison."""

import ast
from collections.abc import Iterator

from tests.house.source import Source, keywords, last_name

COMPARISONS = {"allclose", "array_equal", "equal", "isclose"}


def unstated_claims(source: Source) -> Iterator[str]:
    """Test functions whose docstring does not begin "Assert that"."""
    for function in source.functions():
        claim = ast.get_docstring(function) or ""
        if function.name.startswith("test_") and not claim.startswith("Assert that"):
            yield f'{source.path}:{function.lineno} {function.name} does not begin "Assert that".'


def unread_refusals(source: Source) -> Iterator[str]:
    """Refusals tested without their sentence; SystemExit has none."""
    for call in source.calls():
        expects = last_name(call.func) in {"raises", "warns"}
        error = last_name(call.args[0]) if call.args else ""
        if expects and error != "SystemExit" and "match" not in keywords(call):
            yield f"{source.path}:{call.lineno} expects an error without match=."


def dropped_comparisons(source: Source) -> Iterator[str]:
    """Comparisons computed and thrown away: a test that cannot fail."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Expr):
            value = node.value
            compares = isinstance(value, ast.Compare)
            if compares or (isinstance(value, ast.Call) and last_name(value.func) in COMPARISONS):
                yield f"{source.path}:{node.lineno} compares and drops the result."
