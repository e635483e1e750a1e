"""The rule on randomness: every draw names its generator or seed, and nobody touches a global one."""

import ast
from collections.abc import Iterator

from tests.house.source import Source, keywords

#: What the modules of global generators offer without their global state.
INNOCENT = {
    "random": {"Random"},
    "numpy.random": {"BitGenerator", "Generator", "PCG64", "Philox", "SeedSequence", "SFC64", "default_rng"},
    "torch.random": set(),
    "torch.distributions": set(),
}

#: Functions of torch that read or write the global generator whatever their arguments.
GLOBAL = {
    "torch.default_generator",
    "torch.get_rng_state",
    "torch.initial_seed",
    "torch.manual_seed",
    "torch.seed",
    "torch.set_rng_state",
    "torch.cuda.manual_seed",
    "torch.cuda.manual_seed_all",
    "torch.cuda.seed",
    "torch.cuda.seed_all",
    "torch.cuda.set_rng_state",
}

#: Functions that fall back on a global generator, or on entropy, unless one of these keywords is given.
DRAWS = {
    **{
        f"torch.{name}": {"generator"}
        for name in (
            *("bernoulli", "multinomial", "normal", "poisson"),
            *("rand", "rand_like", "randint", "randint_like", "randn", "randn_like", "randperm"),
        )
    },
    "torch.quasirandom.SobolEngine": {"seed"},
    **{f"scipy.stats.qmc.{name}": {"rng", "seed"} for name in ("Halton", "LatinHypercube", "PoissonDisk", "Sobol")},
}

#: Methods that do so, by name alone.
METHODS = {
    **{
        name: {"generator"}
        for name in (
            *("bernoulli_", "cauchy_", "exponential_", "geometric_"),
            *("log_normal_", "normal_", "random_", "uniform_"),
        )
    },
    "rvs": {"random_state"},
}


def careless_randomness(source: Source) -> Iterator[str]:
    """Uses of a global generator, and draws that name neither generator nor seed."""
    names = _imported_names(source.tree)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute | ast.Name):
            name = _dotted(node, names)
            module, _, member = name.rpartition(".")
            if name in GLOBAL or (module in INNOCENT and member not in INNOCENT[module]):
                yield f"{source.path}:{node.lineno} uses {name}, which is global; take a seed or a generator."
        elif isinstance(node, ast.Call):
            name = _dotted(node.func, names)
            method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            needed = DRAWS.get(name) or METHODS.get(method)
            if needed and not needed & keywords(node):
                yield f"{source.path}:{node.lineno} draws by {name or method} without {' or '.join(sorted(needed))}."
            if name == "numpy.random.default_rng" and not node.args and not node.keywords:
                yield f"{source.path}:{node.lineno} draws by {name} without seed."


def _imported_names(tree: ast.Module) -> dict[str, str]:
    """What each imported name stands for: {"np": "numpy", "qmc": "scipy.stats.qmc"}."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.split(".")[0]
                names[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def _dotted(node: ast.expr, names: dict[str, str]) -> str:
    """The full name of an expression that starts at an imported name, else nothing."""
    if isinstance(node, ast.Name):
        return names.get(node.id, "")
    if isinstance(node, ast.Attribute):
        base = _dotted(node.value, names)
        return f"{base}.{node.attr}" if base else ""
    return ""
