"""What a study will do and need, said before anything is done."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flows.noise import checked_seed
from particles import ParticleCloud
from particles.compute.tiles import KEPT_ENTRIES
from particles.observables import Observable
from particles.trajectory.layout import RECORDS_PER_CHUNK, record_chunk
from runs.recorded.flat_parameters import flat
from runs.recorded.origins import noted_until
from runs.studyfile.ensembles import units_of
from runs.studyfile.experiment import COPIES, Experiment
from runs.studyfile.model.measures import Measured
from runs.studyfile.rehearsal import check_door
from runs.studyfile.running import FAILURES, WHOLE, Job, spoken_error
from runs.system.memory import spoken_size

#: A file without any frame, and a process that has imported the libraries (measured, CPU).
EMPTY_FILE, EMPTY_PROCESS = 60_000, 350_000_000
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
    recorded = sum(_recorded(one, cloud, records) for one in experiment.observables().values())
    kept = 2 * KEPT * cloud.positions.numel() * itemsize
    return EMPTY_FILE + frames * frame + recorded + cloud.count * itemsize + kept


def _recorded(observable: Measured, cloud: ParticleCloud, records: float) -> float:
    """About the bytes of an observable's values in whole chunks, with the step and the time of each."""
    entries = observable.entries(cloud) if isinstance(observable, Observable) else 1
    chunk, _ = record_chunk((entries,), 8)
    return (records + chunk) * 8 * entries + (records + RECORDS_PER_CHUNK) * 16


def memory_bytes(experiment: Experiment) -> float:
    """About the most memory of one worker: the libraries, copies of the clouds, their tangents, and Gram matrices.

    Tangents at the training data and, where something is recorded on them, the test data are kept between two uses.
    """
    config, cloud, data = experiment.config, experiment.start, experiment.risk.data
    itemsize = cloud.positions.element_size()
    gram = data.targets.numel() if config.integrator.given().keys() >= {"rtol"} else 0
    test = experiment.data[1] if any(kind.startswith("test_") for kind in config.measured_kinds) else None
    seen = max(data.outputs, getattr(experiment.risk.network.neuron, "entries_per_datum", 0))
    kept = sum(min(KEPT_ENTRIES, cloud.count * rows.count * seen) for rows in (data, test) if rows is not None)
    held = COPIES * cloud.positions.numel() + 3 * kept + 4 * gram**2 + data.inputs.numel()
    return float(EMPTY_PROCESS + held * itemsize)


@dataclass(frozen=True)
class _Kind:
    """What is the same for all runs that differ in their seeds alone: the sizes, or why they cannot begin."""

    file: float = 0.0
    memory: float = 0.0
    refused: str = ""

    @classmethod
    def of(cls, experiment: Experiment) -> "_Kind":
        """That of a run, found out by making what it is made of."""
        try:
            check_door(experiment)
            return cls(file_bytes(experiment), memory_bytes(experiment))
        except FAILURES as error:
            return cls(refused=spoken_error(error))

    def shared(self, members: int) -> float:
        """The memory of a worker that has so many of the runs side by side."""
        return EMPTY_PROCESS + members * (self.memory - EMPTY_PROCESS)


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
    identities = [job.config.identity() for job in jobs]
    kinds: dict[str, _Kind] = {}
    for job, identity, words in zip(jobs, identities, _own(identities), strict=True):
        runs.append(f"  {job.folder.name}  {words}")
        key = json.dumps({**identity, "seed": None}, sort_keys=True)
        kind = kinds.get(key) or _Kind(refused=_refused_seed(job.config.seed))
        if key not in kinds and not kind.refused:
            kind = kinds[key] = _Kind.of(Experiment(job.config, job.source))
        refused = kind.refused or _refused_seed(job.config.seed)
        if refused:
            impossible += 1
            runs.append(f"    cannot begin: {refused}")
        else:
            files.append(kind.file)
            memories.append(kind.shared(beside[job.config.digest]))
    lines = [f"{len(jobs)} runs in {jobs[0].out}: {complete} complete, {begun} begun"]
    there = [job for job, share in zip(jobs, done, strict=True) if share > 0]
    longer = sum((noted_until(job.folder) or math.inf) < job.config.until for job in there)
    if longer:
        lines.append(f"made longer than they were to be: {longer} runs")
    if files:
        lines.append(f"files: {spoken_size(sum(files))} in all, the largest {spoken_size(max(files))}")
        lines.append(f"memory: {spoken_size(max(memories))} for each worker")
    if members > 1:
        lines.append(f"side by side: up to {max(beside.values())} runs")
    return Plan((*lines, *runs), impossible)


def _refused_seed(seed: int) -> str:
    """What a run says of its seed where it has no stream of its own; the rest of the run does not depend on it."""
    try:
        checked_seed(seed)
    except ValueError as error:
        return spoken_error(error)
    return ""


def _own(identities: Sequence[Mapping[str, object]]) -> Iterator[str]:
    """For each run the values that are not the same in all of them."""
    values = [flat(identity) for identity in identities]
    names = list(dict.fromkeys(name for run in values for name in run))
    differing = [name for name in names if any(run.get(name) != values[0].get(name) for run in values)]
    for run in values:
        yield ", ".join(f"{name} = {run[name]}" for name in differing if name in run) or "the only one"
