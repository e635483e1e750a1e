"""How objects show themselves: one line in a terminal, a small table in a notebook, and never an array."""

from particles.arguments.display.line import Words, line, span
from particles.arguments.display.shown import show_objects_of

__all__ = ["Words", "line", "show_objects_of", "span"]
