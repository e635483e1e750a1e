"""Words that may follow the name of a study, read from the source of its code: importing it would take seconds."""

import ast
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from runs.studies import STUDIES

#: The configuration that all studies share, and the names of its class and of a study's own.
SHARED, SHARED_CLASS, OWN_CLASS = "runs.study.configuration", "StudyConfig", "Config"


@dataclass
class Words:
    """Names of experiments; options, each with the values it may have where they are few; what each option is."""

    experiments: list[str] = field(default_factory=list)
    options: dict[str, tuple[str, ...]] = field(default_factory=dict)
    helps: dict[str, str] = field(default_factory=dict)


@cache
def words_of(study: str) -> Words:
    """The words of a study; none for a name that no study has."""
    found = Words()
    if study in STUDIES:
        package = STUDIES[study]
        found.experiments = _experiments(f"{package}.study")
        for module, name in ((SHARED, SHARED_CLASS), (f"{package}.config", OWN_CLASS)):
            for owner in _classes(module):
                if owner.name == name:
                    _add_fields(found, owner)
    return found


def _add_fields(found: Words, owner: ast.ClassDef) -> None:
    for line in owner.body:
        if not isinstance(line, ast.AnnAssign) or not isinstance(line.target, ast.Name):
            continue
        kind, name = ast.unparse(line.annotation), line.target.id
        if kind.startswith("ClassVar"):
            if name == "switches" and isinstance(line.value, ast.Dict):
                switches = [_text(key) for key in line.value.keys if key is not None]
                found.options |= {_option(switch): () for switch in switches if switch}
            if name == "data_sets" and isinstance(line.value, ast.Tuple) and not line.value.elts:
                found.options.pop("--data", None)
        else:
            found.options[_option(name)] = _values(line.annotation)
            found.helps[_option(name)] = _description(line.value)


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _values(annotation: ast.expr) -> tuple[str, ...]:
    """The texts of Literal["a", "b"]."""
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) == "Literal":
        held = annotation.slice
        return tuple(filter(None, map(_text, held.elts if isinstance(held, ast.Tuple) else [held])))
    return ()


def _description(value: ast.expr | None) -> str:
    """The description of Field(description="...")."""
    words = value.keywords if isinstance(value, ast.Call) else []
    return next((_text(word.value) for word in words if word.arg == "description"), "")


def _experiments(module: str) -> list[str]:
    """The names of the experiments that a study lists, in its order: each is the `name` of a class that it imports."""
    tree = _tree(module)
    origins = {
        (alias.asname or alias.name): (line.module or "", alias.name)
        for line in ast.walk(tree)
        if isinstance(line, ast.ImportFrom)
        for alias in line.names
    }
    lists = [
        word.value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        for word in call.keywords
        if word.arg == "experiments"
    ]
    listed = [
        one.func.id
        for held in lists
        if isinstance(held, ast.Tuple)
        for one in held.elts
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Name)
    ]
    names = (_name_of(*origins[one]) for one in listed if one in origins)
    return [name for name in names if name]


def _name_of(module: str, name: str) -> str:
    for owner in _classes(module):
        for line in owner.body if owner.name == name else ():
            if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "name":
                return _text(line.value)
    return ""


def _classes(module: str) -> list[ast.ClassDef]:
    return [line for line in _tree(module).body if isinstance(line, ast.ClassDef)]


@cache
def _tree(module: str) -> ast.Module:
    found = find_spec(module)
    if found is None or found.origin is None:
        return ast.Module([], [])
    return ast.parse(Path(found.origin).read_text(encoding="utf-8"))


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
