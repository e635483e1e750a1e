"""A network of a study file at any width: clouds are drawn, trained and measured as its runs are."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from torch import Tensor

from flows import Flow
from limits import Coupling, Drawn, Halves, Rotated
from particles import ParticleCloud
from runs.limit.couplings import fitting
from runs.limit.files.points import Point
from runs.limit.moments import Quantity
from runs.limit.observed import Observable
from runs.limit.training import Trained
from runs.studyfile.experiment import Experiment
from runs.studyfile.model.config import RunConfig
from runs.studyfile.rehearsal import check_door
from runs.system.refusal import Refusal

#: Couplings by the names that they have on the command line; the first one finds out.
COUPLINGS = ("auto", "halves", "rotated", "nested")


@dataclass(frozen=True, eq=False)
class StudyNetwork:
    """The network of a point, the folder of its study file, and the checksums of the files there that it is made of.

    It measures clouds, here and in other processes, each of which reads the files once.
    """

    point: Point
    folder: Path
    sources: Mapping[str, str]

    def __call__(self, clouds: Sequence[Drawn]) -> Tensor:
        """Values of trained clouds [clouds, quantities]."""
        return self._trained(clouds)

    def draw(self, width: int, seed: int) -> ParticleCloud:
        """A cloud as a run of this width and seed has it at the start; masses that are random have this seed too."""
        return self._experiment(width, seed).start

    def quantities(self, first_width: int) -> tuple[Quantity, ...]:
        """What is measured. Raises Refusal for an observable whose shape depends on the width."""
        found, wider = (self._trained.quantities(self.draw(width, 0)) for width in (first_width, 2 * first_width))
        for one in found:
            if sum(one.name == other.name for other in found) != sum(one.name == other.name for other in wider):
                raise Refusal(
                    f"The observable {one.name} has more entries in a wider network, so it has no limit: name "
                    "another one, or some particles."
                )
        return found

    def check(self, first_width: int) -> None:
        """Raise what a run of this network raises before its first step."""
        check_door(self._experiment(first_width, 0))

    def coupling(self, name: str, first_width: int) -> Coupling:
        """The coupling of this name; `auto` is one that fits."""
        given, risk = self.point.config.masses.given(), self._experiment(first_width, 0).risk
        shared = float(given["alpha"]) if given.get("gamma") and given.get("alpha") else 1.0
        if name == "halves":
            return Halves()
        if name == "rotated":
            return Rotated(risk.network.neuron)
        symmetric = self.point.config.law.given().get("symmetric") is True
        return fitting(risk, name == "nested" or self._tail is not None, symmetric, shared)

    @property
    def rate(self) -> float:
        """The r of E F(m) = F + c m^(-r) + ...: 1, or 1 / alpha - 1 where masses of Zipf's law have a heavier tail."""
        return 1.0 if self._tail is None else min(1.0, 1.0 / self._tail - 1.0)

    @property
    def _tail(self) -> float | None:
        """The alpha of masses that fall as those of Zipf's law; None where they are equal or random."""
        masses = self.point.config.masses
        falls = masses.kind in ("zipf", "asymmetrical") and masses.given().get("gamma") != 1.0  # type: ignore[attr-defined]
        return float(masses.given()["alpha"]) if falls else None

    @cached_property
    def _trained(self) -> Trained:
        return Trained(self._flow, _made(*self._key).integrator, self.point.times, self._observables)

    @property
    def _key(self) -> tuple[str, Path]:
        held = {"config": self.point.config.identity(), "sources": dict(self.sources)}
        return json.dumps(held, sort_keys=True), self.folder

    def _experiment(self, width: int, seed: int) -> Experiment:
        """The experiment of a run of this width and seed, on data that are read once."""
        whole = _made(*self._key)
        masses = whole.config.masses
        changes: dict[str, Any] = {"count": width} | ({"seed": seed} if "seed" in masses.given() else {})
        config = whole.config.model_copy(update={"masses": masses.model_copy(update=changes), "seed": seed})
        made = replace(whole, config=config)
        vars(made).update(data=whole.data, risk=whole.risk)
        return made

    def _of(self, one: Drawn) -> Experiment:
        """The experiment whose start is this cloud."""
        made = self._experiment(one.cloud.count, one.seed)
        vars(made)["start"] = one.cloud
        return made

    def _flow(self, one: Drawn) -> Flow:
        return self._of(one).flow

    def _observables(self, one: Drawn) -> Mapping[str, Observable]:
        return self._of(one).observables()


@lru_cache(maxsize=8)
def _made(text: str, folder: Path) -> Experiment:
    """What a configuration stands for, made once in each process."""
    return Experiment(RunConfig.model_validate(json.loads(text)["config"]), folder)
