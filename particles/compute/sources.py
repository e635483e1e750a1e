"""Fingerprints of source files, which tell compiled code on disk that is up to date from code that is not.

Numba's cache on disk compares the time of the file of the cached function alone, and not those of what it calls. But
the variables of a closure belong to its key. So a cached function that calls what other files of its folder hold is
made inside another function and names a fingerprint of the folder.
"""

from hashlib import sha256
from pathlib import Path


def fingerprint(file: str) -> str:
    """A number that changes with any Python file in the folder of this file, in hexadecimal digits."""
    digest = sha256()
    for path in sorted(Path(file).parent.glob("*.py")):
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)} ".encode() + content)
    return digest.hexdigest()
