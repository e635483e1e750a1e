"""The models of a study file: one run with everything that decides its numbers, and the study around it."""

import hashlib
import json
import math
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    Field,
    PrivateAttr,
    SerializeAsAny,
    ValidationInfo,
    field_validator,
    model_validator,
)

from runs.studyfile.model.datatable import DataTable
from runs.studyfile.model.draws import Whole
from runs.studyfile.model.kinds import FLOWS, INTEGRATORS, LOSSES, MASSES, SCALINGS, Count, Grouped, Positive, Seed
from runs.studyfile.model.measures import OBSERVABLES
from runs.studyfile.model.networks import LAWS, NEURONS, completed
from runs.studyfile.model.sections import LEFT_OUT, Section, read_choice
from runs.system.options import DEVICES
from runs.system.refusal import Refusal, chosen

#: So many times of recording at most: files and patience end before.
MOST_TIMES = 1e7
#: Kinds of the tables that may be left out, or written without their kind.
DEFAULTS = {"law": "gaussian", "loss": "squared", "flow": "gradient", "integrator": "adaptive"}


class Times(Section, title="the times of recording"):
    """When something is recorded: `time` or `steps` apart, or `count` times from `first` to `last`, log-spaced."""

    time: Positive | None = None
    steps: Count | None = None
    first: Positive | None = None
    last: Positive | None = None
    count: Annotated[Whole, Field(ge=2)] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        log = [value is not None for value in (self.first, self.last, self.count)]
        if (self.time is not None) + (self.steps is not None) + all(log) != 1 or any(log) != all(log):
            raise Refusal("Times of recording need one of time = ..., steps = ..., or first, last and count together.")
        return self

    def number(self, until: float, step: float | None) -> float:
        """About how many times that is, with the first and the last state; NaN where it is not known before."""
        if self.time is not None:
            return until / self.time + 2.0
        if self.steps is not None:
            return math.nan if step is None else until / step / self.steps + 2.0
        return (self.count or 0) + 2


class Level(Section, title="[stop_above]"):
    """`[stop_above]`: an observable, by its kind, and the number above which a run stops."""

    observable: str
    level: float

    @field_validator("observable")
    @classmethod
    def _known(cls, kind: str) -> str:
        return _named_observable("stop_above.observable", kind)


class RunConfig(Section, title="the study"):
    """One run: with the code and the data it decides every number."""

    data: DataTable
    neuron: SerializeAsAny[Section]
    masses: SerializeAsAny[Section]
    law: SerializeAsAny[Section] = Field(default_factory=lambda: read_choice("law", LAWS, DEFAULTS["law"]))
    scaling: SerializeAsAny[Section]
    loss: SerializeAsAny[Section] = Field(default_factory=lambda: read_choice("loss", LOSSES, DEFAULTS["loss"]))
    regulariser: Grouped = 0.0
    flow: SerializeAsAny[Section] = Field(default_factory=lambda: read_choice("flow", FLOWS, DEFAULTS["flow"]))
    integrator: SerializeAsAny[Section] = Field(
        default_factory=lambda: read_choice("integrator", INTEGRATORS, DEFAULTS["integrator"])
    )
    until: Positive
    frames: Times
    records: Times | None = None
    observables: dict[str, str | SerializeAsAny[Section]] | list[str] = Field(default=["risk"])
    stop_below: float | None = None
    stop_above: Annotated[Level | None, LEFT_OUT] = None
    dtype: Literal["float32", "float64"] = "float64"
    device: str = "cpu"
    seed: Annotated[int, Field(ge=0)] = 0
    _ends_apart: bool = PrivateAttr(default=False)

    choices: ClassVar[dict[str, Any]] = {
        "neuron": NEURONS,
        "masses": MASSES,
        "law": LAWS,
        "scaling": SCALINGS,
        "loss": LOSSES,
        "flow": FLOWS,
        "integrator": INTEGRATORS,
    }

    @model_validator(mode="before")
    @classmethod
    def _filled_in(cls, given: object) -> object:
        """With the tables that a neuron brings, and no key of the study in a table."""
        ours = {"seeds", "sweep", *cls.model_fields} - {"seed"}
        for name, table in given.items() if isinstance(given, Mapping) else ():
            for key in table if isinstance(table, Mapping) and name != "observables" else ():
                if key in ours:
                    raise Refusal(f"{key} stands in the table [{name}]: write it above the first table of the file.")
        return completed(given) if isinstance(given, Mapping) else given

    @field_validator("frames", "records", mode="before")
    @classmethod
    def _a_table(cls, given: object, info: ValidationInfo) -> object:
        if isinstance(given, int | float | str | list):
            name = info.field_name
            time = given if isinstance(given, float) else 1.0
            raise Refusal(
                f"{name} is {given!r}, but a table is needed: write for example {name} = {{ time = {time} }}."
            )
        return given

    @field_validator(*choices, mode="before")
    @classmethod
    def _chosen(cls, given: object, info: ValidationInfo) -> Section:
        name = str(info.field_name)
        return read_choice(name, cls.choices[name], given, DEFAULTS.get(name))

    @field_validator("observables", mode="before")
    @classmethod
    def _known_observables(cls, given: object) -> object:
        if isinstance(given, list):
            return [_named_observable(str(name), str(name)) for name in given]
        if not isinstance(given, dict):
            raise Refusal('observables is neither a list of names nor a table of them: write ["risk"] for example.')
        read: dict[str, str | Section] = {}
        for name, value in given.items():
            if not name.isidentifier():
                raise Refusal(f"The observable {name!r} is not a plain name: use letters, digits and underscores.")
            if isinstance(value, str):
                read[name] = _named_observable(name, value)
            else:
                read[name] = read_choice(f"observables.{name}", OBSERVABLES, value)
        return read

    @field_validator("device")
    @classmethod
    def _known_device(cls, name: str) -> str:
        return chosen("device", name, DEVICES)

    @model_validator(mode="after")
    def _countable_times(self) -> Self:
        for name, times in (("frames", self.frames), ("records", self.records)):
            number = 0.0 if times is None else times.number(self.until, None)
            if number > MOST_TIMES:
                raise Refusal(
                    f"{name} asks for {number:.3g} times until {self.until:g}, but {MOST_TIMES:.0e} at most are taken: "
                    "take a longer time between them, or a smaller count."
                )
        return self

    @property
    def measured(self) -> dict[str, str | Section]:
        """The observables by the name they are recorded under."""
        return self.observables if isinstance(self.observables, dict) else {name: name for name in self.observables}

    @property
    def measured_kinds(self) -> list[str]:
        """The kind of each observable."""
        return [what if isinstance(what, str) else str(vars(what)["kind"]) for what in self.measured.values()]

    def identity(self) -> dict[str, Any]:
        """Every value, defaults included, ready for JSON; two runs are the same if this is."""
        return self.model_dump(mode="json")

    def __reduce__(self) -> tuple[Any, ...]:
        """What a worker process makes the same configuration of: its values."""
        return _restored, (self.identity(), self._ends_apart)

    def ending_apart(self) -> "RunConfig":
        """The same in a study that varies `until`, where runs that differ in it alone are different ones."""
        self._ends_apart = True
        return self

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with other values, which are not checked, and a digest of its own."""
        made = super().model_copy(update=update, deep=deep)
        vars(made).pop("digest", None)
        return made

    @cached_property
    def digest(self) -> str:
        """Name of the run's folder: the hash of its identity, without `until`, since a run may be made longer."""
        return digest_of(self.identity(), whole=self._ends_apart)

    def import_paths(self) -> list[str]:
        """What the run imports of a user's, as "module:name"."""
        measured = (value for value in self.measured.values() if isinstance(value, Section))
        sections = [self.neuron, self.flow, self.integrator, *measured]
        return [path for section in sections for path in section.import_paths()]


