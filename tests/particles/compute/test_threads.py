"""Work over threads: every chunk is done once, whatever their number."""

import threading

import pytest
import torch

from particles.compute.threads import shared_out


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("chunks", [0, 1, 4, 17])
def test_every_chunk_is_done_once(chunks: int, threads: int) -> None:
    """Assert that the pieces are whole, follow each other, and are done by as many threads as torch uses."""
    done: list[tuple[int, int, str]] = []
    torch.set_num_threads(threads)
    try:
        shared_out(lambda begin, end: done.append((begin, end, threading.current_thread().name)), chunks)
    finally:
        torch.set_num_threads(1)
    assert [number for begin, end, _ in sorted(done) for number in range(begin, end)] == list(range(chunks))
    assert len(done) == max(1, min(threads, chunks))
    assert any(name == threading.current_thread().name for _, _, name in done)


def test_an_error_of_a_thread_reaches_the_caller() -> None:
    """Assert that what another thread raises is raised here."""

    def act(begin: int, end: int) -> None:
        if begin > 0:
            raise ArithmeticError(f"chunk {begin}")

    torch.set_num_threads(2)
    try:
        with pytest.raises(ArithmeticError, match="chunk 2"):
            shared_out(act, 4)
    finally:
        torch.set_num_threads(1)
