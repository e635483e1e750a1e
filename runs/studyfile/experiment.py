"""One run of a study file: its data, network, flow and observers, and the way from its start to its end."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from flows import Every, Flow, GrowingFlow, Integrator, LogSpaced, Observer, StopAbove, StopBelow
from particles import (
    L2,
    Dataset,
    Law,
    ParticleCloud,
    Ranks,
    Risk,
    SharedCloud,
)
from particles.shapes import Masses
from runs.datasets import load
from runs.study.configuration import resolved_device
from runs.studyfile.data.datafile import read_data
from runs.studyfile.model.config import RunConfig, Times
from runs.studyfile.model.kinds import FLOWS, INTEGRATORS, LOSSES, MASSES, SCALINGS
from runs.studyfile.model.measures import OBSERVABLES, Measured
from runs.studyfile.model.networks import LAWS, NEURONS
from runs.studyfile.model.sections import Section, built, read_choice
from runs.system.memory import spoken_size, total_memory
from runs.system.refusal import Refusal

#: Copies of the positions that an integrator and its observers hold at most.
COPIES = 12


@dataclass(frozen=True, eq=False)
class Experiment:
    """What a configuration stands for; `folder` is that of the study file, `ranks` who shares the cloud, if anyone."""

    config: RunConfig
    folder: Path
    ranks: Ranks | None = None

    @cached_property
    def data(self) -> tuple[Dataset, Dataset | None]:
        """Training data, cut to the rows asked for, and test data where there are any."""
        table = self.config.data
        if table.source is not None:
            split = load(table.source, table.seed)
            return _cut(split.train, table.rows), split.test
        train, rest = read_data(table, self.folder)
        return _cut(train, table.rows), rest

    @cached_property
    def risk(self) -> Risk:
        """The risk on the training data."""
        train, _ = self.data
        config = self.config
        embedding = config.neuron.given().get("embedding")
        if isinstance(embedding, Section):
            features = float(embedding.given().get("count", 0)) * (train.inputs.shape[1] + train.count)
            _check_memory("neuron.embedding.count", 16.0 * features)
        neuron = built(NEURONS, config.neuron, train.inputs.shape[1], train.outputs, folder=self.folder)
        return Risk(
            neuron=neuron,
            scaling=built(SCALINGS, config.scaling),
            loss=built(LOSSES, config.loss),
            data=train,
            regulariser=L2(config.regulariser) if config.regulariser != 0.0 else None,
        )

    @property
    def law(self) -> Law:
        """The law of the start."""
        law: Law = built(LAWS, self.config.law, self.risk.neuron)
        return law

    @property
    def masses(self) -> Masses:
        """The masses [particles]."""
        _check_memory("masses.count", 8.0 * COPIES * self.config.masses.given()["count"])
        masses: Masses = built(MASSES, self.config.masses)
        return masses

    @cached_property
    def start(self) -> ParticleCloud:
        """The cloud drawn from the law with the run's seed, in the run's dtype on its device; of ranks, their part."""
        config = self.config
        masses = self.masses
        neuron = self.risk.neuron
        key = "neuron.layers" if config.neuron.given().get("layers") else "masses.count"
        _check_memory(key, COPIES * len(masses) * neuron.dim * (8.0 if config.dtype == "float64" else 4.0))
        cloud = self.law.sample(masses=masses, seed=config.seed)
        dtype = torch.float64 if config.dtype == "float64" else torch.float32
        if self.ranks is not None:
            cloud = SharedCloud.of(cloud.to(dtype=dtype), self.ranks)
        return cloud.to(device=resolved_device(config.device), dtype=dtype)

    @cached_property
    def flow(self) -> Flow:
        """The flow of the risk; one that refers to a start has this run's."""
        flow: Flow = built(FLOWS, self.config.flow, self.risk, self.start, self.config.seed, folder=self.folder)
        return flow

    @property
    def integrator(self) -> Integrator[Any]:
        """The integrator. Raises Refusal where what a user wrote is none."""
        integrator: Integrator[Any] = built(INTEGRATORS, self.config.integrator, folder=self.folder)
        if not isinstance(integrator, Integrator):
            said = f"{', '.join(self.config.integrator.import_paths())} made {type(integrator).__name__}"
            raise Refusal(f"{said}, which is no integrator: give it order, handles, init and step.")
        return integrator

    def reduced(self, most: int) -> "Experiment":
        """The same with so many particles at most, as odd or even as there are, on the same data."""
        count = int(self.config.masses.given()["count"])
        fewer = count if count <= most else most - (most - count) % 2
        masses = self.config.masses.model_copy(update={"count": fewer})
        made = replace(self, config=self.config.model_copy(update={"masses": masses}))
        vars(made)["data"] = self.data
        return made

    def held_out_risk(self, name: str) -> Risk:
        """The risk on the test data, without regulariser; raises Refusal for an observable where there are none."""
        test = self.data[1]
        if test is None:
            raise Refusal(
                f"The observable {name} needs test data: add test_inputs and test_targets to an npz file, or name "
                "a test_file."
            )
        return replace(self.risk, data=test, regulariser=None)

    @property
    def moves_masses(self) -> bool:
        """Whether masses change along the flow."""
        return isinstance(self.flow, GrowingFlow)

    def observables(self) -> dict[str, Measured]:
        """What is recorded, by name."""
        return {name: self._observable(name, what) for name, what in self.config.measured.items()}

    def observers(self, frames: Observer, records: Observer) -> list[Observer]:
        """The two recorders at their times, records before frames of the same step, and what stops the run."""
        config = self.config
        observers = [_timed(config.records or config.frames, records), _timed(config.frames, frames)]
        if config.stop_below is not None:
            observers.append(StopBelow(self.risk, config.stop_below))
        if config.stop_above is not None:
            observable = self._observable("stop_above", config.stop_above.observable)
            observers.append(StopAbove(observable, config.stop_above.level))
        return observers

    def _observable(self, name: str, what: str | Section) -> Measured:
        observable: Measured = built(
            OBSERVABLES, read_choice(f"observables.{name}", OBSERVABLES, what), self, folder=self.folder
        )
        return observable


def _check_memory(key: str, needed: float) -> None:
    """Raise Refusal where what a key asks for would fill this machine, before any of it is made."""
    there = total_memory()
    if needed > there:
        said = f"{key} needs {spoken_size(needed)}, but this machine has {spoken_size(there)} of memory"
        raise Refusal(f"{said}: lower it.")


def _cut(data: Dataset, rows: int | None) -> Dataset:
    """The first rows. Raises Refusal for more than there are."""
    if rows is not None and rows > data.count:
        raise Refusal(f"rows is {rows}, but there are {data.count} training data: give that number at most.")
    return data.some(slice(rows))


def _timed(times: Times, observer: Observer) -> Observer:
    if times.time is not None:
        return Every(time=times.time, observer=observer)
    if times.steps is not None:
        return Every(times.steps, observer)
    return LogSpaced(times.first or 0.0, times.last or 0.0, times.count or 0, observer)
