"""The studies by name, known without importing torch: one line each, the package with `STUDY` in its study.py."""

import importlib
from os.path import isdir, isfile
from typing import TYPE_CHECKING, cast

from runs.system.refusal import Refusal, chosen

if TYPE_CHECKING:
    from runs.study.study import Study

#: The first line of a package says what its study asks.
STUDIES = {
    "asymmetric-scaling": "runs.studies.asymmetric_scaling",
    "propagation-of-chaos": "runs.studies.propagation_of_chaos",
    "kernel-limits": "runs.studies.kernel_limits",
    "kernel-checks": "runs.studies.kernel_checks",
    "vignettes": "runs.studies.vignettes",
    "one-axis": "runs.studies.one_axis",
    "early-time": "runs.studies.early_time",
    "mean-field-laws": "runs.studies.mean_field_laws",
    "feature-learning": "runs.studies.feature_learning",
    "infinite-width": "runs.studies.infinite_width",
}


def summary(name: str) -> str:
    """What a study asks, in one line."""
    return str(importlib.import_module(STUDIES[name]).__doc__)


def module_of(name: str) -> str:
    """The module that has the study of that name as `STUDY`.

    A Refusal lists the names for another one, and says so where a study file was meant.
    """
    if name not in STUDIES:
        if isdir(name):
            raise Refusal(f"{name} is a folder, and no study has that name: name a file in it that ends in .toml.")
        if isfile(name):
            raise Refusal(f"{name} is a file, but study files end in .toml: if it is one, call it {name}.toml.")
        if isfile(f"{name}.toml"):
            raise Refusal(f"No study has the name {name!r}, but there is a file: did you mean {name}.toml?")
    return f"{STUDIES[chosen('study', name, tuple(STUDIES))]}.study"


def named(name: str) -> "Study":
    """The study of that name; a Refusal as `module_of` has it."""
    return cast("Study", importlib.import_module(module_of(name)).STUDY)
