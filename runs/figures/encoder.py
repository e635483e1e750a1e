"""The program that encodes MP4: ffmpeg on the path, or the one that imageio-ffmpeg brings."""

import shutil
from pathlib import Path

from matplotlib import rcParams
from matplotlib.animation import FFMpegWriter

from runs.system.extras import installed_by
from runs.system.refusal import Refusal


def encoder() -> Path:
    """The path of ffmpeg: the one in matplotlib's settings if it exists, otherwise that of the extra `video`.

    Raises Refusal where neither exists.
    """
    found = shutil.which(rcParams["animation.ffmpeg_path"])
    if found is not None:
        return Path(found)
    try:
        from imageio_ffmpeg import get_ffmpeg_exe

        return Path(get_ffmpeg_exe())
    except (ImportError, RuntimeError) as error:
        raise Refusal(
            f"No ffmpeg is installed, but MP4 is encoded by it: {installed_by('video')}, or write a .gif, which needs "
            "nothing."
        ) from error


def video_writer(speed: int) -> FFMpegWriter:
    """A matplotlib writer of H.264 that calls this program, with `speed` pictures a second.

    No global setting is changed. Raises Refusal where there is no such program.
    """
    program = str(encoder())

    class Writer(FFMpegWriter):
        """A writer that calls ffmpeg at this path."""

        @classmethod
        def bin_path(cls) -> str:
            return program

    return Writer(fps=speed, codec="h264")
