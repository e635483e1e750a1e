"""The one palette: colours and markers of curves by their names, and a scale of colours for numbers.

A curve takes its colour from its place among the sorted names that are shown together, so that the same settings have
the same colours whichever command shows them. Every colour has a marker of its own, so that curves can be told apart
in grey too. No library is imported, so that pages and figures can both use it.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat

#: Four colours that differ for every common kind of colour blindness (Okabe and Ito 2008).
COLOURS = ("#0072B2", "#009E73", "#E69F00", "#D55E00")
#: These and four more, one for each curve that a legend names at most.
MOST_COLOURS = (*COLOURS, "#56B4E9", "#CC79A7", "#000000", "#8C564B")
#: Particles where they started, what is written beside titles, and curves beyond those that a legend names.
START, GREY, OTHERS = "#B3B3B3", "#595959", "#BDBDBD"
#: The marker of each colour, as matplotlib calls it and as plotly does.
MARKERS: Mapping[str, tuple[str, str]] = dict(
    zip(
        (*MOST_COLOURS, GREY),
        (
            ("o", "circle"),
            ("s", "square"),
            ("^", "triangle-up"),
            ("D", "diamond"),
            ("v", "triangle-down"),
            ("P", "cross"),
            ("*", "star"),
            ("X", "x"),
            ("p", "pentagon"),
        ),
        strict=True,
    )
)
#: The scale of colours for numbers: viridis without the colours that are too light on white, in equal steps.
SCALE = (
    "#440154",
    "#481d6f",
    "#453781",
    "#3c4f8a",
    "#32648e",
    "#2a788e",
    "#228b8d",
    "#1f9f88",
    "#2cb17e",
    "#4ec36b",
    "#7ad151",
    "#b0dd2f",
)
#: Numbers within a text, with sign and exponent; a sign after a letter or a digit is a hyphen.
NUMBER = re.compile(r"((?:(?<![\w.])-)?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)")


def sorted_names(names: Iterable[str]) -> list[str]:
    """The names, each once, sorted: numbers within them by size, so that m = 80 is before m = 400."""
    return sorted(dict.fromkeys(names), key=_by_numbers)


def in_order(names: Iterable[str]) -> list[str]:
    """The names, each once: those that begin alike up to a number are sorted by it, the others stay in order."""
    given = list(dict.fromkeys(names))
    first = {name: NUMBER.split(name)[0] if NUMBER.search(name) else name for name in given}
    alike: dict[str, list[str]] = {}
    for name in given:
        alike.setdefault(first[name], []).append(name)
    return [name for group in alike.values() for name in sorted_names(group)]


def colours_of(names: Iterable[str]) -> dict[str, str]:
    """The colour of each name by its place among the sorted ones; of more than eight, all but seven are grey."""
    shown = sorted_names(names)
    own = MOST_COLOURS if len(shown) <= len(MOST_COLOURS) else MOST_COLOURS[:-1]
    return dict(zip(shown, chain(own, repeat(OTHERS)), strict=False))


def marker_of(colour: str) -> str:
    """The marker that belongs to a colour, as matplotlib calls it; a disc for colours of a scale."""
    return MARKERS.get(colour, ("o", "circle"))[0]


@dataclass(frozen=True)
class ColourScale:
    """Colours for values from `low` to `high`, linear or logarithmic, for a colour bar."""

    label: str
    low: float
    high: float
    log: bool

    @classmethod
    def of(cls, label: str, values: Sequence[float]) -> "ColourScale":
        """The scale of these values; it is logarithmic if they are positive and span a decade."""
        low, high = min(values), max(values)
        return cls(label, low, high, log=low > 0.0 and high >= 10.0 * low)

    def colour(self, value: float) -> str:
        """The colour of a value, as a hexadecimal text; between two colours of `SCALE` by their mean."""
        low, high, value = (math.log(x) if self.log else x for x in (self.low, self.high, value))
        part = (value - low) / (high - low) if high > low else 0.0
        place = min(max(part, 0.0), 1.0) * (len(SCALE) - 1)
        first = min(int(place), len(SCALE) - 2)
        pairs = zip(_parts(SCALE[first]), _parts(SCALE[first + 1]), strict=True)
        return "#" + "".join(f"{round(one + (place - first) * (other - one)):02x}" for one, other in pairs)


def _by_numbers(name: str) -> tuple[tuple[int, float, str], ...]:
    pieces = NUMBER.split(name)
    return tuple((0, float(piece), "") if place % 2 else (1, 0.0, piece) for place, piece in enumerate(pieces) if piece)


def _parts(colour: str) -> tuple[int, int, int]:
    """Red, green and blue from 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
