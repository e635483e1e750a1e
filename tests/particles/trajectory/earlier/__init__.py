"""Files as the code of earlier layouts wrote them, compressed, each a run of `plays` that was stopped."""

import gzip
from pathlib import Path

#: Written by the code before checkpoints: frames at 0, 2, 4.
PLAIN = "1.0.h5.gz"
#: Written by the code of study files under the same version: kept at step 3, gone on to step 5.
WITH_CHECKPOINT = "1.0-checkpoint.h5.gz"


def earlier(name: str, path: Path) -> Path:
    """One of them under a path."""
    path.write_bytes(gzip.decompress((Path(__file__).parent / name).read_bytes()))
    return path
