"""What is installed: the names, the versions, the files of the wheel and the two commands of the README."""

import configparser
import importlib
import importlib.metadata
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.imports import imported_modules
from tests.house.source import ROOMS, ROOT, sources

DISTRIBUTION = "meanfield-particles"

#: Import names that differ from the name of their distribution.
DISTRIBUTION_OF = {"ot": "pot", "sklearn": "scikit-learn", "sksundae": "scikit-sundae"}

SET_UP = (
    "python3 -m venv .venv && . .venv/bin/activate && python -m pip install --constraint constraints.txt --editable"
)
#: One line to paste for each.
README_COMMANDS = {
    "main job": f"{SET_UP} . && meanfield run asymmetric-scaling",
    "tests": f'{SET_UP} ".[test]" && pytest -n auto',
}


def read(name: str) -> str:
    """The text of a file of the project."""
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def settings() -> configparser.ConfigParser:
    """The project's setup.cfg."""
    parser = configparser.ConfigParser()
    parser.read_string(read("setup.cfg"))
    return parser


def requirements(text: str) -> dict[str, Requirement]:
    """The requirements in a list, one a line, by canonical name."""
    lines = [line.split("#")[0].strip() for line in text.splitlines()]
    return {canonicalize_name(Requirement(line).name): Requirement(line) for line in lines if line}


def declared(settings: configparser.ConfigParser) -> dict[str, Requirement]:
    """Every direct dependency, extras included, the project itself left out."""
    every = "\n".join([settings["options"]["install_requires"], *settings["options.extras_require"].values()])
    return {name: requirement for name, requirement in requirements(every).items() if name != DISTRIBUTION}


def disagreements(wanted: dict[str, Requirement], pinned: dict[str, Requirement]) -> list[str]:
    """Where setup.cfg and constraints.txt do not name the same packages, or a pin is outside its bound."""
    said = [f"{name} is in one file only" for name in sorted(wanted.keys() ^ pinned.keys())]
    for name in sorted(wanted.keys() & pinned.keys()):
        version = str(pinned[name].specifier).removeprefix("==")
        if not re.fullmatch(r"==[^,*=]+", str(pinned[name].specifier)):
            said.append(f"{name} is not pinned to one version")
        elif not wanted[name].specifier.contains(version):
            said.append(f"{name}=={version} is outside {wanted[name].specifier}")
        if not any(bound.operator == ">=" for bound in wanted[name].specifier):
            said.append(f"{name} has no lower bound")
    return said


def test_constraints_pin_every_direct_dependency_within_its_bound(settings: configparser.ConfigParser) -> None:
    """Assert that constraints.txt holds one tested version of each direct dependency, above its lower bound."""
    assert disagreements(declared(settings), requirements(read("constraints.txt"))) == []


@pytest.mark.parametrize(
    ("wanted", "pinned", "said"),
    [
        ("numpy>=2.0", "", "numpy is in one file only"),
        ("", "numpy==2.0", "numpy is in one file only"),
        ("numpy>=2.0", "numpy==1.26", "numpy==1.26 is outside >=2.0"),
        ("numpy>=2.0", "numpy>=2.1", "numpy is not pinned to one version"),
        ("numpy", "numpy==2.1", "numpy has no lower bound"),
    ],
)
def test_planted_disagreement_is_seen(wanted: str, pinned: str, said: str) -> None:
    """Assert that a missing, low, loose or unbounded version is named."""
    assert disagreements(requirements(wanted), requirements(pinned)) == [said]


def test_library_imports_what_it_declares_and_nothing_else(settings: configparser.ConfigParser) -> None:
    """Assert that the library's third-party imports are the packages that a plain install brings, none idle.

    A function may import what the extras `cluster`, `data`, `gpu`, `video` and `xarray` bring, and benchmarks a peer,
    which the extras test or bench do.
    """
    imported, peers = third_parties(benchmarks=False), third_parties(benchmarks=True)
    plain = requirements(settings["options"]["install_requires"]).keys()
    extras = settings["options.extras_require"]
    lazy = {name for extra in ("cluster", "data", "gpu", "video", "xarray") for name in requirements(extras[extra])}
    assert plain <= imported <= plain | lazy
    brought = {name for extra in ("test", "bench") for name in requirements(extras[extra])}
    assert peers <= plain | brought


def third_parties(*, benchmarks: bool) -> set[str]:
    """Distributions that the library imports, by the benchmarks or by everything else."""
    known, folder = {*sys.stdlib_module_names, *ROOMS}, ROOT / "runs" / "benchmarks"
    chosen = [source for source in sources(*ROOMS) if (folder in (ROOT / source.path).parents) == benchmarks]
    tops = {module.split(".")[0] for source in chosen for _, module in imported_modules(source)}
    return {canonicalize_name(DISTRIBUTION_OF.get(top, top)) for top in tops - known if top.isidentifier()}


