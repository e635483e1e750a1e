"""The house rules hold in the library and in the tests, and each rule sees a planted violation."""

import importlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType

import pytest

from tests.house import claims, imports, layout, public, randomness, statements
from tests.house.source import ROOMS, ROOT, Source, sources

Rule = Callable[[Source], Iterator[str]]

LIBRARY = sources(*ROOMS)
TESTS = sources("tests")
#: What builds the pages, and the scripts of the gallery, which people copy.
PAGES = [*sources("docs/building", "docs/gallery"), Source("docs/conf.py", (ROOT / "docs/conf.py").read_text())]

LIBRARY_RULES: list[Rule] = [
    layout.long_files,
    layout.long_functions,
    layout.silent_files,
    layout.empty_names,
    statements.asserts,
    statements.broad_excepts,
    statements.postponed_annotations,
    statements.loose_ends,
    statements.uncheckable_protocols,
    imports.wrong_doors,
    imports.wrong_rooms,
    randomness.careless_randomness,
]
TEST_RULES: list[Rule] = [
    layout.long_functions,
    statements.postponed_annotations,
    claims.unstated_claims,
    claims.unread_refusals,
    claims.dropped_comparisons,
]
PAGE_RULES: list[Rule] = [
    layout.long_files,
    layout.long_functions,
    layout.silent_files,
    layout.empty_names,
    statements.asserts,
    statements.broad_excepts,
    statements.postponed_annotations,
    statements.loose_ends,
    randomness.careless_randomness,
]


def long_function(lines: int) -> str:
    """A function of this many lines after a docstring of two."""
    body = ["def f():", '    """Say', '    so."""', *["    x = 1"] * (lines - 1)]
    return "\n".join(body)


