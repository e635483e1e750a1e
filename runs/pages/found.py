"""What paths are: a study's folder, a study file's, one of limits, a folder above several of them, or trajectories."""

from collections.abc import Callable, Sequence
from pathlib import Path

from runs.batch.output_folder import CONFIG_FILE
from runs.limit.files.tables import LIMIT_FILE
from runs.pages.limit_part import limit_part
from runs.pages.part import Part
from runs.pages.study_part import study_part
from runs.pages.sweep_part import sweep_part
from runs.pages.trajectory_part import trajectories_part
from runs.recorded.origins import noted_configurations
from runs.study.claims import CLAIMS
from runs.study.running import RESULT
from runs.system.files import json_in
from runs.system.refusal import Refusal

#: Makes a part, told how many parts there are.
Maker = Callable[[int], Part]
#: Files whose particles are shown on a page, at most.
FILMS = 6


def parts_of(paths: Sequence[Path]) -> tuple[Part, ...]:
    """A part for each study in the folders that are named, and one for all files; raises Refusal for anything else."""
    makers: list[Maker] = []
    for path in dict.fromkeys(paths):
        if path.is_dir():
            makers += _makers(path)
    files = [path for path in dict.fromkeys(paths) if not path.is_dir()]
    if files:
        makers.append(lambda share: trajectories_part(files, FILMS if share == 1 else 1))
    return tuple(maker(len(makers)) for maker in makers)


def _makers(folder: Path) -> list[Maker]:
    found = _own(folder)
    if found is None:
        below = [_own(place) for place in sorted(folder.iterdir()) if place.is_dir()]
        several = [maker for maker in below if maker is not None]
        if several:
            return several
        files = sorted(folder.rglob("*.h5"))
        if not files:
            raise Refusal(
                f"The folder {folder} holds no study's results and no trajectory: name the folder of a study, of a "
                "study file, or files."
            )
        return [lambda share: trajectories_part(files, FILMS if share == 1 else 1)]
    return [found]


def _own(folder: Path) -> Maker | None:
    """The part of the folder itself, None where it is no study's."""
    try:
        held = json_in(folder / CONFIG_FILE)
    except (OSError, ValueError):
        held = {}
    held = held if isinstance(held, dict) else {}
    if (folder / LIMIT_FILE).is_file():
        return lambda share: limit_part(folder, held, share)
    if "study" in held or (folder / RESULT).is_file() and (folder / CLAIMS).is_file():
        return lambda share: study_part(folder, held, share)
    if noted_configurations(folder):
        return lambda share: sweep_part(folder, share)
    return None
