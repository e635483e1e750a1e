"""Samples of an estimate on the disk, a file for each batch, so that an estimate that was stopped goes on."""

import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limits import InMemory
from runs.system.files import replacing
from runs.system.refusal import Refusal

Array = NDArray[np.float64]


class KeptSamples:
    """The samples in a folder: level-LL-NNNNNNNNNN.npz holds those of level LL from number N on.

    `fresh` is the number of samples that were added since it was opened. Raises Refusal for files that are damaged, and
    what `InMemory` raises for samples of another problem.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held = InMemory()
        self.fresh = 0
        for path in sorted(folder.glob("level-*.npz")):
            level, first = (int(part) for part in path.stem.split("-")[1:])
            kept = self._held.kept(level)
            fine, coarse = _read(path)
            if first != (0 if kept is None else len(kept[0])) or len(fine) != len(coarse):
                raise Refusal(f"The file {path} does not go on from those before it: remove the files of its level.")
            self._held.keep(level, fine, coarse)

    def kept(self, level: int) -> tuple[Array, Array] | None:
        """Fine and coarse values of a level, [samples, clouds, quantities] each; None before the first."""
        return self._held.kept(level)

    def keep(self, level: int, fine: Array, coarse: Array) -> None:
        """Add samples to those of the level; the file is there whole or not at all."""
        kept = self._held.kept(level)
        first = 0 if kept is None else len(kept[0])
        self._folder.mkdir(exist_ok=True)
        with (
            replacing(self._folder / f"level-{level:02d}-{first:010d}.npz") as unfinished,
            unfinished.open("wb") as file,
        ):
            np.savez(file, fine=fine, coarse=coarse)
        self._held.keep(level, fine, coarse)
        self.fresh += len(fine)


def _read(path: Path) -> tuple[Array, Array]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
            return held["fine"], held["coarse"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise Refusal(
            f"The file {path} holds no samples of a limit ({error}): remove the files of its level."
        ) from error
