"""The doors of the rooms: what users give to public classes and functions is looked at once, by its annotation."""

from particles.arguments.checked import door, open_doors

__all__ = ["door", "open_doors"]
