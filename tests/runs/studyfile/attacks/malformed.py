"""Study files that something has gone wrong with: a valid one, changed at one to three places, as values or as text."""

import copy
import json
import math
from collections.abc import Iterator
from random import Random
from typing import Any

from hypothesis import strategies as st

#: A valid study with a table or a value of every kind that one can have.
VALID: dict[str, Any] = {
    "until": 1.0,
    "seeds": [0, 1],
    "scaling": {"kind": "lazy", "scale": 2.0},
    "loss": "squared",
    "regulariser": 0.1,
    "integrator": {"kind": "euler-maruyama", "step": 0.125},
    "flow": {"kind": "langevin", "temperature": 0.1, "confinement": 0.5, "pairing": "joint"},
    "frames": {"steps": 2},
    "records": {"first": 0.1, "last": 1.0, "count": 3},
    "observables": ["risk", "mean_movement", "effective_count"],
    "stop_below": 1e-9,
    "dtype": "float64",
    "device": "cpu",
    "data": {"file": "data.npz", "rows": 6, "seed": 10},
    "neuron": {"kind": "perceptron", "activation": {"kind": "leaky-relu", "slope": 0.1}, "trained": "both"},
    "masses": {"kind": "asymmetrical", "count": 5, "gamma": 0.5, "alpha": 0.7},
    "law": {"kind": "gaussian", "variance": 2.0, "outputs": {"kind": "gaussian", "variance": 1.0}, "points": "sobol"},
    "sweep": {"kind": "zip", "over": {"masses.gamma": [0.2, 1.0], "scaling.scale": [1.0, 3.0]}},
}
#: Another one, of deep networks, with lists of tables and observables with keys.
DEEP: dict[str, Any] = {
    "until": 1.0,
    "scaling": {"kind": "ntk", "rates": {"layer1": 0.5}},
    "integrator": {"kind": "euler", "step": 0.125},
    "frames": {"steps": 2},
    "observables": {
        "risk": "risk",
        "moved": {"kind": "feature_movement", "layer": "layer2", "rows": 4},
        "h": {"kind": "preactivations", "particles": [1], "rows": 2},
    },
    "stop_above": {"observable": "largest_movement", "level": 100.0},
    "data": {"file": "data.npz"},
    "neuron": {
        "kind": "deep",
        "inputs": [1, 3],
        "activation": {"kind": "leaky-relu", "slope": 0.1},
        "parameterisation": "standard",
        "weight_variance": 2.0,
        "bias_variance": 0.1,
        "trained": ["layer1", "layer1.bias", "layer3"],
        "layers": [
            {"kind": "convolution", "channels": 2, "size": 3, "padding": "zero", "bias": True, "rate": 2.0},
            {"kind": "average-pool", "size": 3},
            {"kind": "dense", "width": 4, "activation": "relu"},
            {"kind": "dense", "multiplier": 0.5, "deviation": 0.1},
        ],
    },
    "law": {"symmetric": True, "points": "sobol"},
    "sweep": {"over": {"neuron.layers.1.channels": [2, 3]}},
}

_WORDS = (
    "",
    "risk",
    "kind",
    "tanh",
    "import",
    "mine:Name",
    "os:system",
    "a.b.c:d",
    "../data.npz",
    "\x1b[2J",
    "ü\n",
    "x" * 999,
)
_NUMBERS = (0, -1, 1, 2**31, 2**63, 10**40, -(10**40), 0.0, -0.0, 1e-320, 1e308, -1e308, math.nan, math.inf, -math.inf)
_leaves = st.one_of(st.sampled_from(_WORDS), st.sampled_from(_NUMBERS), st.booleans(), st.integers(), st.floats())
_keys = st.one_of(
    st.sampled_from((*VALID, "kind", "count", "step", "over", "masses.count", "seed", "", "low")), st.text(max_size=6)
)
_values = st.recursive(
    _leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_keys, inner, max_size=4), max_leaves=6
)


def toml(value: object) -> str:
    """A value as TOML writes it, tables inline."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_text(key)} = {toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return _text(value) if isinstance(value, str) else json.dumps(value)


def written(values: dict[str, Any]) -> bytes:
    """A study file of these values."""
    return "\n".join(f"{_text(key)} = {toml(value)}" for key, value in values.items()).encode("utf-8", "surrogatepass")


@st.composite
def malformed(draw: st.DrawFn) -> bytes:
    """The content of a study file that was changed at one to three places, all of them equally likely."""
    chance = Random(draw(st.integers(0, 2**63)))
    values = copy.deepcopy(chance.choice((VALID, DEEP)))
    for _ in range(chance.choice((1, 1, 2, 3))):
        _change(draw, chance, values)
    content = written(values)
    return _spoilt(draw, chance, content) if chance.random() < 0.15 else content


def _change(draw: st.DrawFn, chance: Random, values: dict[str, Any]) -> None:
    """Drop a key, rename it, give it another value, or put something new beside it, somewhere in the tables."""
    here, key = chance.choice(list(_places(values)))
    inner = here[key]
    what = chance.choice(("drop", "rename", "replace", "add", "wrap", "nudge"))
    if what == "drop":
        del here[key]
    elif what == "rename":
        here[chance.choice((key[:-1], key + "s", key.upper(), key[::-1], "x" + key))] = here.pop(key)
    elif what == "add":
        here[draw(_keys)] = draw(_values)
    elif what == "wrap":
        here[key] = chance.choice(([inner], {"kind": inner}, {key: inner}, []))
    elif what == "nudge" and isinstance(inner, int | float):
        here[key] = chance.choice((-inner, inner * 1e6, int(inner * 10**9), str(inner), float(inner), 10**12))
    else:
        here[key] = draw(_values)


def _places(values: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Every key of every table."""
    for key, inner in values.items():
        yield values, key
        for table in inner if isinstance(inner, list) else [inner]:
            if isinstance(table, dict):
                yield from _places(table)


def keys(values: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """The way to every key, through its tables."""
    for key, inner in values.items():
        yield (key,)
        if isinstance(inner, dict):
            yield from ((key, *rest) for rest in keys(inner))


def _spoilt(draw: st.DrawFn, chance: Random, content: bytes) -> bytes:
    """Text cut out of the file, or put into it."""
    start, length = chance.randrange(len(content)), chance.choice((0, 1, 3, 20, len(content)))
    put = chance.choice((draw(st.binary(max_size=6)), b"[[", b'"""', b"\n[a]\n", b"="))
    return content[:start] + put + content[start + length :]


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
