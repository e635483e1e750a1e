"""Files as the code of earlier layouts wrote them, compressed, each a run of `plays` that was stopped."""

import gzip
from pathlib import Path

#: Written by the code before checkpoints: frames at 0, 2, 4.
PLAIN = "1.0.h5.gz"
#: Written by the code of study files under the same version: kept at step 3, gone on to step 5.
WITH_CHECKPOINT = "1.0-checkpoint.h5.gz"
#: The same two of layout 1.1, by the last code that wrote it.
PLAIN_1_1, WITH_CHECKPOINT_1_1 = "1.1.h5.gz", "1.1-checkpoint.h5.gz"
#: And of 1.2.
PLAIN_1_2, WITH_CHECKPOINT_1_2 = "1.2.h5.gz", "1.2-checkpoint.h5.gz"
#: Of layout 1.1, with masses that move: frames at times 0, 0.5, 1, 1.5 of steps 0, 4, 4, 5; each with an observable.
MOMENTS = "1.1-moments.h5.gz"


def earlier(name: str, path: Path) -> Path:
    """One of them under a path."""
    path.write_bytes(gzip.decompress((Path(__file__).parent / name).read_bytes()))
    return path
