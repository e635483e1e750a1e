"""One command done by the processes that torchrun started: all go through it, the first one speaks."""

import os
import sys
from collections.abc import Callable
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # torch takes seconds to import, and light commands do without it
    from particles import Ranks

#: What a launcher such as torchrun tells each process that it starts.
TOLD = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
FAILED = 1


def launched() -> bool:
    """Whether this is one of the processes that a launcher started to work together."""
    return all(name in os.environ for name in TOLD)


def done_together(act: "Callable[[Ranks], int]") -> int:
    """The exit code of an act on every rank. Only the first one prints; the others wait until it is done.

    A rank that lost another one says so itself, since the first may be the one that is gone.
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
