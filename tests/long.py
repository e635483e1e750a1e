"""Which cases of a test are long laws: `pytest` leaves them out, `pytest -m validation` runs them and nothing else.

A law that is long as a whole has `@pytest.mark.validation` before it. Where one case shows the mechanism and the others
are more of the same, the first cases stay with the tests that everyone runs.
"""

from collections.abc import Iterable
from typing import Any

import pytest


def long(*values: Any) -> Any:
    """One case that is a long law, by the values of its arguments."""
    return pytest.param(*values, marks=pytest.mark.validation)


def long_after(count: int, cases: Iterable[Any]) -> list[Any]:
    """The cases, all but the first so many being long laws; a tuple holds the values of several arguments.

    A case that has its marks already keeps them.
    """
    listed = list(cases)
    return listed[:count] + [_marked(case) for case in listed[count:]]


def _marked(case: Any) -> Any:
    if hasattr(case, "marks"):
        return case
    return long(*case) if isinstance(case, tuple) else long(case)
