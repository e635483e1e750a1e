"""What paths are."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from runs.pages.found import parts_of
from runs.study.running import run_study
from runs.system.refusal import Refusal
from tests.runs.inspect.recorded import recorded
from tests.runs.study.toy import STUDY, configured
from tests.runs.studyfile.small.done import done


def toy(folder: Path) -> Path:
    """A study that is done."""
    run_study(STUDY, configured(folder), console=Console(file=io.StringIO()))
    return folder


def test_each_path_is_known_for_what_it_is(tmp_path: Path) -> None:
    """Assert that a study, a study file's folder and files are parts, all files being one, each path taken once."""
    (tmp_path / "sweep").mkdir()
    done(tmp_path / "sweep")
    paths = [toy(tmp_path / "a"), tmp_path / "sweep" / "out", recorded(tmp_path / "1.h5"), recorded(tmp_path / "2.h5")]
    parts = parts_of([*paths, *paths])
    assert [part.title for part in parts] == ["toy", "out", "2 trajectories"]
    assert [len(part.films) for part in parts] == [0, 1, 1]  # parts share what a page may hold


def test_a_folder_above_studies_is_all_of_them(tmp_path: Path) -> None:
    """Assert that each study below is a part, in the order of their names."""
    for name in ("b", "a"):
        toy(tmp_path / "all" / name)
    assert len(parts_of([tmp_path / "all"])) == 2


def test_a_folder_of_trajectories_is_one_part(tmp_path: Path) -> None:
    """Assert that files of any program below a folder are shown."""
    recorded(tmp_path / "all" / "deep" / "x.h5")
    (part,) = parts_of([tmp_path / "all"])
    assert part.title == "x.h5"


def test_a_table_without_a_configuration_is_shown(tmp_path: Path) -> None:
    """Assert that result.csv and claims.csv suffice, as beside the code of a study."""
    folder = toy(tmp_path / "a")
    (folder / "config.json").unlink()
    (part,) = parts_of([folder])
    assert part.title == "a" and len(part.claims) == 1 and len(part.figures) == 2


@pytest.mark.parametrize("held", ["", "[1]", "{", json.dumps({"other": 1})])
def test_a_folder_of_nothing_is_refused(tmp_path: Path, held: str) -> None:
    """Assert that a folder of something else is one sentence, whatever its config.json holds."""
    (tmp_path / "config.json").write_text(held)
    with pytest.raises(Refusal, match="holds no study's results and no trajectory: name the folder of a study"):
        parts_of([tmp_path])


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """Assert that a path to nothing is one sentence."""
    with pytest.raises(Refusal, match=r"no\.h5"):
        parts_of([tmp_path / "no.h5"])
