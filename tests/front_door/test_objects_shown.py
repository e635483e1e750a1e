"""Every public object on one short line and as a small table: the census, made of the cases of the front door."""

import dataclasses
import importlib
import inspect
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
import torch

import flows
import particles
from particles.arguments.signatures import is_protocol
from tests.front_door.census import CASES
from tests.front_door.parts import CLOUD, FLOW, NEURON, RISK

PACKAGES = ("particles", "flows", "limits")
#: Signs of an array, of a place in memory, and of more than one line.
SIGNS = ("tensor(", "array(", " at 0x", "\n")
LONGEST = 300


class Markup(HTMLParser):
    """Follows the tags of a text, and refuses one that does not close what was opened last."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        """A tag opens."""
        self.seen.append(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """A tag closes."""
        if self.open.pop() != tag:
            raise AssertionError(f"{tag} closes something else")


def ours(value: object) -> Iterator[object]:
    """The objects of our packages in a value: itself, or the entries of a list."""
    if type(value).__module__.split(".")[0] in ("particles", "flows", "limits", "runs"):
        yield value
    if isinstance(value, tuple | list):
        for one in value:
            yield from ours(one)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    """What the cases make and what they are given."""
    found: list[object] = []
    for case in CASES:
        if not case.name.startswith(("particles.Trajectory", "particles.SharedTrajectory", "runs.")):
            found += [*ours(case.call(**case.given)), *(one for given in case.given.values() for one in ours(given))]
    path = tmp_path_factory.mktemp("shown") / "run.h5"
    other = path.with_name("shared.h5")
    shared = particles.SharedTrajectory(particles.Ranks(), lambda: particles.Trajectory.create(other))
    with particles.Trajectory.create(path, flow=flows.GradientFlow(RISK), observables={"risk": RISK}) as writer:
        flows.evolve(flows.GradientFlow(RISK), CLOUD, flows.Euler(0.1), until=0.3, observers=[writer])
        found.append(writer)
    reader = particles.Trajectory.open(path)
    found += [reader, reader.observables, reader.observables["risk"]]
    return [*found, shared]


def test_every_object_is_one_short_line(shown: list[object]) -> None:
    """Assert that no object of the census writes an array, an address, a second line, or more than 300 characters."""
    found = {repr(one) for one in shown}
    assert [text for text in found if len(text) > LONGEST or any(sign in text for sign in SIGNS)] == []
    assert len(found) > 150


def test_every_object_has_a_table(shown: list[object]) -> None:
    """Assert that tables are well-formed, small, and without arrays."""
    tables = {type(one): str(one._repr_html_()) for one in shown if hasattr(one, "_repr_html_")}
    assert len(tables) > 100
    for text in tables.values():
        markup = Markup()
        markup.feed(text)
        assert markup.open == [] and markup.seen[:2] == ["table", "caption"]
        assert len(text) < 5_000 and not any(sign in text for sign in SIGNS)


def test_no_public_class_is_written_by_its_address() -> None:
    """Assert that each public class, but those of which there are no objects, has words of its own."""
    for package in (*PACKAGES, "limits.theorems"):
        room = importlib.import_module(package)
        kinds = [one for one in map(vars(room).get, room.__all__) if isinstance(one, type) and not is_protocol(one)]
        assert [kind.__name__ for kind in kinds if kind.__repr__ is object.__repr__ and not _is_never_made(kind)] == []


def _is_never_made(kind: type) -> bool:
    return inspect.isabstract(kind) or kind in (particles.Trajectory, particles.UserNeuron)


def kinds_of_parts() -> Iterator[type]:
    """Every dataclass and named tuple that the modules of our packages define, private ones too."""
    importlib.import_module("limits.theorems")
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] in PACKAGES:
            for kind in vars(module).values():
                own = isinstance(kind, type) and kind.__module__ == name
                if own and (dataclasses.is_dataclass(kind) or (issubclass(kind, tuple) and hasattr(kind, "_fields"))):
                    yield kind


def filled(kind: Any) -> object:
    """An object of this class that holds a large array in each of its fields, whatever may be in them."""
    many = torch.zeros(500, 3)
    if issubclass(kind, tuple):
        return kind(*[many for _ in kind._fields])
    found = object.__new__(kind)
    for field in dataclasses.fields(kind):
        object.__setattr__(found, field.name, [many] * 100)
    return found


def test_no_dataclass_writes_an_array() -> None:
    """Assert that each dataclass and named tuple, public or not, is one short line when its fields hold arrays."""
    kinds = [kind for kind in kinds_of_parts() if not (hasattr(kind, "_shown") or inspect.isabstract(kind))]
    shown = {kind.__qualname__: repr(filled(kind)) for kind in kinds}
    wrong = [name for name, text in shown.items() if len(text) > LONGEST or "tensor(" in text]
    assert wrong == []
    assert all(hasattr(kind, "_repr_html_") for kind in kinds)
    assert len(kinds) > 200


SCOPE = {**vars(particles), **vars(flows), "inf": float("inf")}


@pytest.mark.parametrize(
    "value",
    [
        *(kind(0.1) for kind in (flows.Euler, flows.Heun, flows.RK4, flows.EulerMaruyama, flows.BAOAB)),
        *(kind(0.1, 1e-9) for kind in (flows.BDF, flows.Chebyshev, flows.DormandPrince, flows.Exponential)),
        *(flows.Adaptive(), flows.Adaptive(max_step=0.5), flows.Euler(), flows.Euler(flows.StepBound(0.3))),
        *(flows.HeavyBall(0.1, schedule=flows.CosineDecay(1.0)), flows.Adam(0.1, betas=(0.5, 0.9))),
        *(flows.Walled(flows.Euler(0.1), flows.Ball(2.0), "hidden"), flows.GrowthSplitting(flows.RK4(0.1))),
        *(NEURON, particles.Bump(2, 0.5), particles.Lazy(2.0, rates={"output": 0.5}), particles.L2(0.1)),
        *(particles.Deep(3, [particles.Dense(4)] * 6 + [particles.Dense(1)], particles.Tanh()), particles.Standard()),
    ],
    ids=lambda one: type(one).__name__,
)
def test_a_line_makes_the_object_again(value: object) -> None:
    """Assert that integrators, neurons, laws and scalings are written as the call that makes them."""
    assert eval(repr(value), SCOPE) == value


def test_flows_are_short_too() -> None:
    """Assert that a flow with a risk says what it is made of."""
    assert repr(FLOW).startswith("GradientFlow(risk=Risk(neuron=Perceptron(activation=Tanh()")
