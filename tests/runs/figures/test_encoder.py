"""The encoder of MP4: which program is taken, and what is said where there is none."""

import sys
from pathlib import Path

import imageio_ffmpeg
import pytest
from matplotlib import rcParams

from runs.figures.encoder import encoder, video_writer
from runs.system.refusal import Refusal


@pytest.fixture(autouse=True)
def empty_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without ffmpeg, and the one folder in which programs are looked for."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("IMAGEIO_FFMPEG_EXE", raising=False)
    return folder


def test_installed_ffmpeg_comes_first(empty_path: Path) -> None:
    """Assert that the program on the path is taken, and otherwise the one of the extra."""
    assert encoder() == Path(imageio_ffmpeg.get_ffmpeg_exe())
    program = empty_path / "ffmpeg"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert encoder() == program
    assert video_writer(5).bin_path() == str(program)
    assert rcParams["animation.ffmpeg_path"] == "ffmpeg"


def test_no_encoder_is_a_sentence_that_names_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that the extra is named where neither program is there."""
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(
        Refusal, match=r"No ffmpeg is installed.*pip install -e '\.\[video\]' in the clone of .*, or write a"
    ):
        video_writer(5)
