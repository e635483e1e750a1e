"""Runs of a study file shared by the ranks that torchrun started: one after the other, each by all of them."""

import json
import os
import traceback
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial

import torch

from particles import (
    FlowDiverged,
    FlowRefused,
    RankFailed,
    RankLost,
    Ranks,
    SharedCloud,
    ToleranceNotReached,
    TrajectoryError,
)
from particles.distributed.blocks import check_ranks
from runs.batch.jobs import Report, Stopped
from runs.batch.output_folder import replace_text
from runs.studyfile.experiment import Experiment
from runs.studyfile.model.kinds import FLOWS
from runs.studyfile.running import FAILURES, WHOLE, Job, claim, refuse_changed, spoken_error, told, trajectory_run
from runs.system.refusal import Refusal

#: What goes wrong on all ranks at the same place or on none, so that they can go on to the next run together.
TOGETHER = (
    *(Refusal, RankFailed, FlowDiverged, FlowRefused, ToleranceNotReached, TrajectoryError),
    torch.linalg.LinAlgError,  # type: ignore[attr-defined]
)


def shares_done(jobs: Sequence[Job], ranks: Ranks) -> list[int]:
    """How far each run is, as the first rank finds it."""
    told = ranks.text(json.dumps([job.done() for job in jobs] if ranks.is_first else []))
    done: list[int] = json.loads(told)
    return done


def refuse_changed_together(jobs: Sequence[Job], ranks: Ranks | None) -> None:
    """What `refuse_changed` does, on every rank, if there are any, as the first one finds it."""
    said = ""
    if ranks is None or ranks.is_first:
        try:
            refuse_changed(jobs)
        except Refusal as error:
            said = str(error)
    said = said if ranks is None else ranks.text(said)
    if said:
        raise Refusal(said)


def check_shareable(jobs: Sequence[Job], ranks: Ranks) -> None:
    """Raise Refusal for runs that ranks cannot share, or for ranks that cannot share a run."""
    try:
        check_ranks(ranks.count)
    except ValueError as error:
        raise Refusal(str(error)) from error
    here = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    devices = torch.cuda.device_count()
    if here > devices and any(job.config.device != "cpu" for job in jobs):
        raise Refusal(f"{here} ranks have {devices} CUDA devices here: start fewer ranks, or set the device to cpu.")
    for job in jobs:
        flow = job.config.identity()["flow"]["kind"]
        if not FLOWS[flow].declared("shareable"):
            raise Refusal(f"The flow {flow!r} cannot be shared by several ranks: run the study without torchrun.")
        for path in job.config.integrator.import_paths():
            raise Refusal(
                f"The integrator {path!r} is imported and would see the particles of one rank only: run the study "
                "without torchrun."
            )
        own = sorted(
            name for name, what in job.config.measured.items() if not isinstance(what, str) and what.import_paths()
        )
        if own:
            raise Refusal(
                f"The observable {own[0]!r} is imported and would see the particles of one rank only: run the study "
                "without torchrun, or leave it out."
            )


def perform_shared(job: Job, report: Report, ranks: Ranks) -> None:
    """Do the run as `perform` does, on every rank with its part of the cloud; the first rank has the folder.

    Raises Refusal where it fails on all ranks, RankLost where this one fails alone.
    """
    experiment = Experiment(job.config, job.source, ranks)
    try:
        with ExitStack() as folder:
            ranks.at_first(lambda: _claim(folder, job))
            try:
                if ranks.number(job.done() if ranks.is_first else 0) < WHOLE:
                    _continued(experiment, job, ranks, report)
            except TOGETHER as error:
                ranks.at_first(partial(replace_text, job.error, traceback.format_exc()))
                raise Refusal(spoken_error(error)) from error
        report(WHOLE)
    except (Stopped, RankLost):
        raise
    except TOGETHER as error:
        raise Refusal(str(error)) from error
    except FAILURES as error:
        raise RankLost(f"Rank {ranks.rank} of {ranks.count} cannot go on: {spoken_error(error)}") from error


def _claim(folder: ExitStack, job: Job) -> None:
    folder.enter_context(claim(job))
    job.error.unlink(missing_ok=True)


def _continued(experiment: Experiment, job: Job, ranks: Ranks, report: Report) -> None:
    ranks.at_first(lambda: experiment.data)  # which may have to be downloaded
    _check_start(experiment)
    ranks.at_first(lambda: experiment.flow)  # of which the first rank alone says what is wrong
    trajectory_run(experiment, job, told(job, report)).perform()


def _check_start(experiment: Experiment) -> None:
    """Raise Refusal where the study's numbers give no start, or none that is shared, as on every other rank."""
    try:
        if not isinstance(experiment.start, SharedCloud):
            raise Refusal("The cloud of this run is held by one rank: run the study without torchrun.")
    except ValueError as error:
        raise Refusal(str(error)) from error
