"""Acts done by several ranks at once: forked processes, so that they begin at once and know what the test knows."""

import os
import signal
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist

from particles import Ranks

#: Seconds after which ranks that wait for each other are given up.
PATIENCE = 60.0

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork, which this system has not")


def on_ranks(count: int, act: Callable[[Ranks], Any], folder: Path) -> list[Any]:
    """What the act gives on each of so many ranks; an error on any of them fails the test with its traceback.

    None for a rank that left by itself."""
    if count == 1:
        return [act(Ranks())]
    store = folder / f"store-{time.monotonic_ns()}"
    children = [_forked(rank, count, act, store) for rank in range(count)]
    late = time.monotonic() + PATIENCE
    codes = dict.fromkeys(children, -1)
    while -1 in codes.values():
        for child, code in codes.items():
            if code == -1 and (ended := os.waitpid(child, os.WNOHANG))[0]:
                codes[child] = ended[1]
        if time.monotonic() > late:
            for child in (child for child, code in codes.items() if code == -1):
                os.kill(child, signal.SIGKILL)
                codes[child] = os.waitpid(child, 0)[1]
        time.sleep(0.002)
    said = [Path(f"{store}.{rank}.txt").read_text() for rank in range(count) if Path(f"{store}.{rank}.txt").exists()]
    assert not any(codes.values()), "\n".join([f"ranks ended with {list(codes.values())}", *said])
    found = [Path(f"{store}.{rank}.pt") for rank in range(count)]
    return [torch.load(path, weights_only=False) if path.exists() else None for path in found]


def _forked(rank: int, count: int, act: Callable[[Ranks], Any], store: Path) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        dist.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=count)
        torch.save(act(Ranks.of_group()), f"{store}.{rank}.pt")
        dist.destroy_process_group()
        code = 0
    except BaseException:  # noqa: BLE001 (whatever it is, the parent shall hear of it)
        Path(f"{store}.{rank}.txt").write_text(f"rank {rank}\n{traceback.format_exc()}")
    finally:
        os._exit(code)
