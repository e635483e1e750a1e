"""A check that a name is that of a regular file, made before it is opened, since opening a pipe waits for ever."""

import errno
import os
import stat
from os import PathLike


class NotAFile(OSError):
    """Raised where a name is not that of a file; `strerror` is "a folder" or "a pipe or a device"."""

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.errno == errno.EISDIR


def check_regular(path: str | PathLike[str]) -> int:
    """The size in bytes of a regular file, without opening it; links are followed.

    Raises NotAFile for a folder, a pipe, a socket or a device, and another OSError where there is nothing, where links
    form a ring, and for a name that no file can have.
    """
    name = os.fspath(path)
    try:
        found = os.stat(name)
    except ValueError as error:  # the name holds a NUL
        raise OSError(errno.EINVAL, "no file can have that name", name) from error
    if stat.S_ISDIR(found.st_mode):
        raise NotAFile(errno.EISDIR, "a folder", name)
    if not stat.S_ISREG(found.st_mode):
        raise NotAFile(errno.ENXIO, "a pipe or a device", name)
    return found.st_size