#: For each rule, sources it must reject: (rule, path, text).
PLANTED: list[tuple[Rule, str, str]] = [
    (layout.long_files, "flows/a.py", "x = 1\n" * 301),
    (layout.long_functions, "flows/a.py", long_function(61)),
    (layout.silent_files, "flows/a.py", "import math\n"),
    (layout.silent_files, "flows/a.py", 'x = 1\n"""Late."""\n'),
    (layout.silent_files, "flows/__init__.py", ""),
    (layout.empty_names, "flows/utils.py", ""),
    (layout.empty_names, "runs/helpers/a.py", ""),
    (layout.empty_names, "limits/_misc.py", ""),
    (statements.asserts, "flows/a.py", "def f(x):\n    assert x > 0\n"),
    (statements.broad_excepts, "runs/a.py", "try:\n    f()\nexcept:\n    g()\n"),
    (statements.broad_excepts, "runs/a.py", "try:\n    f()\nexcept Exception:\n    g()\n"),
    (statements.broad_excepts, "runs/a.py", "try:\n    f()\nexcept (OSError, BaseException) as e:\n    g()\n"),
    (statements.broad_excepts, "runs/a.py", "import contextlib\nwith contextlib.suppress(Exception):\n    f()\n"),
    (statements.postponed_annotations, "flows/a.py", "from __future__ import annotations\n"),
    (statements.loose_ends, "flows/a.py", "x = 1  # TODO: two\n"),
    (statements.loose_ends, "flows/a.py", "def f():\n    raise NotImplementedError\n"),
    (statements.uncheckable_protocols, "flows/a.py", "class Flow(Protocol):\n    order: float\n"),
    (statements.uncheckable_protocols, "flows/a.py", "class Flow(typing.Protocol[State]):\n    order: float\n"),
    (imports.wrong_doors, "particles/cloud.py", "import h5py\n"),
    (imports.wrong_doors, "runs/inspect/info.py", "def f():\n    from h5py import File\n"),
    (imports.wrong_doors, "runs/inspect/info.py", "from ot.lp import emd2\n"),
    (imports.wrong_doors, "limits/chaos.py", "import matplotlib.pyplot as plt\n"),
    (imports.wrong_doors, "flows/observers/trace.py", "from rich.progress import Progress\n"),
    (imports.wrong_doors, "flows/a.py", "import importlib\nnumbers = importlib.import_module('h5py')\n"),
    (imports.wrong_rooms, "particles/risk/risk.py", "from flows import evolve\n"),
    (imports.wrong_rooms, "flows/a.py", "def f():\n    import limits.chaos\n"),
    (imports.wrong_rooms, "limits/a.py", "from flows.fields.gradient import GradientFlow\n"),
    (imports.wrong_rooms, "limits/a.py", "import runs\n"),
    (imports.wrong_rooms, "runs/a.py", "from tests.tolerances import IDENTITY\n"),
    (imports.wrong_rooms, "flows/a.py", "from importlib import import_module\nf = import_module(name)\n"),
    (randomness.careless_randomness, "flows/a.py", "import torch\ntorch.manual_seed(0)\n"),
    (randomness.careless_randomness, "flows/a.py", "import torch as t\nx = t.randn(3)\n"),
    (randomness.careless_randomness, "flows/a.py", "from torch import rand\nx = rand(3)\n"),
    (randomness.careless_randomness, "flows/a.py", "import torch\nx = torch.empty(3).normal_()\n"),
    (randomness.careless_randomness, "flows/a.py", "import torch\nx = torch.distributions.Normal(0.0, 1.0).sample()\n"),
    (randomness.careless_randomness, "flows/a.py", "import torch\nstate = torch.random.fork_rng()\n"),
    (randomness.careless_randomness, "flows/a.py", "import numpy as np\nnp.random.seed(0)\n"),
    (randomness.careless_randomness, "flows/a.py", "from numpy import random\nx = random.normal(size=3)\n"),
    (randomness.careless_randomness, "flows/a.py", "from numpy.random import shuffle\nshuffle(x)\n"),
    (randomness.careless_randomness, "flows/a.py", "import numpy as np\nrng = np.random.default_rng()\n"),
    (randomness.careless_randomness, "flows/a.py", "import random\nx = random.random()\n"),
    (randomness.careless_randomness, "flows/a.py", "from scipy import stats\nx = stats.norm.rvs(size=3)\n"),
    (randomness.careless_randomness, "flows/a.py", "from scipy.stats import qmc\nx = qmc.Sobol(2)\n"),
    (claims.unstated_claims, "tests/test_a.py", 'def test_a():\n    """Check a."""\n'),
    (claims.unstated_claims, "tests/test_a.py", "def test_a():\n    pass\n"),
    (claims.unread_refusals, "tests/test_a.py", "with pytest.raises(ValueError):\n    f()\n"),
    (claims.dropped_comparisons, "tests/test_a.py", "torch.allclose(x, y)\n"),
    (claims.dropped_comparisons, "tests/test_a.py", "x == y\n"),
]

