"""What a study is told to do, validated once: names, counts, device, output folder."""

from pathlib import Path
from typing import Any, Self

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from runs.system.options import DATA_SETS, DEVICES, SCALES
from runs.system.refusal import Refusal, chosen


class StudyConfig(BaseModel):
    """The part that all studies share; frozen, and an unknown field is an error.

    `seeds`, `out` and `workers` say how much is done, where, and by how many processes. Every other field decides the
    numbers: two runs may share a folder only if those agree (`identity`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str
    scale: str
    device: str
    seeds: int = Field(ge=1)
    out: Path
    workers: int | None = Field(default=None, ge=0)

    @field_validator("data")
    @classmethod
    def _known_data(cls, name: str) -> str:
        return chosen("data set", name, DATA_SETS)

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
