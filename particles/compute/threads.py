"""Work shared out over the threads of a process."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import torch


def shared_out(act: Callable[[int, int], object], chunks: int) -> None:
    """Call `act(begin, end)` for all chunks, divided evenly over as many threads as torch uses, this one included."""
    threads = min(torch.get_num_threads(), chunks)
    if threads <= 1:
        act(0, chunks)
        return
    ends = [chunks * thread // threads for thread in range(threads + 1)]
    others = _threads(threads - 1, os.getpid()).map(act, ends[1:-1], ends[2:])
    act(0, ends[1])
    list(others)


@cache
def _threads(number: int, process: int) -> ThreadPoolExecutor:
    """The threads of this process; the process is an argument because a forked process has no threads of its parent."""
    return ThreadPoolExecutor(number, thread_name_prefix="particles")
