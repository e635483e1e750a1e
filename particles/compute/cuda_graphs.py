"""CUDA graphs: a function of positions is recorded once and replayed with one launch instead of dozens.

For a small cloud on CUDA the launches of a velocity cost more than its arithmetic. A graph repeats the work on the same
memory without Python. It is used only after its results agree with the function's own at other positions.
"""

import logging
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cache
from threading import RLock
from typing import Protocol, runtime_checkable

import torch

from particles.compute.backend_choice import FAILURES, in_a_line
from particles.numerics.host_sync import NobodyWaits
from particles.numerics.scratch import reusable
from particles.shapes import Masses, Positions, Velocity

LOGGER = logging.getLogger(__name__)
#: Number of entries of the [particles, data] matrix up to which velocities are recorded. The right number is the one at
#: which arithmetic costs as much as the launches; it has not been measured on a GPU yet.
GRAPH_ENTRIES = 2**20
#: Number of velocities of one kind in a row after which they are recorded; a recording costs about ten velocities.
REPEATS = 8
#: Number of runs on a side stream before the capture, in which libraries are initialised and kernels compiled.
WARM_UPS = 3
#: Number of positions at which replays must agree with the function. The second detects effects of the first replay.
CHECKS = 2
#: A velocity as a function of the positions, which keeps alive all that it reads; and the velocity at fixed positions.
Function = Callable[[Positions], Velocity]
Work = Callable[[], Velocity]


@runtime_checkable
class Recorder(Protocol):
    """The calls of CUDA that recordings need; tests put something else in their place."""

    def takes(self, positions: Positions) -> bool:
        """Whether work on these positions can be recorded now."""
        ...

    def queue(self, device: torch.device) -> Hashable:
        """The queue of work that is launched now; a recording is replayed in one queue only."""
        ...

    def record(self, work: Work, device: torch.device) -> tuple[Velocity, Callable[[], None]]:
        """The tensor that holds the result of the work, and a function that repeats the work on the same memory."""
        ...


@dataclass(frozen=True)
class CudaRecorder:
    """Records CUDA graphs through torch."""

    def takes(self, positions: Positions) -> bool:
        """Whether the positions are on CUDA and no other recording is under way."""
        return positions.is_cuda and not torch.cuda.is_current_stream_capturing()

    def queue(self, device: torch.device) -> Hashable:
        """The current stream; two streams would write the buffers of one recording at the same time."""
        return torch.cuda.current_stream(device)

    def record(self, work: Work, device: torch.device) -> tuple[Velocity, Callable[[], None]]:
        """A graph in memory of its own; work of other threads on the device does not break the capture."""
        with torch.cuda.device(device):
            current = torch.cuda.current_stream()
            side, capturing = (torch.cuda.Stream() for _ in range(2))  # type: ignore[no-untyped-call]
            side.wait_stream(current)
            with torch.cuda.stream(side):
                for _ in range(WARM_UPS):
                    work()
            current.wait_stream(side)
            graph = torch.cuda.CUDAGraph()
            # Without a stream, torch captures on one of the device on which it captured first.
            with torch.cuda.graph(graph, stream=capturing, capture_error_mode="thread_local"):
                found = work()
        return found, graph.replay


#: The recorder in use.
RECORDER: Recorder = CudaRecorder()


@dataclass(frozen=True, eq=False)
class Kind:
    """The kind of velocities that one recording serves: same tensor of masses, same layout of positions, same queue."""

    masses: Masses
    others: tuple[Hashable, ...]

    @classmethod
    def of(cls, positions: Positions, masses: Masses) -> "Kind":
        """The kind of velocities of a cloud with these positions and masses, launched now."""
        queue = RECORDER.queue(positions.device)
        return cls(masses, (*positions.shape, positions.dtype, positions.device, queue))

    def serves(self, other: "Kind") -> bool:
        """Whether the other is the same kind."""
        return self.masses is other.masses and self.others == other.others


class Recording:
    """A function of positions as recorded work on two buffers; it keeps alive what the function reads."""

    def __init__(self, function: Function, positions: Positions) -> None:
        # Tensors made in inference mode could not be written to outside of it.
        with torch.inference_mode(False), torch.no_grad():
            given = torch.empty(positions.shape, dtype=positions.dtype, device=positions.device)
            self._given = given.copy_(positions)
            self.function = function
            # After a broken capture some versions of torch cannot release memory, so waits are found before it.
            with NobodyWaits():  # type: ignore[no-untyped-call]
                self._work()
            self._found, self._repeat = RECORDER.record(self._work, positions.device)

    def _work(self) -> Velocity:
        return self.function(self._given)

    def __call__(self, positions: Positions) -> Velocity:
        """The function at these positions, as a new tensor [particles, dim]."""
        with torch.no_grad():
            self._given.copy_(positions)
            self._repeat()
            return self._found.clone()


class Replays:
    """The last recording of one function, with a count of requests of the same kind in a row.

    A recording is used for its kind until a recording of another kind replaces it. Settings of torch, such as TF32, are
    those at the time of recording. Threads use it one after another.
    """

    def __init__(self) -> None:
        self._held: tuple[Kind, Recording] | None = None
        self._next: Kind | None = None
        self._row, self._given_up, self._lock = 0, False, RLock()

    def velocity(
        self, positions: Positions, masses: Masses, targets: int, apart: Callable[[], Function]
    ) -> Velocity | None:
        """The velocity [particles, dim] by replay, or None where the caller must compute it plainly.

        `apart` returns the function when it is to be recorded. `targets` is the number of data times outputs. Positions
        and masses that require gradients are not replayed, since autograd does not see a replay.
        """
        if self._given_up or len(positions) * targets > GRAPH_ENTRIES or not reusable(positions, masses):
            return None
        with self._lock:
            recording = self._of(Kind.of(positions, masses), positions, apart)
            return None if recording is None else recording(positions)

    def _of(self, kind: Kind, positions: Positions, apart: Callable[[], Function]) -> Recording | None:
        if self._held is not None and self._held[0].serves(kind):
            self._next, self._row = None, 0
            return self._held[1]
        same = self._next is not None and self._next.serves(kind)
        self._next, self._row = kind, self._row + 1 if same else 1
        if self._row < REPEATS or self._given_up:
            return None
        self._held = None
        try:
            recording = Recording(apart(), positions)
            failure = _failure_of(recording, positions)
        except FAILURES as error:
            failure = f"recording failed with {in_a_line(error)}"
        if failure is None:
            self._held, self._next, self._row = (kind, recording), None, 0
            return recording
        self._given_up, self._next = True, None
        _warn(f"Plain velocities instead of a CUDA graph: {failure}.")
        return None


def _failure_of(recording: Recording, positions: Positions) -> str | None:
    """The reason why a recording cannot be used, or None; it is compared with the function at random positions.

    The bits must agree, since both run the same kernels in the same order, and since a resumed run makes its recording
    some steps later than an uninterrupted one.
    """
    for seed in range(CHECKS):
        numbers = torch.Generator(positions.device).manual_seed(seed)
        places = torch.randn(positions.shape, generator=numbers, dtype=positions.dtype, device=positions.device)
        with torch.enable_grad():
            expected = recording.function(places)
        if expected.requires_grad:
            return "autograd follows something that the velocity reads"
        found = recording(places)
        if not torch.equal(found, expected):
            relative = float((found - expected).abs().max() / expected.abs().max())
            return f"replays differ from those by {relative:.1e} of the largest, and must not in any bit"
    return None


@cache
def _warn(sentence: str) -> None:
    """Log a warning, once in a process."""
    LOGGER.warning(sentence)
