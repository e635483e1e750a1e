"""Docstrings become reStructuredText that shows what their authors meant."""

import inspect

import pytest
from docutils.core import publish_doctree

from docs.building.docstrings import restructured
from docs.building.public_names import public

LINKS = {"Risk": "particles.Risk"}


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("The `Risk` of `x`.", "The :py:obj:`Risk <particles.Risk>` of ``x``."),
        ("s_j |x|^2, a * b", r"s\_j \|x\|^2, a \* b"),
        ("`BDF`s and `a\nb`", "``BDF``\\ s and ``a b``"),
        ("Thus:\n\n    f = g\n    h = k\n\nso.", "Thus:\n\n::\n\n    f = g\n    h = k\n\nso."),
        ("    f = g\n\n    h = k", "::\n\n    f = g\n\n    h = k"),
        ("Two:\n- one\n- two\nend", "Two:\n\n- one\n- two\n\nend"),
        ("- one\n  more\n- two", "- one\n  more\n- two"),
        ("a\n- b", "a\n- b"),
        ("", ""),
        (" \n", ""),
    ],
)
def test_text_is_what_was_meant(said: str, meant: str) -> None:
    """Assert that the text is right for links, code, marks in formulas, blocks of formulas and lists."""
    assert "\n".join(restructured(said.split("\n"), LINKS)).strip() == meant


def test_every_public_docstring_is_read_without_a_complaint() -> None:
    """Assert that no docstring of a public class or function makes docutils complain, and that a bare text does."""
    settings = {"report_level": 2, "halt_level": 5, "warning_stream": False}
    complaints = {}
    for name, made in public().items():
        if not inspect.isclass(made) and not inspect.isfunction(made):
            continue
        text = "\n".join(restructured((made.__doc__ or "").split("\n"), {}))
        found = [node.astext() for node in publish_doctree(text, settings_overrides=settings).findall(is_message)]
        if found:
            complaints[name] = found
    assert complaints == {}
    bare = publish_doctree("R = |f|^2 with s_ and *", settings_overrides=settings)
    assert list(bare.findall(is_message))


def is_message(node: object) -> bool:
    """Whether a node is a complaint of docutils."""
    return type(node).__name__ == "system_message"
