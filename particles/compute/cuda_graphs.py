"""A function of positions, recorded once as a CUDA graph and replayed: one launch instead of dozens.

The velocity of a small cloud on CUDA costs launches more than arithmetic. A graph repeats the work on the same memory
without Python, so it is trusted only once it agrees with what was recorded, at other positions.
"""

import logging
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cache
from threading import RLock
from typing import Protocol, runtime_checkable

import torch

from particles.cloud import ParticleCloud, Stacked
from particles.compute.backend_choice import FAILURES
from particles.numerics.host_sync import NobodyWaits
from particles.numerics.scratch import reusable
from particles.shapes import Masses, Positions, Velocity

LOGGER = logging.getLogger(__name__)
#: Entries of the [particles, data] matrix up to which velocities are recorded. To be measured: where arithmetic costs
#: as much as the launches, which no GPU has told yet.
GRAPH_ENTRIES = 2**20
#: The velocity of one kind, in a row, from which on they are recorded: recording costs about ten velocities.
REPEATS = 8
#: Runs on a side stream before the capture: libraries set themselves up, kernels are compiled.
WARM_UPS = 3
#: Positions at which replays must agree with what was recorded. The second finds what the first replay left behind.
CHECKS = 2
#: A velocity as a function of the cloud, which keeps alive whatever it reads; and the same of a fixed cloud.
Function = Callable[[ParticleCloud], Velocity]
Work = Callable[[], Velocity]


@runtime_checkable
class Recorder(Protocol):
    """Everything that is asked of CUDA, so that tests can put something else in its place."""

    def takes(self, positions: Positions) -> bool:
        """Whether work on these positions can be recorded now."""
        ...

    def queue(self, device: torch.device) -> Hashable:
        """Where work that is launched now waits its turn. One recording keeps to one queue."""
        ...

    def record(self, work: Work, device: torch.device) -> tuple[Velocity, Callable[[], None]]:
        """The tensor in which the work leaves its result, and what does the work again on the same memory."""
        ...


@dataclass(frozen=True)
class CudaRecorder:
    """Records CUDA graphs through torch."""

    def takes(self, positions: Positions) -> bool:
        """Whether they are on CUDA, and nobody records already."""
        return positions.is_cuda and not torch.cuda.is_current_stream_capturing()

    def queue(self, device: torch.device) -> Hashable:
        """The current stream: two of them would write the buffers of one recording at the same time."""
        return torch.cuda.current_stream(device)

    def record(self, work: Work, device: torch.device) -> tuple[Velocity, Callable[[], None]]:
        """A graph in memory of its own. What other threads do on the device meanwhile does not break the capture."""
        with torch.cuda.device(device):
            current = torch.cuda.current_stream()
            side, capturing = (torch.cuda.Stream() for _ in range(2))  # type: ignore[no-untyped-call]
            side.wait_stream(current)
            with torch.cuda.stream(side):
                for _ in range(WARM_UPS):
                    work()
            current.wait_stream(side)
            graph = torch.cuda.CUDAGraph()
            # Left to itself, torch captures on a stream of the device on which it first did so.
            with torch.cuda.graph(graph, stream=capturing, capture_error_mode="thread_local"):
                found = work()
        return found, graph.replay


#: The one in use.
RECORDER: Recorder = CudaRecorder()


@dataclass(frozen=True, eq=False)
class Kind:
    """Which velocities one recording serves: those of this tensor of masses, of such positions, in this queue."""

    masses: Masses
    others: tuple[Hashable, ...]

    @classmethod
    def of(cls, cloud: ParticleCloud) -> "Kind":
        """That of a cloud, now."""
        queue = RECORDER.queue(cloud.device)
        return cls(cloud.masses, (*cloud.positions.shape, cloud.dtype, cloud.device, queue))

    def serves(self, other: "Kind") -> bool:
        """Whether the other is the same kind."""
        return self.masses is other.masses and self.others == other.others


