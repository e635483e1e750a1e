"""The studies by name."""

import subprocess
import sys
from pathlib import Path

import pytest

import runs
from runs.studies import STUDIES, named, summary
from runs.study.experiment import Experiment
from runs.system.refusal import Refusal

RUNS = Path(str(runs.__file__)).parent


def test_unknown_study_is_refused() -> None:
    """Assert that a misspelt study gets the names and the nearest one."""
    with pytest.raises(
        Refusal, match=r"Unknown study 'asymmetric': choose one of asymmetric-scaling, .*; did you mean"
    ):
        named("asymmetric")


@pytest.mark.parametrize("name", STUDIES)
def test_listed_study_can_be_loaded(name: str) -> None:
    """Assert that a study is there under its name, with a summary of one line and experiments of different names."""
    study = named(name)
    assert study.name == name and study.summary == summary(name) and study.paper
    assert "\n" not in summary(name) and len(summary(name)) < 100
    names = [experiment.name for experiment in study.experiments]
    assert len(set(names)) == len(names) and set(study.usual) <= set(names)
    assert all(isinstance(experiment, Experiment) and experiment.title for experiment in study.experiments)


def test_studies_are_known_without_torch() -> None:
    """Assert that their names and what they ask need no import that takes seconds."""
    program = (
        "import sys; from runs.studies import STUDIES, summary; print(*map(summary, STUDIES), 'torch' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said.endswith("False\n")


def test_general_code_names_no_study() -> None:
    """Assert that what serves all studies does not know one of them, so that another needs one line in the registry."""
    general = [path for path in RUNS.rglob("*.py") if "studies" not in path.relative_to(RUNS).parts]
    packages = [module.rpartition(".")[2] for module in STUDIES.values()]
    named_there = [path.name for path in general if any(f"studies.{one}" in path.read_text() for one in packages)]
    assert named_there == []


def test_a_study_file_without_its_ending_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a folder, a file of another ending and one whose ending was left out are told from a wrong name."""
    monkeypatch.chdir(tmp_path)
    for name in ("here/widths.toml", "widths.txt"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).touch()
    with pytest.raises(Refusal, match=r"here is a folder.*: name a file in it that ends in \.toml"):
        named("here")
    with pytest.raises(
        Refusal, match=r"widths\.txt is a file, but study files end in \.toml.*call it widths\.txt\.toml"
    ):
        named("widths.txt")
    with pytest.raises(Refusal, match=r"did you mean here/widths\.toml\?"):
        named("here/widths")
    with pytest.raises(Refusal, match="Unknown study 'x+'"):
        named("x" * 300)
