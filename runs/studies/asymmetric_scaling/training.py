"""How a run becomes a complete trajectory, begun or continued with the bits of an uninterrupted one."""

from flows import Adaptive, Euler, Every, GradientFlow, Observer
from particles import ParticleCloud, Trajectory, TrajectoryError
from runs.batch.jobs import Report
from runs.recorded.trajectory_run import File, TrajectoryRun
from runs.studies.asymmetric_scaling.run import Run
from runs.studies.asymmetric_scaling.schedule import GradientSteps, steps_at
from runs.system.refusal import Refusal

#: Steps of the integrator between two reports of progress.
REPORT_STEPS = 20


def steps_done(run: Run) -> int:
    """Steps up to the last frame of the run's file, 0 without one, all of them only where it is marked complete.

    Raises Refusal for a file that cannot be read: it is left as it is.
    """
    if not run.path.exists():
        return 0
    try:
        with Trajectory.open(run.path) as trajectory:
            if trajectory.is_complete:
                return run.config.steps
            return min(int(trajectory.steps[-1]), run.config.steps - 1) if len(trajectory) else 0
    except TrajectoryError as error:
        raise Refusal(f"A run cannot be continued: {error} Or remove the file, and the run is done anew.") from error


def train(run: Run, report: Report) -> None:
    """Begin the run, or continue it from the state kept last in its file, and mark the file complete.

    States are kept under the number of gradient steps, by which the file counts, whatever the integrator's steps are.
    Observables are recorded before the frame of the same step, so that a frame in the file has its observables too;
    once, at the last step, what pruning and transfer give.
    """
    config = run.config

    def observers(file: File) -> list[Observer]:
        recorder = file.trace(**run.observables())
        return [
            GradientSteps(config.step, config.steps, config.records, recorder),
            GradientSteps(config.step, config.steps, config.frames, file),
            Every(steps=REPORT_STEPS, observer=lambda step, time, cloud: report(steps_at(time, config.step))),
        ]

    def ended(file: File, end: ParticleCloud) -> None:
        recorder = file.trace(**run.reuse(alive=lambda: report(config.steps - 1)))
        recorder(config.steps, config.until, end)

    TrajectoryRun(
        path=run.path,
        flow=GradientFlow(run.risk),
        start=run.start,
        integrator=Adaptive(config.rtol, config.atol) if config.integrator == "adaptive" else Euler(step=config.step),
        until=config.until,
        seed=run.seed,
        parameters=run.parameters,
        observers=observers,
        counted=lambda time: steps_at(time, config.step),
        ended=ended,
    ).perform()
