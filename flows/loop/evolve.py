"""The loop that evolves a cloud. It knows nothing of files or plots: it hands (step, time, cloud) to observers."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from flows.base import Flow, Integrator, Observer, Part, Resizable, StepRule, parts
from flows.loop.checkpoint import Checkpoint
from flows.loop.divergence import Watch
from flows.loop.run import Run
from flows.loop.step_grid import check_count, check_pieces, check_times, steps_until
from flows.noise import StepNoise, checked_first, checked_seed
from flows.observers.progress import Bar, shown
from particles import FlowRefused, ParticleCloud
from particles.arguments.integers import whole
from particles.arguments.reals import finite
from particles.compute.noise.normals import TODAY

State = TypeVar("State")


def evolve(
    flow: Flow,
    cloud: ParticleCloud,
    integrator: Integrator[State],
    *,
    until: float,
    step: float | StepRule | None = None,
    observers: Sequence[Observer] = (),
    seed: int = 0,
    split: int = 1,
    first: int = 0,
    time: float = 0.0,
    index: int | None = None,
    keep: Callable[[Checkpoint[State]], None] | None = None,
    resume: Checkpoint[State] | None = None,
    progress: bool = False,
) -> ParticleCloud:
    """The cloud at flow time `until`, or where an observer stopped the run.

    Every observer sees the start and then the end of every step; `Every` and `LogSpaced` thin that out. `seed` is the
    noise's; with `split` = s its increments are sums of s increments of a run with steps s times shorter, so that both
    follow one Brownian path. Noise goes by the number of the step: two calls from time 0 with one seed have the same
    noise, and a call from another `time` begins with the step that an integrator with a given step has then reached.
    `first` is the number that the cloud's first particle has in the noise: the second half of a cloud of 2 m particles
    meets the noise that it meets in the whole with `first=m`.
    A resumed run passes the `time` and the number of steps (`index`) at which the cloud was recorded; that state is not
    handed on again.

    Clouds, and what is computed of them, carry no autograd history through a run.

    `keep` is called with the whole state of the run after the observers of the start and of every step but the last.
    `resume` goes on from such a state instead of from `cloud`, `time` and `index`, with the bits of an uninterrupted
    run, whatever the integrator; `cloud` is then still where the run began. `until` must be the same, or later where no
    step until there was fitted to the end.

    `progress` shows a bar in a terminal or notebook, with the rate and the remaining time, and a line every ten seconds
    where standard error is neither. It changes no bit of the run.

    Raises FlowRefused where the integrator cannot handle the flow, FlowDiverged for the first cloud with a particle
    that is not finite, before anyone sees it (on a CPU at once, see `Watch`), ValueError for a time span, index, seed,
    split or first that cannot be, and for noise from a time at which the number of steps is not known.
    """
    alone = cloud.shared_by is None or cloud.first == 0
    with shown(progress and alone, until) as bar:
        return evolved(
            *(flow, cloud, integrator),
            until=until,
            step=step,
            observers=observers,
            seed=seed,
            split=split,
            first=first,
            time=time,
            index=index,
            keep=keep,
            resume=resume,
            bar=bar,
        )


def evolved(
    flow: Flow,
    cloud: ParticleCloud,
    integrator: Integrator[State],
    *,
    until: float,
    step: float | StepRule | None = None,
    observers: Sequence[Observer] = (),
    seed: int = 0,
    split: int = 1,
    first: int = 0,
    time: float = 0.0,
    index: int | None = None,
    keep: Callable[[Checkpoint[State]], None] | None = None,
    resume: Checkpoint[State] | None = None,
    bar: Bar | None = None,
    member: int = 0,
) -> ParticleCloud:
    """What `evolve` gives; the `bar` is told where this member of it is.

    Unlike an observer it does not see the cloud, so that nothing waits for a GPU.
    """
    if resume is not None:
        index, time = resume.step, resume.time
    time, until = span(time, until)
    integrator = checked(flow, integrator, time, until, step)
    check_times(observers, time, until)
    _check_shareable(flow, cloud)
    steps = (
        steps_until(flow, integrator, time) if index is None else whole(index, "index, the number of steps taken,", 0)
    )
    begun = resume is not None or (index is not None and steps > 0)
    seed, first = checked_seed(seed), checked_first(first, cloud)
    cloud = cloud.detached()
    if isinstance(integrator, Resizable):
        integrator = integrator.resolved(flow, cloud)
        check_count(integrator, time, until)
    cloud = cloud if resume is None else resume.cloud
    state = integrator.init(flow, cloud, time) if resume is None else resume.state
    watch = Watch()
    run = Run(
        *((steps, time), cloud),
        until=until,
        observers=observers,
        keep=keep,
        state=lambda: state,
        begun=begun,
        noise=TODAY if resume is None else resume.noise,
        watch=watch,
    )
    if bar is not None:
        bar.at(member, run.step, run.time)
    try:
        while run.goes_on:
            noise = StepNoise(seed, run.step, split=split, first=first, version=run.noise)
            taken = integrator.step(flow, run.cloud, state, run.time, until, noise)
            watch.see(run.step + 1, taken.time, taken.cloud)
            state = taken.state
            run.take(taken)
            if bar is not None:
                bar.at(member, run.step, run.time)
    finally:
        watch.settle()
    return run.cloud


def checked(
    flow: Flow, integrator: Integrator[State], time: float, until: float, step: float | StepRule | None
) -> Integrator[State]:
    """The integrator with its step; raises what `evolve` says for what cannot be run."""
    if not isinstance(flow, Flow):
        raise TypeError(f"{type(flow).__name__} is not a flow; give an object with velocity(cloud, time).")
    missing = parts(flow) - integrator.handles
    if missing:
        handled = " and ".join(sorted(part.value for part in integrator.handles))
        raise FlowRefused(
            f"{type(integrator).__name__} handles {handled}, but {type(flow).__name__} also has "
            f"{' and '.join(sorted(part.value for part in missing))}; take an integrator made for that."
        )
    span(time, until)
    if step is not None:
        if not isinstance(integrator, Resizable):
            raise TypeError(f"{type(integrator).__name__} chooses its own steps; leave step={step!r} out.")
        integrator = integrator.sized(step)
    check_pieces(flow, integrator)
    check_count(integrator, time, until)
    return integrator


def span(time: float, until: float) -> tuple[float, float]:
    """Where a run begins and ends, as plain floats; raises ValueError where that is no finite span forward."""
    first = finite(time, "The time where a run begins")
    last = finite(until, "The time until which a run goes")
    if last < first:
        raise ValueError(f"The run goes from time {time!r} until {until!r}, but a finite span forward is needed.")
    return first, last


def _check_shareable(flow: Flow, cloud: ParticleCloud) -> None:
    alone = parts(flow) & {Part.GROWTH, Part.INERTIA}
    if alone and cloud.shared_by is not None:
        raise FlowRefused(
            f"{type(flow).__name__} has {' and '.join(sorted(part.value for part in alone))}, which a cloud shared by "
            "several processes has not; let one process evolve it."
        )
