"""Regular files, told from what else may have a file's name before it is opened: opening a pipe waits for ever."""

import errno
import os
import stat
from os import PathLike


class NotAFile(OSError):
    """Something else has the name of a file; `strerror` says what: "a folder" or "a pipe or a device"."""

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.errno == errno.EISDIR


def check_regular(path: str | PathLike[str]) -> int:
    """The size in bytes of a regular file, which is not opened; links are followed.

    Raises NotAFile for a folder, a pipe, a socket or a device, and another OSError where there is nothing, where links
    lead round in a ring and for what is no name at all.
    """
    name = os.fspath(path)
    try:
        found = os.stat(name)
    except ValueError as error:  # a NUL in it
        raise OSError(errno.EINVAL, "no file can have that name", name) from error
    if stat.S_ISDIR(found.st_mode):
        raise NotAFile(errno.EISDIR, "a folder", name)
    if not stat.S_ISREG(found.st_mode):
        raise NotAFile(errno.ENXIO, "a pipe or a device", name)
    return found.st_size
