"""How figures of the gallery look: one size, readable letters, no frame, and the library's own colours."""

from typing import Any

import matplotlib
import matplotlib.pyplot as plt

LOOK: dict[Any, Any] = {
    "figure.figsize": (7.2, 4.2),
    "figure.constrained_layout.use": True,
    "figure.dpi": 110,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
}


def look(gallery: dict[str, Any], script: str) -> None:
    """Begin a script with no figure open and this look."""
    plt.close("all")
    matplotlib.rcdefaults()
    matplotlib.rcParams.update(LOOK)
