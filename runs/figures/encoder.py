"""The program that encodes MP4: ffmpeg on the path, else the one that imageio-ffmpeg brings."""

import shutil
from pathlib import Path

from matplotlib import rcParams
from matplotlib.animation import FFMpegWriter

from runs.system.extras import installed_by
from runs.system.refusal import Refusal


def encoder() -> Path:
    """Path of ffmpeg: the one matplotlib is set up with, where it is there, otherwise that of the extra `video`.

    Raises Refusal where there is neither.
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
    """Matplotlib's writer of H.264 that calls this program, for so many pictures a second.

    Nothing is set globally. Raises Refusal where there is no such program.
    """
    program = str(encoder())

    class Writer(FFMpegWriter):
        """ffmpeg at this path."""

        @classmethod
        def bin_path(cls) -> str:
            return program

    return Writer(fps=speed, codec="h264")
