"""Until when runs go: one that is there may be made longer and not shorter, and its folder is not named by its end."""

from collections.abc import Mapping
from pathlib import Path

from runs.recorded.origins import Held, is_longer, noted_configurations, until_of
from runs.studyfile.model.config import RunConfig, digest_of
from runs.system.refusal import Refusal


def same_but_until(held: object, config: RunConfig) -> bool:
    """Whether a configuration is that of a run, which may go on until another time."""
    return isinstance(held, Mapping) and {**held, "until": config.until} == config.identity()


def refuse_ends(runs: Mapping[str, tuple[float, Held]], out: Path) -> None:
    """Raise Refusal for runs, by their folder, that are asked until a time and are what is held of them.

    That is where one of them was to go longer, or is finished and holds no state from which it could go on.
    """
    begun = [(name, until, held) for name, (until, held) in runs.items() if held.begun and held.until is not None]
    shorter = [(name, until, held.until or 0.0) for name, until, held in begun if until < (held.until or 0.0)]
    if shorter:
        _, until, there = shorter[0]
        raise Refusal(
            f"{_said([name for name, *_ in shorter], out, 'goes', 'go')} until {there:g}, but until = {until:g} is "
            f"asked: a run is made longer and not shorter, so give until = {there:g} or more, or name another folder "
            "with --out."
        )
    ended = [name for name, until, held in begun if is_longer(until, held) and held.complete and not held.kept]
    if ended:
        raise Refusal(
            f"{_said(ended, out, 'was', 'were')} finished by an older version, which kept no state to go on from: name "
            "another folder with --out for the longer run, or remove what is there to do it again."
        )


def older_names(out: Path) -> dict[str, str]:
    """The folders of runs that have their end in the hash they are named by, as once was, by the hash without it.

    Of several, which differ in nothing else, the longest.
    """
    found: dict[str, tuple[float, str]] = {}
    for name, config in noted_configurations(out).items():
        until = until_of(config)
        if until is not None and name == digest_of(config, whole=True):
            key = digest_of(config, whole=False)
            found[key] = max(found.get(key, (until, name)), (until, name))
    return {key: name for key, (_, name) in found.items()}


def _said(names: list[str], out: Path, one: str, many: str) -> str:
    if len(names) == 1:
        return f"The run {names[0]} in {out} {one}"
    return f"{len(names)} runs in {out} ({names[0]}, ...) {many}"
