"""Tables of a study file: what keys each may have, and one sentence for whatever is wrong with them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    SerializeAsAny,
    SerializerFunctionWrapHandler,
    ValidationError,
    create_model,
    model_serializer,
    model_validator,
)

from flows.base import declared
from runs.system.refusal import Refusal, chosen

Model = TypeVar("Model", bound=BaseModel)
#: Marks the type of a key that came later than files without it: where it is None, nothing is said of it.
LEFT_OUT = "left out where it is None"


class Section(BaseModel):
    """A table of the file: frozen, of exact types, and an unknown key is refused with the nearest valid one."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, validate_default=True)

    @model_serializer(mode="wrap")
    def _said(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """The values by key, without the keys that are left out and may be: files have none of these."""
        held: dict[str, Any] = write(self)
        for name in self._silent():
            del held[name]
        return held

    def _silent(self) -> list[str]:
        """The keys of which nothing is said."""
        return [name for name in _may_be_left_out(type(self)) if getattr(self, name) is None]

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, given: object) -> object:
        if isinstance(given, Mapping):
            for key in given:
                chosen(f"key of {cls.model_config.get('title') or cls.__name__}", str(key), tuple(cls.model_fields))
        return given

    def given(self) -> dict[str, Any]:
        """The values by key, without the kind and without what may be left out and is."""
        silent = {*self._silent(), "kind"}
        return {name: getattr(self, name) for name in type(self).model_fields if name not in silent}

    def import_paths(self) -> list[str]:
        """What it imports of a user's, as "module:name", in the tables inside it too."""
        held = self.given()
        listed = [one for value in held.values() for one in (value if isinstance(value, list) else [value])]
        inner = [path for one in listed if isinstance(one, Section) for path in one.import_paths()]
        return [held["path"], *inner] if getattr(self, "kind", "") == "import" else inner


@cache
def _may_be_left_out(table: type[Section]) -> tuple[str, ...]:
    """The keys of a table that are left out where they are None."""
    return tuple(name for name, field in table.model_fields.items() if LEFT_OUT in field.metadata)


@dataclass(frozen=True, eq=False)
class Kind:
    """One thing that a table can stand for: the function that makes it, and its keys as name -> (type, default).

    makes: the class of what is made, None where a user wrote it; in_folder: whether the function also takes the folder
    of the study file, as `folder`, to import from; lacks: what its class declares and this form of it has not.
    """

    build: Callable[..., Any]
    fields: Mapping[str, tuple[Any, Any]]
    makes: type | None = None
    in_folder: bool = False
    lacks: tuple[str, ...] = ()

    def declared(self, name: str) -> Any:
        """What the class of what is made says of itself (`flows.base.declared`), None where that is not known."""
        return None if self.makes is None or name in self.lacks else declared(self.makes, name)


def kind(
    build: Callable[..., Any], makes: type | None = None, in_folder: bool = False, **fields: tuple[Any, Any]
) -> Kind:
    """A kind with its keys; `...` for the default of a key that must be given."""
    return Kind(build, fields, makes, in_folder)


def read_choice(table: str, kinds: Mapping[str, Kind], given: object, default: str | None = None) -> Section:
    """The section of one of the kinds, from {"kind": name, ...} or from the name alone.

    A table without a kind is of the default one, if it has all its keys.
    """
    if isinstance(given, Section):
        return given
    held = {"kind": given} if isinstance(given, str) else given
    if not isinstance(held, Mapping):
        raise Refusal(
            f"{table} is {held!r}, but one of {', '.join(kinds)} is needed, or a table with that as its kind."
        )
    if default is not None and "kind" not in held and held.keys() <= kinds[default].fields.keys():
        held = {"kind": default, **held}
    if not isinstance(held.get("kind"), str):
        raise Refusal(f"[{table}] does not say its kind, which is one of {', '.join(kinds)}: add kind = ...")
    name = chosen(f"kind of [{table}]", held["kind"], tuple(kinds))
    return validated(_model(table, name, kinds[name]), held, table)


@cache
def _model(table: str, name: str, kind: Kind) -> type[Section]:
    fields: dict[str, Any] = {"kind": (Literal[name], name), **kind.fields}
    return create_model(f"[{table}] of kind {name}", __base__=Section, **fields)


def choice(table: str, kinds: Mapping[str, Kind], default: str | None = None) -> Any:
    """The type of a key that holds one of these kinds."""
    return Annotated[SerializeAsAny[Section], BeforeValidator(lambda given: read_choice(table, kinds, given, default))]


def built(kinds: Mapping[str, Kind], section: Section, *context: object, folder: Path = Path()) -> Any:
    """What a section stands for: its kind's function of the context and of the section's values.

    `folder` is that of the study file, beside which lies what it imports.
    """
    made: Kind = kinds[section.kind]  # type: ignore[attr-defined]
    place = {"folder": folder} if made.in_folder else {}
    return made.build(*context, **place, **section.given())


def validated(model: type[Model], given: object, table: str = "") -> Model:
    """The model of these values, or a Refusal with one sentence that names the key."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise Refusal(_sentence(error, given, table)) from error


def _sentence(error: ValidationError, given: object, table: str) -> str:
    first, *others = error.errors()
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, Refusal):
        return str(cause)
    here = _place(first["loc"], given)
    if first["type"] == "missing":
        key = _dotted(table, (*here, first["loc"][-1]))
        return f"The key {key} is missing: add it to the study file or give it with --set {key}=..."
    same = [other for other in others if _place(other["loc"], given) == here]  # other types that would do
    needed = " or ".join(dict.fromkeys(_needed(each) for each in (first, *same)))
    return f"The value {first['input']!r} does not do for {_dotted(table, here) or 'the study'}: {needed}."


def _needed(error: Mapping[str, Any]) -> str:
    if error["type"] == "model_type":
        return "a table is needed"
    whole = error["type"].startswith("int") and isinstance(error["input"], float) and error["input"].is_integer()
    said: str = error["msg"].lower()
    return f"{said}, {int(error['input'])}" if whole else said


def _place(location: Sequence[int | str], given: object) -> tuple[int | str, ...]:
    """The keys that lead to what is wrong, without the names that pydantic puts there for types."""
    for depth, part in enumerate(location):
        if not (isinstance(given, Mapping) and part in given or isinstance(given, list) and isinstance(part, int)):
            return tuple(location[:depth])
        given = given[part]  # type: ignore[index]
    return tuple(location)


def _dotted(table: str, place: Sequence[int | str]) -> str:
    return ".".join(filter(None, [table, *map(str, place)]))