def _named_observable(name: str, kind: str) -> str:
    """The kind of an observable that is written without keys; raises Refusal where it needs one."""
    read_choice(f"observables.{name}", OBSERVABLES, chosen("observable", kind, [*OBSERVABLES.keys() - {"import"}]))
    return kind


def digest_of(identity: Mapping[str, Any], whole: bool) -> str:
    """The first 12 hexadecimal digits of the SHA-256 of an identity as JSON; whole: with `until`."""
    held = {name: value for name, value in identity.items() if whole or name != "until"}
    text = json.dumps(held, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _restored(identity: dict[str, Any], apart: bool) -> RunConfig:
    config = RunConfig.model_validate(identity)
    return config.ending_apart() if apart else config


class SweepTable(Section, title="[sweep]"):
    """`[sweep]`: which keys are varied, as dotted names with their values, and how they are combined.

    product: every combination. zip: the first values together, the second ones, ... random: `count` draws with `seed`,
    each from its list or evenly from [low, high], with log = true evenly in the logarithm; a key that takes whole
    numbers only has those.
    """

    kind: Literal["product", "zip", "random"] = "product"
    over: dict[str, Any]
    count: Count | None = None
    seed: Seed = 0

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.over:
            raise Refusal("[sweep.over] is empty: name keys with lists of values, or leave [sweep] out.")
        if (self.kind == "random") != (self.count is not None):
            raise Refusal("[sweep] needs count = how many draws for kind random, and for no other.")
        return self

    @model_validator(mode="before")
    @classmethod
    def _nothing_misplaced(cls, given: object) -> object:
        held = given if isinstance(given, Mapping) else {}
        for key in held:
            if str(key).split(".")[0] in RunConfig.model_fields and key not in cls.model_fields:
                raise Refusal(f"The key {key} is varied in the table [sweep.over], not in [sweep]: write it there.")
        if "seed" in held and held.get("kind") != "random":
            raise Refusal(
                "The seed of [sweep] is that of random draws, and there are none: for the seeds of the runs write "
                "seeds = [0, 1, 2, 3] above the tables."
            )
        return given


class Interval(Section, title="the interval"):
    """What a key of a random sweep is drawn from."""

    low: float
    high: float
    log: bool = False

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low < self.high or (self.log and self.low <= 0.0):
            raise Refusal(f"The interval [{self.low}, {self.high}] is empty or has no logarithm: give low < high.")
        return self
