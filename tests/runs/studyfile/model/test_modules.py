"""The files of a module, found without running any."""

from pathlib import Path

import pytest

from runs.studyfile.model.modules import modules_of

#: Whoever executes a file of these tests fails.
TRAP = "raise SystemExit('executed')\n"


def write(folder: Path, **files: str) -> Path:
    """Files by their paths with __ for /, each of which must not be executed."""
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.py".replace("/init.py", "/__init__.py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + TRAP)
    return folder


def found(module: str, folder: Path) -> dict[str, str]:
    """The modules with their paths from the folder."""
    return {name: file.relative_to(folder).as_posix() for name, file in modules_of(module, folder).items()}


def test_what_a_module_imports_is_found_to_the_end(tmp_path: Path) -> None:
    """Assert that imports of imports are found, in functions too, circles end, and what is not the user's is left."""
    write(
        tmp_path,
        mine="import math, torch\nfrom helper import f\nfrom particles import Tanh\n",
        helper="def f():\n    import second as s\n    from third import *\n",
        second="import mine, no_such_module\n",
        third="",
        unused="",
    )
    names = {"mine": "mine.py", "helper": "helper.py", "second": "second.py", "third": "third.py"}
    assert found("mine", tmp_path) == names


def test_packages_are_found_with_what_is_around_them(tmp_path: Path) -> None:
    """Assert that absolute and relative imports inside packages, and folders without __init__.py, are followed."""
    write(
        tmp_path,
        pack__init="from .first import f\n",
        pack__first="from . import second\nfrom .deep.third import g\n",
        pack__second="",
        pack__unused="",
        pack__deep__init="",
        pack__deep__third="from ..fourth import h\nfrom ...pack.deep import fifth\nimport loose.sixth\n",
        pack__deep__fifth="",
        pack__fourth="",
        loose__sixth="",
    )
    assert found("pack.second", tmp_path) == {
        "pack": "pack/__init__.py",
        "pack.first": "pack/first.py",
        "pack.second": "pack/second.py",
        "pack.deep": "pack/deep/__init__.py",
        "pack.deep.third": "pack/deep/third.py",
        "pack.deep.fifth": "pack/deep/fifth.py",
        "pack.fourth": "pack/fourth.py",
        "loose.sixth": "loose/sixth.py",
    }


@pytest.mark.parametrize("text", ["def broken(:\n", "import helper\n\0"])
def test_a_file_that_is_no_program_is_found_itself(tmp_path: Path, text: str) -> None:
    """Assert that a text Python would refuse counts, though nothing is read from it."""
    (tmp_path / "mine.py").write_bytes(text.encode(errors="surrogateescape"))
    write(tmp_path, helper="")
    assert set(found("mine", tmp_path)) == {"mine"}


def test_modules_elsewhere_count_where_they_are_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a folder on the path counts whole, an installed package where the study names it, the rest never."""
    folder, path, installed = tmp_path / "study", tmp_path / "lib", tmp_path / "site-packages"
    write(folder, mine="import on_path, a_package\n")
    write(path, on_path="import beside_it\n", beside_it="")
    write(installed, a_package__init="from . import part\nimport another\n", a_package__part="", another="")
    for place in (path, installed):
        monkeypatch.syspath_prepend(place)
    assert modules_of("mine", folder) == {
        "mine": folder / "mine.py",
        "on_path": path / "on_path.py",
        "beside_it": path / "beside_it.py",
    }
    assert set(modules_of("a_package.part", folder)) == {"a_package", "a_package.part"}


@pytest.mark.parametrize("module", ["json", "sys", "particles.masses", "no_such_module", "", "../evil", "a..b"])
def test_modules_of_ours_of_python_and_of_nobody_have_no_files(tmp_path: Path, module: str) -> None:
    """Assert that nothing is recorded of them."""
    write(tmp_path, evil="", init="")
    assert modules_of(module, tmp_path / "study") == {}