#: For each rule, sources close to a violation that it must accept.
INNOCENT: list[tuple[Rule, str, str]] = [
    (layout.long_files, "flows/a.py", "x = 1\n" * 300),
    (layout.long_functions, "flows/a.py", long_function(60)),
    (layout.silent_files, "flows/a.py", '"""What it is."""\n'),
    (layout.empty_names, "flows/utilisation.py", ""),
    (statements.asserts, "flows/a.py", '"""We assert nothing."""\n'),
    (statements.broad_excepts, "runs/a.py", "try:\n    f()\nexcept (OSError, ValueError):\n    g()\n"),
    (statements.postponed_annotations, "flows/a.py", "from typing import Self\n"),
    (statements.loose_ends, "flows/a.py", "todo = 1\n"),
    (statements.uncheckable_protocols, "flows/a.py", "@runtime_checkable\nclass Flow(Protocol):\n    order: float\n"),
    (imports.wrong_doors, "particles/trajectory/writer.py", "import h5py\n"),
    (imports.wrong_doors, "limits/transport/exact.py", "import ot\n"),
    (imports.wrong_doors, "runs/figures/figures.py", "from matplotlib.figure import Figure\n"),
    (imports.wrong_doors, "flows/a.py", "import otherwise\n"),
    (
        imports.wrong_rooms,
        "flows/integrators/heun.py",
        "from ..base import Flow\nfrom particles import cloud\n",
    ),
    (imports.wrong_rooms, "runs/a.py", "import flows, limits, particles\nimport_module(name)\n"),
    (randomness.careless_randomness, "flows/a.py", "import torch\nx = torch.randn(3, generator=generator)\n"),
    (randomness.careless_randomness, "flows/a.py", "import torch\ng = torch.Generator().manual_seed(0)\n"),
    (randomness.careless_randomness, "flows/a.py", "import numpy as np\nx = np.random.default_rng(0).normal(size=3)\n"),
    (randomness.careless_randomness, "flows/a.py", "from scipy.stats import qmc\nx = qmc.Sobol(2, rng=rng)\n"),
    (claims.unstated_claims, "tests/test_a.py", 'def test_a():\n    """Assert that a holds."""\n'),
    (claims.unread_refusals, "tests/test_a.py", "with pytest.raises(ValueError, match='one'):\n    f()\n"),
    (claims.dropped_comparisons, "tests/test_a.py", "assert torch.allclose(x, y)\n"),
]


def name_of(value: object) -> str | None:
    """Test ids: a rule by its name, a source by its path, no text."""
    return getattr(value, "__name__", None) or (str(value) if str(value).endswith(".py") else "text")


def complaints(rule: Rule, files: list[Source]) -> str:
    """Everything a rule has to say, a sentence a line."""
    return "\n".join(complaint for file in files for complaint in rule(file))


@pytest.mark.parametrize(("rule", "path", "text"), PLANTED, ids=name_of)
def test_rule_sees_the_planted_violation(rule: Rule, path: str, text: str) -> None:
    """Assert that the rule names the file of a planted violation."""
    assert path in complaints(rule, [Source(path, text)])


@pytest.mark.parametrize(("rule", "path", "text"), INNOCENT, ids=name_of)
def test_rule_accepts_the_near_miss(rule: Rule, path: str, text: str) -> None:
    """Assert that the rule is silent on what only looks like a violation."""
    assert complaints(rule, [Source(path, text)]) == ""


def test_every_rule_has_planted_and_innocent_sources() -> None:
    """Assert that no rule is in force that was never seen to reject and to accept."""
    in_force = {*LIBRARY_RULES, *TEST_RULES}
    assert in_force == {rule for rule, _, _ in PLANTED} == {rule for rule, _, _ in INNOCENT}


def test_rules_read_the_whole_house() -> None:
    """Assert that the rules are given files of every room, so that their silence means something."""
    assert {source.room for source in LIBRARY if source.text} == set(ROOMS)
    assert "tests/house/test_house.py" in {test.path for test in TESTS}


@pytest.mark.parametrize("rule", LIBRARY_RULES, ids=name_of)
def test_library_keeps_the_rule(rule: Rule) -> None:
    """Assert that no file of the library breaks the rule."""
    said = complaints(rule, LIBRARY)
    assert not said, said


@pytest.mark.parametrize("rule", TEST_RULES, ids=name_of)
def test_tests_keep_the_rule(rule: Rule) -> None:
    """Assert that no test file breaks the rule."""
    said = complaints(rule, TESTS)
    assert not said, said


@pytest.mark.parametrize("rule", PAGE_RULES, ids=name_of)
def test_pages_keep_the_rule(rule: Rule) -> None:
    """Assert that no script of the gallery and nothing that builds the pages breaks the rule."""
    said = complaints(rule, PAGES)
    assert not said, said


