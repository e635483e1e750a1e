"""The census: every case with every wrong thing in place of each argument; `python -m tests.front_door.census`."""

import sys
import warnings
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self

from tests.flows.law.patience import at_most
from tests.front_door.case import Case
from tests.front_door.of_flows import CASES as OF_FLOWS
from tests.front_door.of_infinite_width import CASES as OF_INFINITE_WIDTH
from tests.front_door.of_limits import CASES as OF_LIMITS
from tests.front_door.of_particles import CASES as OF_PARTICLES
from tests.front_door.of_runs import CASES as OF_RUNS
from tests.front_door.of_theorems import CASES as OF_THEOREMS
from tests.front_door.verdict import from_inside
from tests.front_door.wrong import WRONG

CASES: list[Case] = [*OF_PARTICLES, *OF_FLOWS, *OF_LIMITS, *OF_INFINITE_WIDTH, *OF_THEOREMS, *OF_RUNS]
#: Processor time of one call.
SECONDS = 20.0


class Caught:
    """Holds the exception that ended its block."""

    error: Exception | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: TracebackType | None) -> bool:
        self.error = error if isinstance(error, Exception) else None
        return self.error is not None


def verdict(case: Case, wrong: Mapping[str, Any]) -> str | None:
    """What is wrong with the answer to a call with some arguments replaced, None where nothing is."""
    with warnings.catch_warnings(), Caught() as caught, at_most(SECONDS):
        warnings.simplefilter("ignore")
        case.tried(wrong)
    return None if caught.error is None else from_inside(caught.error)


def faults(case: Case) -> Iterator[str]:
    """Every wrong call of a case that ended in an exception from inside."""
    for argument in case.given:
        for name, value in WRONG.items():
            said = verdict(case, {argument: value})
            if said is not None:
                yield f"{case.name}({argument} = {name}): {said}"


def main() -> None:
    """Print the faults and their number."""
    chosen = [case for case in CASES if not sys.argv[1:] or any(case.name.startswith(word) for word in sys.argv[1:])]
    found = [fault for case in chosen for fault in faults(case)]
    print(*found, sep="\n")
    calls = len(WRONG) * sum(len(case.given) for case in chosen)
    names = len({case.name.split("(")[0] for case in chosen})
    print(f"{names} callables in {len(chosen)} cases, {calls} wrong calls, {len(found)} exceptions from inside")


if __name__ == "__main__":
    main()