class Recording:
    """A function of the cloud's positions as recorded work on two buffers. It holds what the function reads."""

    def __init__(self, function: Function, cloud: ParticleCloud) -> None:
        # Tensors made in inference mode could not be written to outside of it.
        with torch.inference_mode(False), torch.no_grad():
            given = torch.empty(cloud.positions.shape, dtype=cloud.dtype, device=cloud.device).copy_(cloud.positions)
            self._cloud, self.function = cloud.moved(given), function
            # A capture that breaks leaves some versions of torch unable to release memory; so reasons are found before.
            with NobodyWaits():  # type: ignore[no-untyped-call]
                self._work()
            self._found, self._repeat = RECORDER.record(self._work, cloud.device)

    def _work(self) -> Velocity:
        return self.function(self._cloud)

    def __call__(self, positions: Positions) -> Velocity:
        """The function there, as a new tensor."""
        with torch.no_grad():
            self._cloud.positions.copy_(positions)
            self._repeat()
            return self._found.clone()


class Replays:
    """The last recording of one function, and how often the kind that asks now has asked in a row.

    A recording serves its kind until one of another kind has taken its place. Settings of torch, as that of TF32, are
    those of when it was made. Threads take turns.
    """

    def __init__(self) -> None:
        self._held: tuple[Kind, Recording] | None = None
        self._next: Kind | None = None
        self._row, self._given_up, self._lock = 0, False, RLock()

    def velocity(self, cloud: ParticleCloud, targets: int, apart: Callable[[], Function]) -> Velocity | None:
        """The velocity by replay, or None where the plain one is to be taken.

        `apart` gives the function when it is to be recorded. `targets` is the number of data times outputs. Other
        classes of clouds may hear of other processes, and where autograd follows, a replay would be lost on it.
        """
        plain = self._given_up or type(cloud) not in (ParticleCloud, Stacked) or cloud.count * targets > GRAPH_ENTRIES
        if plain or not reusable(cloud.positions, cloud.masses):
            return None
        with self._lock:
            recording = self._of(Kind.of(cloud), cloud, apart)
            return None if recording is None else recording(cloud.positions)

    def _of(self, kind: Kind, cloud: ParticleCloud, apart: Callable[[], Function]) -> Recording | None:
        if self._held is not None and self._held[0].serves(kind):
            self._next, self._row = None, 0
            return self._held[1]
        same = self._next is not None and self._next.serves(kind)
        self._next, self._row = kind, self._row + 1 if same else 1
        if self._row < REPEATS or self._given_up:
            return None
        self._held = None
        try:
            recording = Recording(apart(), cloud)
            failure = _failure_of(recording, cloud)
        except FAILURES as error:
            failure = f"recording failed with {type(error).__name__}: {str(error).partition(chr(10))[0]}"
        if failure is None:
            self._held, self._next, self._row = (kind, recording), None, 0
            return recording
        self._given_up, self._next = True, None
        _warn(f"Plain velocities instead of a CUDA graph: {failure}.")
        return None


def _failure_of(recording: Recording, cloud: ParticleCloud) -> str | None:
    """What is wrong with a recording, None if nothing; the function itself judges, at positions drawn for the purpose.

    The bits must be the same, as those of the same kernels in the same order are: a resumed run records anew, some
    steps later than one that was not interrupted.
    """
    for seed in range(CHECKS):
        numbers = torch.Generator(cloud.device).manual_seed(seed)
        positions = torch.randn(cloud.positions.shape, generator=numbers, dtype=cloud.dtype, device=cloud.device)
        with torch.enable_grad():
            expected = recording.function(cloud.moved(positions))
        if expected.requires_grad:
            return "autograd follows something that the velocity reads"
        found = recording(positions)
        if not torch.equal(found, expected):
            relative = float((found - expected).abs().max() / expected.abs().max())
            return f"replays differ from those by {relative:.1e} of the largest, and must not in any bit"
    return None


@cache
def _warn(sentence: str) -> None:
    """Logged once a process."""
    LOGGER.warning(sentence)
