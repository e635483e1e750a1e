"""Configurations in words: names without underscores, values as people write them."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from runs.recorded.flat_parameters import flat
from runs.system.printable import printable, shortened

#: Letters of a value at most.
LONGEST = 300


def in_words(values: Mapping[str, Any], without: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Every value with its name in words, nested names one after the other; those of these names are left out."""
    left = set(without)
    held = {name: value for name, value in values.items() if name not in left}
    lists = {name: value for name, value in held.items() if _is_plain_list(value)}
    named = {**flat({name: value for name, value in held.items() if name not in lists}), **lists}
    order = list(held)
    names = sorted(named, key=lambda name: order.index(next(key for key in order if f"{name}.".startswith(f"{key}."))))
    return [(printable(name.replace("_", " ").replace(".", " › ")), said(named[name])) for name in names]


def said(value: object) -> str:
    """A value as text: yes or no, numbers in nine digits, "none", lists between commas."""
    if isinstance(value, list | tuple):
        return shortened(", ".join(map(said, value)) or "none", LONGEST)
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return "none" if math.isnan(value) else f"{value:.9g}"
    return shortened(printable(str(value)), LONGEST)


def counted(count: int, one: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def moment(text: str) -> str:
    """A time in ISO form and UTC, to the minute."""
    return f"{printable(text)[:16].replace('T', ' ')} UTC"


def time_said(seconds: float) -> str:
    """A duration in words."""
    if seconds < 120.0:
        return f"{seconds:.3g} seconds"
    return f"{seconds / 60.0:.3g} minutes" if seconds < 7200.0 else f"{seconds / 3600.0:.3g} hours"


def _is_plain_list(value: object) -> bool:
    return isinstance(value, list | tuple) and not any(isinstance(one, Mapping | list | tuple) for one in value)
