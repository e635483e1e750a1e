"""Which study a folder of results is of: one folder holds one study, which may grow and not become another."""

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from os.path import isdir, isfile, lexists
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from runs.batch.output_folder import CONFIG_FILE, replace_text
from runs.recorded.flat_parameters import flat
from runs.recorded.sweep_axes import Varied
from runs.studyfile.model.config import RunConfig, SweepTable
from runs.studyfile.model.keys import Keys, inside, path_of, put, written
from runs.studyfile.model.run_grid import UNTIL, swept_paths
from runs.system.files import json_in
from runs.system.refusal import Refusal

STUDY_FILE = "study.json"
#: So many differences are told.
TOLD = 3


@dataclass(frozen=True)
class Identity:
    """What makes a study: how it varies which keys, in its order, and one of its runs, for all the others.

    draws: where it draws at random, what from. Of a product and of a zip more values are the same study, as more draws
    and more seeds are, and another `until`, to which the runs may be extended.
    """

    kind: str
    over: tuple[str, ...]
    draws: Mapping[str, Any]
    config: Mapping[str, Any]

    @classmethod
    def of(cls, sweep: SweepTable | None, run: RunConfig) -> "Identity":
        """That of a study with this sweep, of which this is a run."""
        paths = swept_paths(sweep)
        drawn = sweep is not None and sweep.kind == "random"
        kind = sweep.kind if sweep is not None and (drawn or len(paths) > 1) else "product"
        draws = {"seed": sweep.seed, **{written(path): paths[path] for path in paths}} if sweep and drawn else {}
        return cls(kind, tuple(map(written, paths)), draws, run.identity())

    @classmethod
    def read(cls, folder: Path) -> "Identity | None":
        """What a folder says of itself; None where it says nothing, as older ones. Raises Refusal for nonsense."""
        path = folder / STUDY_FILE
        try:
            held: Any = json_in(path)
            return cls(held["kind"], tuple(map(str, held["over"])), dict(held["draws"]), dict(held["config"]))
        except OSError as error:
            if not lexists(path):
                return None
            raise Refusal(f"The file {path} cannot be read ({error.strerror}): name another folder.") from error
        except (ValueError, LookupError, TypeError) as error:
            raise Refusal(f"The file {path} does not say what study it is of: name another folder.") from error

    def write(self, folder: Path) -> None:
        """Say so in the folder; where nothing can be written, its runs will tell why."""
        held = {"kind": self.kind, "over": list(self.over), "draws": self.draws, "config": self.config}
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            replace_text(folder / STUDY_FILE, json.dumps(held, indent=2) + "\n")

    def differences(self, other: "Identity") -> list[str]:
        """What is not the same in both, as "name: there X, here Y"; this one is here."""
        paths = [*self._varied(), *other._varied()]
        there, here = (identity._told(paths) for identity in (other, self))
        return [
            f"{name}: there {_shown(there.get(name))}, here {_shown(here.get(name))}"
            for name in sorted(there.keys() | here.keys())
            if there.get(name) != here.get(name)
        ]

    def _varied(self) -> Iterator[Keys]:
        """The tables and keys in which runs may differ; a kind brings keys of its own."""
        for path in map(path_of, self.over):
            yield path[:-1] if path[-1] == "kind" and len(path) > 1 else path
        yield ("seed",)

    def _told(self, varied: Sequence[Keys]) -> dict[str, Any]:
        """What has to be the same, by name, with the defaults that this version has for what is not said."""
        try:
            config = RunConfig.model_validate(copy.deepcopy(dict(self.config))).identity()
        except (ValidationError, Refusal):  # of another version
            config = copy.deepcopy(dict(self.config))
        for path in (*varied, UNTIL):
            _drop(config, path)
        over = ", ".join(sorted(self.over)) or "nothing"
        return {"sweep.kind": self.kind, "sweep.over": over, **flat(self.draws, "sweep.over."), **flat(config)}


def check_folder(folder: Path, identity: Identity) -> None:
    """Raise Refusal where the folder of the results holds another study.

    A folder without runs is free. One that does not say what it is of, as they once did not, is judged by its runs.
    """
    if isfile(folder / CONFIG_FILE):
        raise Refusal(f"The folder {folder} is that of a study by name, or of one run: name another folder with --out.")
    said = Identity.read(folder)
    for run in folder.glob(f"*/{CONFIG_FILE}") if isdir(folder) else ():
        held = said or _of_run(run, identity)
        found = [] if held is None else identity.differences(held)
        if found:
            more = f"; and {len(found) - TOLD} more" if len(found) > TOLD else ""
            raise Refusal(
                f"The folder {folder} holds another study ({'; '.join(found[:TOLD])}{more}): name another folder with "
                "--out, or give the study file another name."
            )
        if said is not None:
            break


def varied_in(folder: Path) -> Varied | None:
    """What the study of a folder varies, by the names its trajectories have for it; None where it does not say."""
    identity = Identity.read(folder)
    if identity is None:
        return None
    return Varied(tuple(f"config.{'.'.join(path_of(key))}" for key in identity.over), identity.kind == "product")


def _of_run(path: Path, identity: Identity) -> Identity | None:
    """A study of this run, as like the given one as can be; what older versions drew from is not known."""
    try:
        held: Any = json_in(path)
        config = held["config"]
    except (OSError, ValueError, LookupError, TypeError):
        return None  # not a run of a study file
    return Identity(identity.kind, identity.over, {}, config) if isinstance(config, dict) else None


def _drop(config: dict[str, Any], path: Keys) -> None:
    """Take a key out of nested tables, if it is there."""
    *tables, last = path
    here: Any = config
    for name in tables:
        here = inside(here, name)
    if isinstance(here, dict):
        here.pop(last, None)
    elif inside(here, last) is not None:
        put(here, last, None)


def _shown(value: object) -> str:
    return "nothing" if value is None else str(value)