def test_one_version_everywhere(settings: configparser.ConfigParser) -> None:
    """Assert that setup.cfg, CITATION.cff, the top of CHANGELOG.md and the installed package say one version."""
    version = settings["metadata"]["version"]
    cited = re.search(r"^version: (\S+)$", read("CITATION.cff"), re.MULTILINE)
    changed = re.search(r"^## (\S+) \(", read("CHANGELOG.md"), re.MULTILINE)
    said = [found.group(1) if found else None for found in (cited, changed)]
    assert said == [version, version]
    assert importlib.metadata.version(DISTRIBUTION) == version


def test_changelog_gives_the_reason_of_each_dependency(settings: configparser.ConfigParser) -> None:
    """Assert that the Dependencies part of the changelog names every direct dependency."""
    part = read("CHANGELOG.md").split("### Dependencies")[1].split("\n## ")[0]
    named = {canonicalize_name(name) for name in re.findall(r"`([\w.-]+)`", part)}
    assert declared(settings).keys() - named == set()


def test_pyproject_names_the_build_backend_only() -> None:
    """Assert that everything but the build backend stays in setup.cfg."""
    assert [line.split(" = ")[0] for line in read("pyproject.toml").splitlines()] == [
        "[build-system]",
        "requires",
        "build-backend",
    ]


@pytest.mark.parametrize("block", README_COMMANDS)
def test_readme_has_the_command(block: str) -> None:
    """Assert that the README holds the marked command, one line from the virtual environment to the job."""
    found = re.findall(rf"^<!-- command: {block} -->\n```bash\n(.*?)^```$", read("README.md"), re.DOTALL | re.MULTILINE)
    assert found == [README_COMMANDS[block] + "\n"]


def test_readme_warns_of_the_names() -> None:
    """Assert that the README says that the import names collide with packages of the public index."""
    warning = read("README.md").split("## Use an environment of its own")[1].split("\n## ")[0]
    assert all(f"`{room}`" in warning for room in ROOMS)
    assert "public index" in warning


@pytest.mark.parametrize("room", ROOMS)
def test_imported_package_is_ours(room: str) -> None:
    """Assert that the package of this name lies in this project and comes from our distribution alone."""
    package = importlib.import_module(room)
    assert Path(str(package.__file__)) == ROOT / room / "__init__.py"
    assert set(importlib.metadata.packages_distributions()[room]) == {DISTRIBUTION}


def test_packages_are_ours_from_any_folder(tmp_path: Path) -> None:
    """Assert that a program started elsewhere imports our four packages, not their namesakes."""
    program = f"import {', '.join(ROOMS)}; print({', '.join(f'{room}.__file__' for room in ROOMS)}, sep='\\n')"
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True
    )
    assert [Path(line) for line in result.stdout.splitlines()] == [ROOT / room / "__init__.py" for room in ROOMS]


def test_command_is_installed() -> None:
    """Assert that the console command meanfield calls the main function of runs."""
    (command,) = importlib.metadata.entry_points(group="console_scripts", name="meanfield")
    assert command.value == "runs.__main__:main"
    assert callable(command.load())


def test_wheel_holds_the_library_with_its_data_and_no_tests(tmp_path: Path) -> None:
    """Assert that the wheel holds every library file, the data of runs and the license, and nothing of the tests."""
    project = tmp_path / "project"
    for folder in (*ROOMS, "tests"):
        shutil.copytree(ROOT / folder, project / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, project)
    planted = [
        f"runs/studies/planted/{name}" for name in ("README.md", "result.csv", "study.toml", "figure.png", "page.js")
    ]
    (project / "runs/studies/planted").mkdir(parents=True)
    for name in ("runs/studies/planted/__init__.py", "runs/studies/planted/left.out", *planted):
        (project / name).touch()
    expected = {file.relative_to(ROOT).as_posix() for room in ROOMS for file in (ROOT / room).rglob("*.py")}
    expected |= {*planted, "runs/studies/planted/__init__.py", *(f"{room}/py.typed" for room in ROOMS)}

    program = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"
    command = [sys.executable, "-c", program, tmp_path]
    subprocess.run(command, cwd=project, capture_output=True, timeout=120, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert expected - names == set()
    assert {name.split("/")[0] for name in names} == {*ROOMS, "meanfield_particles-0.1.0.dist-info"}
    assert "runs/studies/planted/left.out" not in names
    assert "meanfield_particles-0.1.0.dist-info/licenses/LICENSE" in names
