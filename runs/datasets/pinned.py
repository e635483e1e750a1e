"""Data that are pinned by a checksum: files, found in $MEANFIELD_DATA or downloaded once, and arrays in packages."""

import hashlib
import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runs.datasets.split import Table, checksum_of
from runs.system.refusal import Refusal

#: Environment variable that names a folder searched before anything is downloaded.
DATA_FOLDER = "MEANFIELD_DATA"


def numbers_of(name: str, package: str, read: Callable[[], tuple[Table, Table]], sha256: str) -> tuple[Table, Table]:
    """The two arrays inside a package, after a check of their sha256 (`checksum_of`).

    Raises Refusal where they have another checksum or cannot be read.
    """
    try:
        first, second = read()
        found = checksum_of(first, second)
    except (EOFError, OSError, ValueError, zlib.error) as error:
        raise Refusal(f"The data {name} inside {package} cannot be read ({error}): install {package} again.") from error
    if found != sha256:
        raise Refusal(
            f"The data {name} inside {package} have sha256 {found[:12]}..., but {sha256[:12]}... is expected: install "
            f"{package} again."
        )
    return first, second


@dataclass(frozen=True)
class PinnedFile:
    """One file of a public repository at a fixed commit, with the sha256 of its bytes."""

    folder: str
    name: str
    address: str
    sha256: str

    def path(self) -> Path:
        """The path of the file: $MEANFIELD_DATA/<folder>/<name>, or pooch's cache, filled by a download if needed.

        Raises Refusal where the bytes are not the pinned ones, and where there is neither a file nor a network.
        """
        folder = os.environ.get(DATA_FOLDER)
        if folder:
            found = Path(folder) / self.folder / self.name
            if found.is_file():
                return self._checked(found)
        return self._downloaded()

    def _checked(self, path: Path) -> Path:
        try:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise Refusal(f"The file {path} cannot be read ({error.strerror}): check its rights.") from error
        if digest != self.sha256:
            raise Refusal(
                f"The file {path} has sha256 {digest[:12]}..., but {self.sha256[:12]}... is expected: "
                f"replace it by the one at {self.address}."
            )
        return path

    def _downloaded(self) -> Path:
        import pooch

        cache = Path(pooch.os_cache("meanfield")) / self.folder
        try:
            return Path(pooch.retrieve(self.address, known_hash=f"sha256:{self.sha256}", fname=self.name, path=cache))
        except OSError as error:
            raise Refusal(
                f"The file {self.name} is not in ${DATA_FOLDER}/{self.folder} and cannot be downloaded from "
                f"{self.address} ({type(error).__name__}): put it there by hand and set {DATA_FOLDER}."
            ) from error
        except ValueError as error:
            raise Refusal(
                f"The download of {self.name} from {self.address} does not have the pinned sha256 "
                f"{self.sha256[:12]}...: try again, or put the right file into ${DATA_FOLDER}/{self.folder}."
            ) from error
