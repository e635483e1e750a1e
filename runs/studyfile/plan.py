"""What a study will do and need, said before anything is done."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from particles.tiles import KEPT_ENTRIES
from runs.memory import total_memory
from runs.origins import noted_until
from runs.refusal import Refusal
from runs.scalars import flat
from runs.studyfile.config import RunConfig
from runs.studyfile.door import check_door
from runs.studyfile.experiment import Experiment
from runs.studyfile.running import FAILURES, WHOLE, Job, spoken_error
from runs.studyfile.together import units_of

#: A file without any frame, and a process that has imported the libraries (measured, CPU).
EMPTY_FILE, EMPTY_PROCESS = 60_000, 350_000_000
#: Copies of the positions that an integrator and its observers hold at most.
COPIES = 12
#: Tensors as large as the positions in one of the two slots of a checkpoint, without a history of points.
KEPT = 1


def file_bytes(experiment: Experiment) -> float:
    """About the size of the trajectory: frames, each in whole chunks, and records; NaN where steps are not known."""
    config, cloud = experiment.config, experiment.start
    step = config.integrator.given().get("step")
    step = step if isinstance(step, float | int) else None
    frames = config.frames.number(config.until, step)
    records = (config.records or config.frames).number(config.until, step)
    itemsize = cloud.positions.element_size()
    frame = cloud.positions.numel() * itemsize + 16 + (cloud.count * itemsize if experiment.moves_masses else 0)
    per_record = 24 * len(config.measured)
    kept = 2 * KEPT * cloud.positions.numel() * itemsize
    return EMPTY_FILE + frames * frame + (records + 512) * per_record + cloud.count * itemsize + kept


def memory_bytes(experiment: Experiment, members: int = 1) -> float:
    """About the most memory of one worker: the libraries, copies of the clouds, their tangents, and Gram matrices.

    Tangents at the training data and, where something is recorded on them, the test data are kept between two uses.
    """
    config, cloud, data = experiment.config, experiment.start, experiment.risk.data
    itemsize = cloud.positions.element_size()
    gram = data.targets.numel() if config.integrator.given().keys() >= {"rtol"} else 0
    test = experiment.data[1] if any(str(name).startswith("test_") for name in config.measured.values()) else None
    kept = sum(min(KEPT_ENTRIES, cloud.count * rows.targets.numel()) for rows in (data, test) if rows is not None)
    held = COPIES * cloud.positions.numel() + 3 * kept + 4 * gram**2 + data.inputs.numel()
    return float(EMPTY_PROCESS + members * held * itemsize)


def _check_size(config: RunConfig) -> None:
    """Raise Refusal where the masses alone would fill this machine, before a cloud of them is drawn."""
    needed, there = 8.0 * COPIES * config.masses.given()["count"], total_memory()
    if needed > there:
        raise Refusal(f"masses.count needs {_said(needed)}, but this machine has {_said(there)} of memory: lower it.")


def _ask_door(experiment: Experiment, refused: dict[str, str]) -> None:
    """Raise Refusal where the run cannot begin; runs that differ in their seeds alone are asked for once."""
    held = {name: value for name, value in experiment.config.identity().items() if name != "seed"}
    key = json.dumps(held, sort_keys=True)
    if key not in refused:
        try:
            check_door(experiment)
            refused[key] = ""
        except FAILURES as error:
            refused[key] = spoken_error(error)
    if refused[key]:
        raise Refusal(refused[key])


@dataclass(frozen=True)
class Plan:
    """The plan in words, and how many runs cannot begin as they are."""

    lines: tuple[str, ...]
    impossible: int


def planned(jobs: Sequence[Job], members: int = 1) -> Plan:
    """Number of runs, what is done, sizes, and one line per run with what is its own, or why it cannot begin.

    members: how many runs are evolved side by side at the most.
    """
    beside = {job.config.digest: len(unit) for unit in units_of(jobs, members) for job in unit}
    done = [job.done() for job in jobs]
    complete = sum(share == WHOLE for share in done)
    begun = sum(0 < share < WHOLE for share in done)
    files, memories, runs, impossible = [], [], [], 0
    refused: dict[str, str] = {}
    for job, words in zip(jobs, _own([job.config for job in jobs]), strict=True):
        runs.append(f"  {job.folder.name}  {words}")
        try:
            experiment = Experiment(job.config, job.source)
            _check_size(job.config)
            _ask_door(experiment, refused)
            files.append(file_bytes(experiment))
            memories.append(memory_bytes(experiment, beside[job.config.digest]))
        except FAILURES as error:
            impossible += 1
            runs.append(f"    cannot begin: {spoken_error(error)}")
    lines = [f"{len(jobs)} runs in {jobs[0].out}: {complete} complete, {begun} begun"]
    there = [job for job, share in zip(jobs, done, strict=True) if share > 0]
    longer = sum((noted_until(job.folder) or math.inf) < job.config.until for job in there)
    if longer:
        lines.append(f"made longer than they were to be: {longer} runs")
    if files:
        lines.append(f"files: {_said(sum(files))} in all, the largest {_said(max(files))}")
        lines.append(f"memory: {_said(max(memories))} for each worker")
    if members > 1:
        lines.append(f"side by side: up to {max(beside.values())} runs")
    return Plan((*lines, *runs), impossible)


def _own(configs: Sequence[RunConfig]) -> Iterator[str]:
    """For each run the values that are not the same in all of them."""
    values = [flat(config.identity()) for config in configs]
    names = list(dict.fromkeys(name for run in values for name in run))
    differing = [name for name in names if any(run.get(name) != values[0].get(name) for run in values)]
    for run in values:
        yield ", ".join(f"{name} = {run[name]}" for name in differing if name in run) or "the only one"


def _said(size: float) -> str:
    """A size in words: "about 12 MB"."""
    if math.isnan(size):
        return "not known before the steps are"
    return (
        f"about {size / 1e9:.2g} GB" if size >= 1e9 else f"about {max(size / 1e6, 0.1):.{0 if size >= 1e7 else 1}f} MB"
    )
