"""Questions whose answers are known, by the names of the limits; two of the papers' questions are known as well."""

from collections.abc import Callable, Mapping
from functools import partial

from runs.studies.infinite_width.problems.asymmetrical import start_kernel
from runs.studies.infinite_width.problems.langevin import langevin
from runs.studies.infinite_width.problems.lazy import lazy
from runs.studies.infinite_width.problems.linear import linear
from runs.studies.infinite_width.question import Question

KNOWN: Mapping[str, Callable[[], Question]] = {
    "GaussianFlow": partial(linear, noisy=False),
    "GaussianFlow, noisy": partial(linear, noisy=True),
    "FokkerPlanck, one dimension": partial(langevin, dim=1, rest=False),
    "FokkerPlanck, two dimensions": partial(langevin, dim=2, rest=False),
    "Gibbs, one dimension": partial(langevin, dim=1, rest=True),
    "Gibbs, two dimensions": partial(langevin, dim=2, rest=True),
    "KernelFlow": partial(lazy, deep=False),
    "KernelFlow, deep particles": partial(lazy, deep=True),
    "RandomKernel": start_kernel,
}


def filed(name: str) -> str:
    """A name as part of a file's."""
    return name.replace(", ", "-").replace(" ", "-")
