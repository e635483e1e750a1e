"""Execution of one command by the processes that torchrun started; all execute it, and only the first one prints."""

import os
import sys
from collections.abc import Callable
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # torch takes seconds to import, and light commands do without it
    from particles import Ranks

#: Environment variables that a launcher such as torchrun sets for each process.
TOLD = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
FAILED = 1


def launched() -> bool:
    """Whether a launcher started this process as one of several that work together."""
    return all(name in os.environ for name in TOLD)


def done_together(act: "Callable[[Ranks], int]") -> int:
    """Execute `act` on every rank and return its exit code. Only the first rank prints; the others wait for its end.

    A rank that lost another one prints that itself, since the first rank may be the lost one.
    """
    from particles import RankLost, Ranks

    try:
        with Ranks.joined() as ranks, ExitStack() as silence:
            if not ranks.is_first:
                nowhere = silence.enter_context(open(os.devnull, "w"))
                silence.enter_context(redirect_stdout(nowhere))
                silence.enter_context(redirect_stderr(nowhere))
            code = act(ranks)
            return max(code, ranks.number(code))
    except RankLost as error:
        print(f"meanfield: {error}", file=sys.stderr)
        return FAILED
