"""Replayed velocities are the plain ones, for whom they are meant and for nobody else. The tape stands for CUDA."""

import contextlib
import gc
import inspect
import itertools
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from flows import KineticCloud
from particles import (
    L2,
    NTK,
    CrossEntropy,
    Erf,
    Identity,
    ParticleCloud,
    Perceptron,
    ReLU,
    Risk,
    SharedCloud,
    Squared,
    Tanh,
)
from particles.cloud import Stacked
from particles.compute import backend_choice, cuda_graphs
from particles.distributed.ranks import Ranks
from particles.ensemble.risk import EnsembleRisk
from particles.neurons import activations, saturation
from particles.numerics import scratch
from tests.draws import normals
from tests.flows.contracts.ensembles import ensemble
from tests.particles.compute.tape import TapeRecorder
from tests.particles.ensemble.test_risk import risks
from tests.particles.risk.contracts.plain import dataset, example
from tests.tolerances import assert_identical

Repeat = Callable[[], None]
N = cuda_graphs.REPEATS


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Iterator[TapeRecorder]:
    """A tape in the place of CUDA. No memory goes round beside it, and no activation looks at its numbers."""
    made = TapeRecorder()
    monkeypatch.setattr(cuda_graphs, "RECORDER", made)
    monkeypatch.setattr(scratch.SCRATCH, "_largest", 0)
    monkeypatch.setattr(scratch.SCRATCH, "_free", {})
    monkeypatch.setattr(activations, "_exceeds", lambda z, limit: False)
    monkeypatch.setattr(saturation, "saturated_rows", lambda activation, z: None)
    monkeypatch.setattr(backend_choice.Fused, "_corrected", lambda fused, pulled, factors, cotangents: pulled)
    cuda_graphs._warn.cache_clear()
    yield made
    cuda_graphs._warn.cache_clear()


def places(cloud: ParticleCloud, count: int = N + 3) -> list[ParticleCloud]:
    """The same masses at so many positions."""
    return [cloud.moved(cloud.positions + 0.1 * step) for step in range(count)]


def plain(risk: Risk, cloud: ParticleCloud) -> Tensor:
    """The velocity that a new risk computes by itself."""
    return replace(risk).at(cloud).velocity


def replays(risk: Risk, cloud: ParticleCloud, recorder: TapeRecorder) -> bool:
    """Whether a velocity is replayed once it was asked for often enough, at positions not asked for before."""
    for place in places(cloud, N):
        risk.velocity(place)
    before = recorder.replayed
    risk.velocity(cloud.moved(cloud.positions - 1.0))
    return recorder.replayed > before


class Wave:
    """A neuron of a user's."""

    dim = 4

    def feature(self, theta: Tensor, x: Tensor) -> Tensor:
        """sin of a sum."""
        return torch.sin(theta[:3] @ x + theta[3])


class Learnt(Squared):
    """A loss with a factor that asks for a gradient."""

    factor = torch.ones((), dtype=torch.float64).requires_grad_()

    def residual(self, f: Tensor, y: Tensor) -> Tensor:
        """The factor times f - y."""
        return self.factor * (f - y)


def followed(risk: Risk) -> Risk:
    """The same with a loss that autograd follows."""
    return replace(risk, loss=Learnt())


class Looking(Squared):
    """A loss that looks at its numbers."""

    def residual(self, f: Tensor, y: Tensor) -> Tensor:
        """f - y, zero where the largest is tiny."""
        r = f - y
        return r if float(r.abs().max()) > 1e-300 else torch.zeros_like(r)


def waving() -> Risk:
    """A risk of a user's neuron."""
    return Risk(Wave(), NTK(), Squared(), dataset(Squared(), 1), L2(0.2))


def wave_cloud() -> ParticleCloud:
    """Particles of `Wave`."""
    return ParticleCloud(normals(6, 4, seed=3))


RISKS: dict[str, Callable[[], tuple[Risk, ParticleCloud]]] = {
    "tanh": lambda: example(),
    "hidden": lambda: example(neuron=Perceptron(ReLU(), Identity(3), 1, "hidden"), strength=None),
    "classes": lambda: example(neuron=Perceptron(Erf(), Identity(3), 3, "output"), loss=CrossEntropy()),
    "float32": lambda: example(dtype=torch.float32),
    "never fused": lambda: (replace(example()[0], fused=False), example()[1]),
    "user's": lambda: (waving(), wave_cloud()),
    "ensemble": lambda: (EnsembleRisk.of(risks(2)), Stacked(list(ensemble(2)))),
}