def test_every_module_has_its_mirror() -> None:
    """Assert that each library module, and each that builds the pages, is tested by the file of the same path."""
    said = "\n".join(layout.unmirrored([*LIBRARY, *sources("docs/building")], TESTS))
    assert not said, said


@pytest.mark.parametrize(
    ("module", "test", "missing"),
    [
        ("flows/integrators/heun.py", "tests/flows/integrators/test_heun.py", False),
        ("flows/integrators/heun.py", "tests/flows/test_heun.py", True),
        ("runs/__main__.py", "tests/runs/test_main.py", False),
        ("flows/__init__.py", "tests/flows/test_other.py", False),
    ],
)
def test_mirror_is_the_same_path(module: str, test: str, missing: bool) -> None:
    """Assert that a module is missed exactly when its mirror stands elsewhere; a package's own file needs none."""
    said = list(layout.unmirrored([Source(module, "")], [Source(test, "")]))
    assert bool(said) == missing


def test_every_folder_is_a_package() -> None:
    """Assert that each folder with Python files has its __init__.py, which find: and pytest rely on."""
    said = "\n".join(layout.loose_folders([*LIBRARY, *TESTS]))
    assert not said, said


def test_folder_without_init_is_seen() -> None:
    """Assert that a folder without __init__.py is named, also where only its subfolder holds files."""
    files = [Source("runs/__init__.py", ""), Source("runs/studies/one/__init__.py", "")]
    assert list(layout.loose_folders(files)) == ["runs/studies holds Python files but no __init__.py."]


def test_no_folder_is_too_full() -> None:
    """Assert that every folder of the library, of the tests and of the pages can be taken in at a glance."""
    made = {"_build", "_gallery", "names"}
    written = [path.relative_to(ROOT) for path in (ROOT / "docs").rglob("*.*") if not made & {*path.parts}]
    pages = [Source(path.as_posix(), "") for path in written if "__pycache__" not in path.parts]
    said = "\n".join(layout.full_folders([*LIBRARY, *TESTS, *pages]))
    assert not said, said


def test_a_folder_that_is_too_full_is_seen() -> None:
    """Assert that the sixteenth module or package of a folder is one too many, its __init__.py not counted."""
    files = [Source("flows/__init__.py", ""), *(Source(f"flows/a{n}/b.py", "") for n in range(15))]
    assert list(layout.full_folders(files)) == []
    said = list(layout.full_folders([*files, Source("flows/c.py", "")]))
    assert len(said) == 1 and said[0].startswith("flows has 16 entries, 15 are the most")


def test_test_ids_are_the_same_in_every_process(request: pytest.FixtureRequest) -> None:
    """Assert that no test id holds an object's address, which makes pytest -n refuse the run."""
    said = "\n".join(item.nodeid for item in request.session.items if re.search(r"0x[0-9a-f]{6,}", item.nodeid))
    assert not said, said


@pytest.mark.parametrize("room", ["particles", "flows", "limits"])
def test_public_names_exist_and_are_documented(room: str) -> None:
    """Assert that each name a library package offers exists and has a docstring."""
    said = "\n".join(public.undocumented_names(importlib.import_module(room)))
    assert not said, said


def test_undocumented_public_names_are_seen() -> None:
    """Assert that a missing name, a bare function and a dataclass with a generated docstring are each named."""

    @dataclass(frozen=True)
    class Generated:
        width: float

    package = ModuleType("planted")
    vars(package).update(bare=lambda: None, Generated=Generated, documented=name_of)
    package.__all__ = ["bare", "Generated", "documented", "missing"]
    said = "\n".join(public.undocumented_names(package))
    assert "planted.bare has no docstring" in said
    assert "planted.Generated has no docstring" in said
    assert "planted.missing is in __all__ but does not exist" in said
    assert "documented has no docstring" not in said


def test_package_without_all_is_seen() -> None:
    """Assert that a package that does not say what it offers is named."""
    assert list(public.undocumented_names(ModuleType("planted"))) == ["planted has no __all__."]
