"""The memory of this machine, and sizes in words."""

import math
import os


def total_memory() -> float:
    """The memory of this machine in bytes; infinite where the system does not tell."""
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):
        return math.inf


def spoken_size(size: float) -> str:
    """A number of bytes in words, such as "about 12 MB"; NaN is a size that is not known yet."""
    if math.isnan(size):
        return "not known before the steps are"
    return (
        f"about {size / 1e9:.2g} GB" if size >= 1e9 else f"about {max(size / 1e6, 0.1):.{0 if size >= 1e7 else 1}f} MB"
    )