@pytest.mark.parametrize("name", RISKS)
def test_replays_are_the_plain_velocity(name: str, recorder: TapeRecorder) -> None:
    """Assert that velocities are plain until the N-th of the same masses, then replayed, and the same throughout."""
    risk, cloud = RISKS[name]()
    for number, place in enumerate(places(cloud), start=1):
        before = recorder.replayed
        velocity = risk.velocity(place)
        assert recorder.recorded == (number >= N) and (recorder.replayed > before) == (number >= N), number
        assert torch.equal(velocity, plain(risk, place)), number
    assert recorder.replayed == 4 + cuda_graphs.CHECKS


def test_what_a_caller_holds_is_not_written_to(recorder: TapeRecorder) -> None:
    """Assert that later velocities change neither earlier ones nor positions, and a changed velocity no later one."""
    risk, cloud = example()
    clouds = places(cloud, N + 4)
    positions, found = [place.positions.clone() for place in clouds], [risk.velocity(place) for place in clouds]
    for place, before, velocity in zip(clouds, positions, found, strict=True):
        assert torch.equal(place.positions, before) and torch.equal(velocity, plain(risk, place))
    found[-1].zero_()
    clouds[-1].positions.add_(1.0)
    assert torch.equal(risk.velocity(clouds[-2]), found[-2]) and recorder.recorded == 1


def test_other_masses_have_a_recording_of_their_own(recorder: TapeRecorder) -> None:
    """Assert that another tensor of masses, equal or not, is never given the old one's recording, and replaces it."""
    risk, cloud = example()
    for weights in (cloud.masses, cloud.masses.flip(0), cloud.masses.clone(), cloud.masses):
        assert replays(risk, cloud.reweighted(weights.clone()), recorder)
    assert recorder.recorded == 4
    other = cloud.reweighted(cloud.masses.flip(0))
    for place in places(other):
        assert torch.equal(risk.velocity(place), plain(risk, place))
    assert recorder.recorded == 5


def test_other_shapes_dtypes_and_streams_have_a_recording_of_their_own(recorder: TapeRecorder) -> None:
    """Assert that a recording serves no positions of another kind, nor work on another stream."""
    risk, cloud = example()
    for expected, at in enumerate([cloud, cloud.to(dtype=torch.float32), ParticleCloud(cloud.positions[:5])], start=1):
        for place in places(at):
            assert torch.equal(risk.velocity(place), plain(risk, place))
        assert recorder.recorded == expected
    recorder.stream = 1
    for place in places(ParticleCloud(cloud.positions[:5]), N - 1):
        risk.velocity(place)
    assert recorder.recorded == 3 and replays(risk, at, recorder) and recorder.recorded == 4
    one = cuda_graphs.Kind.of(cloud.positions, cloud.masses)
    two = cuda_graphs.Kind(cloud.masses, (7, 5, cloud.dtype, torch.device("meta"), 1))
    assert one.serves(cuda_graphs.Kind.of(cloud.positions + 1.0, cloud.masses)) and not one.serves(two)


def test_two_clouds_in_turn_are_not_recorded(recorder: TapeRecorder) -> None:
    """Assert that velocities of a kind are counted in a row, so that who asks for two in turn does not record them."""
    risk, cloud = example()
    for pair in zip(places(cloud, 2 * N), places(cloud.reweighted(cloud.masses.flip(0)), 2 * N), strict=True):
        for place in pair:
            assert torch.equal(risk.velocity(place), plain(risk, place))
    assert recorder.recorded == 0 and replays(risk, cloud, recorder)


def test_a_cloud_now_and_then_does_not_displace_the_recording(recorder: TapeRecorder) -> None:
    """Assert that another cloud has to ask N times in a row, so that two in turn do not record at every step."""
    risk, cloud = example()
    other = cloud.reweighted(cloud.masses.flip(0))
    assert replays(risk, cloud, recorder)
    for place, elsewhere in zip(places(cloud, 2 * N), places(other, 2 * N), strict=True):
        before = recorder.replayed
        assert torch.equal(risk.velocity(elsewhere), plain(risk, elsewhere)) and recorder.replayed == before
        assert torch.equal(risk.velocity(place), plain(risk, place)) and recorder.replayed == before + 1
    assert recorder.recorded == 1


class Marked(ParticleCloud):
    """A user's cloud."""


