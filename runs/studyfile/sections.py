"""Tables of a study file: what keys each may have, and one sentence for whatever is wrong with them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    SerializeAsAny,
    ValidationError,
    create_model,
    model_validator,
)

from runs.refusal import Refusal, chosen

Model = TypeVar("Model", bound=BaseModel)


class Section(BaseModel):
    """A table of the file: frozen, of exact types, and an unknown key is refused with the nearest valid one."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, given: object) -> object:
        if isinstance(given, Mapping):
            for key in given:
                chosen(f"key of {cls.model_config.get('title') or cls.__name__}", str(key), tuple(cls.model_fields))
        return given

    def given(self) -> dict[str, Any]:
        """The values by key, without the kind."""
        return {name: getattr(self, name) for name in type(self).model_fields if name != "kind"}


@dataclass(frozen=True, eq=False)
class Kind:
    """One thing that a table can stand for: the function that makes it, and its keys as name -> (type, default)."""

    build: Callable[..., Any]
    fields: Mapping[str, tuple[Any, Any]]


def kind(build: Callable[..., Any], **fields: tuple[Any, Any]) -> Kind:
    """A kind with its keys; `...` for the default of a key that must be given."""
    return Kind(build, fields)


def read_choice(table: str, kinds: Mapping[str, Kind], given: object) -> Section:
    """The section of one of the kinds, from {"kind": name, ...} or from the name alone."""
    if isinstance(given, Section):
        return given
    held = {"kind": given} if isinstance(given, str) else given
    if not isinstance(held, Mapping) or not isinstance(held.get("kind"), str):
        raise Refusal(f"[{table}] does not say its kind, which is one of {', '.join(kinds)}: add kind = ...")
    name = chosen(f"kind of [{table}]", held["kind"], tuple(kinds))
    return validated(_model(table, name, kinds[name]), held, table)


@cache
def _model(table: str, name: str, kind: Kind) -> type[Section]:
    fields: dict[str, Any] = {"kind": (Literal[name], name), **kind.fields}
    return create_model(f"[{table}] of kind {name}", __base__=Section, **fields)


def choice(table: str, kinds: Mapping[str, Kind]) -> Any:
    """The type of a key that holds one of these kinds."""
    return Annotated[SerializeAsAny[Section], BeforeValidator(lambda given: read_choice(table, kinds, given))]


def built(kinds: Mapping[str, Kind], section: Section, *context: object) -> Any:
    """What a section stands for: its kind's function of the context and of the section's values."""
    return kinds[section.kind].build(*context, **section.given())  # type: ignore[attr-defined]


def validated(model: type[Model], given: object, table: str = "") -> Model:
    """The model of these values, or a Refusal with one sentence that names the key."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise Refusal(_sentence(error, table)) from error


def _sentence(error: ValidationError, table: str) -> str:
    first = error.errors()[0]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, Refusal):
        return str(cause)
    key = ".".join(filter(None, [table, *(str(part) for part in first["loc"])]))
    if first["type"] == "missing":
        return f"The key {key} is missing: add it to the study file or give it with --set {key}=..."
    return f"The value {first['input']!r} does not do for {key or 'the study'}: {first['msg'].lower()}."
