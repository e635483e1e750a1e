"""What a study is told to do, validated once: sizes by scale, counts, device, output folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, get_args, get_origin

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from runs.datasets import SplitData, load
from runs.system.options import DATA_SETS, DEVICES, SCALES
from runs.system.refusal import Refusal, chosen

#: Fields by scale, or by the option that sets them.
Sizes = Mapping[str, Mapping[str, Any]]


def by_scale(**fields: tuple[Any, Any, Any]) -> Sizes:
    """Fields of the scales smoke, laptop and paper; None leaves a field at its default."""
    given = {scale: {name: values[place] for name, values in fields.items()} for place, scale in enumerate(SCALES)}
    return {scale: {name: value for name, value in own.items() if value is not None} for scale, own in given.items()}


class StudyConfig(BaseModel):
    """The part that all studies share; frozen, and an unknown field is an error.

    `seeds`, `out` and `workers` say how much is done, where, and by how many processes. Every other field decides the
    numbers: two runs may share a folder only if those agree (`identity`).

    sizes: fields by scale. switches: options of the command line that set several fields at once. data_sets: what
    `data` may be, the default first; a study without data has none, and "" for it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    sizes: ClassVar[Sizes] = {}
    switches: ClassVar[Sizes] = {}
    data_sets: ClassVar[tuple[str, ...]] = DATA_SETS

    data: str
    scale: str
    device: str
    seeds: int = Field(ge=1)
    out: Path
    workers: int | None = Field(default=None, ge=0)

    @field_validator("data")
    @classmethod
    def _known_data(cls, name: str) -> str:
        return chosen("data set", name, cls.data_sets or ("",))

    @field_validator("scale")
    @classmethod
    def _known_scale(cls, name: str) -> str:
        return chosen("scale", name, SCALES)

    @field_validator("device")
    @classmethod
    def _present_device(cls, name: str) -> str:
        return resolved_device(name)

    @field_validator("out")
    @classmethod
    def _folder(cls, path: Path) -> Path:
        for part in (path, *path.parents):
            if part.is_dir():
                return path
            if part.exists():
                raise Refusal(f"The output folder {path} cannot be made: {part} is a file; name a folder with --out.")
        return path

    @classmethod
    def validated(cls, **fields: Any) -> Self:
        """The configuration, or a Refusal with one sentence where pydantic finds fault."""
        try:
            return cls(**fields)
        except ValidationError as error:
            raise Refusal(_sentence(error)) from error

    @classmethod
    def chosen_data(cls, given: Mapping[str, Any]) -> str:
        """The data set that is given, or the default."""
        return given.get("data") or next(iter(cls.data_sets), "")

    @classmethod
    def at_scale(cls, **given: Any) -> Self:
        """The sizes of a scale, fitted to the data, and what is given instead. Raises Refusal for a wrong value."""
        scale, device = given.pop("scale", "laptop"), given.pop("device", "auto")
        if given.get("data") and not cls.data_sets:
            raise Refusal(f"The study has data of its own, but {given['data']!r} was given: leave --data out.")
        data = chosen("data set", cls.chosen_data(given), cls.data_sets or ("",))
        chosen("scale", scale, SCALES)
        resolved_device(device)
        for switch, fields in cls.switches.items():
            given = (dict(fields) if given.pop(switch, False) else {}) | given
        for name, value in given.items():
            annotation = cls.model_fields[name].annotation if name in cls.model_fields else None
            if get_origin(annotation) is Literal and isinstance(value, str):
                chosen(name, value, get_args(annotation))
        sizes = cls.fitted(data, scale, dict(cls.sizes.get(scale, {})))
        return cls.validated(**{**sizes, **given, "data": data, "scale": scale, "device": device})

    @classmethod
    def fitted(cls, data: str, scale: str, sizes: dict[str, Any]) -> dict[str, Any]:
        """The sizes of a scale as the data allow them; as they are by default."""
        return sizes

    @property
    def about(self) -> str:
        """For titles: what the numbers depend on most."""
        return ", ".join(filter(None, (self.data, "one seed" if self.seeds == 1 else f"{self.seeds} seeds")))

    def source(self) -> SplitData | None:
        """The data set, where the study has one."""
        return load(self.data) if self.data else None

    def identity(self) -> dict[str, Any]:
        """The fields that decide the numbers, ready for JSON."""
        return self.model_dump(mode="json", exclude={"seeds", "out", "workers"})


def resolved_device(name: str) -> str:
    """The device that a name stands for, cpu or cuda; auto takes CUDA where there is one."""
    chosen("device", name, DEVICES)
    present = torch.cuda.is_available()
    if name == "auto":
        return "cuda" if present else "cpu"
    if name == "cuda" and not present:
        raise Refusal("The device 'cuda' is not available here: choose auto or cpu.")
    return name


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, Refusal):
        return str(cause)
    field = ".".join(str(part) for part in first["loc"]) or "configuration"
    return f"The value {first['input']!r} does not do for {field}: {first['msg'].lower()}."