@pytest.mark.parametrize("kind", ["shared", "kinetic", "user's", "positions", "masses", "large"])
def test_for_whom_replays_are_not_meant(kind: str, recorder: TapeRecorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that other classes of clouds, gradients and large clouds get plain velocities, and stay undisturbed."""
    risk, cloud = example()
    made: dict[str, Callable[[], ParticleCloud]] = {
        "shared": lambda: SharedCloud.of(cloud, Ranks()),
        "kinetic": lambda: KineticCloud(cloud.positions, cloud.masses),
        "user's": lambda: Marked(cloud.positions, cloud.masses),
        "positions": lambda: cloud.moved(cloud.positions.clone().requires_grad_()),
        "masses": lambda: cloud.moved(cloud.positions)._unchecked(
            cloud.positions, cloud.masses.clone().requires_grad_()
        ),
        "large": lambda: cloud,
    }
    entries = cloud.count * risk.data.targets.numel()
    monkeypatch.setattr(cuda_graphs, "GRAPH_ENTRIES", entries - (kind == "large"))
    at = made[kind]()
    for place in places(at):
        velocity = risk.velocity(place)
        assert velocity.requires_grad == (kind in ("positions", "masses"))
        assert torch.equal(velocity, plain(risk, place))
    assert recorder.recorded == 0
    monkeypatch.setattr(cuda_graphs, "GRAPH_ENTRIES", entries)
    assert replays(risk, cloud, recorder)


def test_transforms_of_torch_func_get_the_plain_velocity(recorder: TapeRecorder) -> None:
    """Assert that who differentiates the velocity is not given a replay, which has no derivative."""
    risk, cloud = example()
    assert replays(risk, cloud, recorder)
    before = recorder.replayed

    def slope(of: Callable[[ParticleCloud], Tensor]) -> Tensor:
        _, pulled = torch.func.vjp(lambda positions: of(cloud.moved(positions)), cloud.positions)
        return torch.func.vmap(pulled)(torch.stack([cloud.positions, cloud.positions.flip(0)]))[0]

    found = slope(risk.velocity)
    assert_identical(found, slope(lambda at: plain(risk, at)))
    assert float(found.abs().max()) > 0.0 and recorder.replayed == before


def test_a_cpu_never_comes_near_a_recording() -> None:
    """Assert that on the CPU nothing is counted or kept."""
    risk, cloud = example()
    for place in places(cloud):
        risk.velocity(place)
    assert not cuda_graphs.RECORDER.takes(cloud.positions) and "_replays" not in vars(risk)


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize(
    ("cuda", "capturing", "takes"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_cuda_is_taken_outside_of_a_capture(
    cuda: bool, capturing: bool, takes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Assert that who records already, around the velocity, has it recorded by that."""
    monkeypatch.setattr(torch.cuda, "is_current_stream_capturing", lambda: capturing)
    assert cuda_graphs.CudaRecorder().takes(SimpleNamespace(is_cuda=cuda)) is takes


def wrong(repeat: Repeat, found: Tensor) -> Repeat:
    """A little off."""
    return lambda: (repeat(), found.mul_(1.0 + 1e-9))[0]


def nan(repeat: Repeat, found: Tensor) -> Repeat:
    """No number."""
    return lambda: (repeat(), found.mul_(torch.nan))[0]


def once(repeat: Repeat, found: Tensor) -> Repeat:
    """Right once: nobody clears the result."""
    total = torch.zeros_like(found)
    return lambda: (repeat(), found.copy_(total.add_(found)))[0]


def idle(repeat: Repeat, found: Tensor) -> Repeat:
    """The result at the positions of the recording, for ever."""
    repeat()
    return lambda: None


def failing(repeat: Repeat, found: Tensor) -> Repeat:
    """Not recorded."""
    raise RuntimeError("CUDA error: operation not permitted when stream is capturing\nand more")


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged."""
    return [record.getMessage() for record in caplog.records if record.name == cuda_graphs.__name__]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (wrong, "replays differ from those by "),
        (nan, "replays differ from those by nan"),
        (once, "replays differ from those by "),
        (idle, "replays differ from those by "),
        (failing, "recording failed with RuntimeError: CUDA error: operation not permitted when stream is capturing."),
    ],
)
def test_a_recording_that_is_wrong_is_not_used(
    spoil: Callable[[Repeat, Tensor], Repeat], said: str, recorder: TapeRecorder, caplog: pytest.LogCaptureFixture
) -> None:
    """Assert that velocities stay plain for good, whatever the masses, with one warning that says what was wrong."""
    risk, cloud = example()
    recorder.spoil = spoil
    for place in (*places(cloud), *places(cloud.reweighted(cloud.masses.flip(0)))):
        assert torch.equal(risk.velocity(place), plain(risk, place))
    (warning,) = warnings(caplog)
    assert warning.startswith(f"Plain velocities instead of a CUDA graph: {said}") and "and more" not in warning
    assert recorder.recorded == 1


def test_a_single_bit_is_too_much(recorder: TapeRecorder, caplog: pytest.LogCaptureFixture) -> None:
    """Assert that replays that differ in the last bit of one number are not used: a resumed run would show it."""
    risk, cloud = example()

    def nudged(repeat: Repeat, found: Tensor) -> Repeat:
        return lambda: (repeat(), found[:1, :1].copy_(torch.nextafter(found[:1, :1], found.new_ones(1, 1))))[0]

    recorder.spoil = nudged
    for place in places(cloud):
        assert torch.equal(risk.velocity(place), plain(risk, place))
    (warning,) = warnings(caplog)
    assert "and must not in any bit" in warning


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda: (replace(example()[0], loss=Looking()), example()[1]),
            "recording failed with RuntimeError: aten::_local_scalar_dense makes the host wait for the device.",
        ),
        (
            lambda: (
                followed(example()[0]),
                example()[1],
            ),
            "autograd follows something that the velocity reads.",
        ),
        (
            lambda: (replace(example(neuron=Perceptron(Tanh(), Identity(3), 2))[0], fused=True), example()[1]),
            "replays differ from those by ",
        ),
    ],
    ids=["looks", "followed", "unseen"],
)
def test_what_cannot_be_recorded_stays_plain(
    make: Callable[[], tuple[Risk, ParticleCloud]], said: str, recorder: TapeRecorder, caplog: pytest.LogCaptureFixture
) -> None:
    """Assert that a loss that looks at numbers, one with a gradient and work off the tape are noticed."""
    risk, cloud = make()
    for place in places(cloud):
        assert torch.equal(risk.velocity(place), plain(risk, place))
    (warning,) = warnings(caplog)
    assert warning.startswith(f"Plain velocities instead of a CUDA graph: {said}")
    assert recorder.recorded == (0 if "host" in said else 1)


def test_a_gradient_is_not_lost_where_nobody_wanted_one_before(recorder: TapeRecorder) -> None:
    """Assert that velocities asked for without gradients do not lead to a recording for who then asks with them."""
    risk, cloud = followed(example()[0]), example()[1]
    with torch.no_grad():
        assert not replays(risk, cloud, recorder)
    assert risk.velocity(cloud).requires_grad


@pytest.mark.parametrize("broken", [0, N - 1, N])
def test_nan_positions_break_nothing(broken: int, recorder: TapeRecorder, caplog: pytest.LogCaptureFixture) -> None:
    """Assert that NaN before, at and after the recording gives the plain velocity's NaN, and numbers come back."""
    risk, cloud = example()
    clouds = places(cloud)
    clouds[broken].positions[2, 1] = torch.nan
    for number, place in enumerate(clouds):
        velocity, expected = risk.velocity(place), plain(risk, place)
        assert bool(velocity.isnan().any()) == (number == broken)
        torch.testing.assert_close(velocity, expected, rtol=0.0, atol=0.0, equal_nan=True)
    assert recorder.recorded == 1 and recorder.replayed == cuda_graphs.CHECKS + 4 and warnings(caplog) == []


def test_a_recording_holds_what_it_reads(recorder: TapeRecorder) -> None:
    """Assert that data and factors live while they may be replayed, and go with the risk, without the collector."""
    risk, cloud = example()
    assert replays(risk, cloud, recorder)
    read = [weakref.ref(risk.prepared(cloud)), weakref.ref(risk.seen(cloud).scaled), weakref.ref(cloud.masses)]
    (keeper,) = [weakref.ref(risk._replays._held[1])]
    risk._prepared.clear()
    risk._last.clear()
    del cloud
    gc.collect()
    assert all(held() is not None for held in read)
    gc.disable()
    try:
        del risk
        assert keeper() is None and read[0]() is None and read[1]() is None
    finally:
        gc.enable()


def test_recording_disturbs_nothing_that_the_risk_keeps(recorder: TapeRecorder) -> None:
    """Assert that what the last cloud shows is kept over a recording, and no tangent of a recording is kept."""
    risk, cloud = example()
    *before, last = places(cloud, N)
    for place in before:
        risk.velocity(place)
    seen = risk.seen(last)
    risk.velocity(last)
    assert recorder.recorded == 1 and risk.seen(last) is seen
    function = risk._replays._held[1].function
    cells = inspect.unwrap(function).__closure__
    (copy,) = [cell.cell_contents for cell in cells if isinstance(cell.cell_contents, Risk)]
    assert copy is not risk and copy._last == {} and any(cell.cell_contents is risk.prepared(cloud) for cell in cells)


def test_threads_take_turns(recorder: TapeRecorder) -> None:
    """Assert that two threads that share a risk each get the velocity at their own positions."""
    risk, cloud = example()
    recorder.spoil = lambda repeat, found: lambda: (time.sleep(0.005), repeat())[0]
    assert replays(risk, cloud, recorder)
    asked = [places(cloud, 6), places(cloud.moved(cloud.positions - 2.0), 6)]
    found: list[list[Tensor]] = [[], []]
    threads = [threading.Thread(target=lambda k=k: found[k].extend(map(risk.velocity, asked[k]))) for k in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for place, velocity in zip(itertools.chain(*asked), itertools.chain(*found), strict=True):
        assert torch.equal(velocity, plain(risk, place))


def test_inference_mode_may_come_and_go(recorder: TapeRecorder, caplog: pytest.LogCaptureFixture) -> None:
    """Assert that what was recorded in inference mode is replayed outside of it, and the other way round."""
    risk, cloud = example()
    with torch.inference_mode():
        assert replays(risk, cloud, recorder)
    for inside in (False, True):
        with torch.inference_mode() if inside else contextlib.nullcontext():
            assert torch.equal(risk.velocity(cloud), plain(risk, cloud))
    assert recorder.recorded == 1 and warnings(caplog) == []


def test_torch_is_asked_for_a_graph_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that work runs on a side stream that others wait for, and once more in a capture on another."""
    said: list[str] = []
    on = ["current"]

    class Stream:
        def __init__(self, name: str = "") -> None:
            self.name = name or f"new {sum(line.startswith('new') for line in said)}"
            said.extend([] if name else [self.name])

        def wait_stream(self, other: "Stream") -> None:
            said.append(f"{self.name} waits for {other.name}")

    @contextlib.contextmanager
    def stream(chosen: Stream) -> Iterator[None]:
        on.append(chosen.name)
        yield
        on.pop()

    @contextlib.contextmanager
    def graph(made: object, stream: Stream, capture_error_mode: str) -> Iterator[None]:
        on.append(f"graph on {stream.name}, {capture_error_mode}")
        yield
        on.pop()

    replaced = {
        "Stream": Stream,
        "current_stream": lambda device=None: Stream("current"),
        "stream": stream,
        "device": lambda device: contextlib.nullcontext(said.append(str(device))),
        "graph": graph,
        "CUDAGraph": lambda: SimpleNamespace(replay=lambda: said.append("replay")),
    }
    for name, value in replaced.items():
        monkeypatch.setattr(torch.cuda, name, value)
    result = torch.ones(2, 3)
    found, repeat = cuda_graphs.CudaRecorder().record(
        lambda: (said.append(f"work in {on[-1]}"), result)[1], torch.device("cuda:1")
    )
    repeat()
    assert found is result and cuda_graphs.CudaRecorder().queue(torch.device("cuda:1")).name == "current"
    warm = ["new 0 waits for current", *["work in new 0"] * cuda_graphs.WARM_UPS, "current waits for new 0"]
    assert said == ["cuda:1", "new 0", "new 1", *warm, "work in graph on new 1, thread_local", "replay"]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device to record and replay a graph")
@pytest.mark.parametrize("name", RISKS)
def test_cuda_replays_the_plain_velocity(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """Assert that a recorded velocity is the CPU's, at NaN too, in tensors of its own, and recorded without warning."""
    cuda_graphs._warn.cache_clear()
    risk, cloud = RISKS[name]()
    there = cloud._unchecked(cloud.positions.cuda(), cloud.masses.cuda())
    clouds = places(there, N + 4)
    found = [risk.velocity(place) for place in clouds]
    assert warnings(caplog) == [] and risk._replays._held is not None
    for place, velocity in zip(clouds, found, strict=True):
        assert_identical(velocity, plain(risk, place))
        assert_identical(velocity.cpu(), plain(risk, cloud.moved(place.positions.cpu())))
    broken = there.moved(there.positions.clone())
    broken.positions[0, 0] = torch.nan
    assert bool(risk.velocity(broken).isnan().any()) and torch.equal(risk.velocity(clouds[-1]), found[-1])
