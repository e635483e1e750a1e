"""Text of unknown origin as a line that any terminal shows."""


def printable(line: str) -> str:
    """A line in which whatever steers a terminal or is no character is written as an escape."""
    return "".join(mark if mark.isprintable() else ascii(mark)[1:-1] for mark in line)
