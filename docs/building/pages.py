"""What Sphinx is told of this project beyond its settings: docstrings, public names, and pages that stand elsewhere."""

from pathlib import Path
from typing import Any

from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from .docstrings import restructured
from .public_names import definitions, links
from .repository_pages import places, relinked
from .stale_names import stale


def tidy(app: Sphinx) -> None:
    """Remove what an earlier build made of names that are gone."""
    for page in stale(Path(app.srcdir) / "reference"):
        page.unlink()


def write_docstring(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Turn a docstring into what Sphinx reads."""
    lines[:] = restructured(lines, links())


def include(app: Sphinx, file: Path, page: str, text: list[str]) -> None:
    """Put the links of an included file in place."""
    path, where = (Path(app.srcdir) / file).resolve(), places(Path(app.srcdir))
    if path in where:
        text[0] = relinked(text[0], path, where[path], where)


def resolve(app: Sphinx, env: BuildEnvironment, node: pending_xref, inner: Any) -> Any:
    """A reference to where something is defined, as annotations have it, leads to its public name."""
    public = definitions().get(node.get("reftarget", ""))
    if node.get("refdomain") != "py" or public is None:
        return None
    return env.domains["py"].resolve_xref(env, node["refdoc"], app.builder, "obj", public, node, inner)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect them; pages are tidied before autosummary makes new ones."""
    app.connect("builder-inited", tidy, priority=100)
    app.connect("autodoc-process-docstring", write_docstring)
    app.connect("include-read", include)
    app.connect("missing-reference", resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
