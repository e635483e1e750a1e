"""The mechanism: which classes show themselves, what users derive from them, and the table of a notebook."""

import pickle
import sys
from collections.abc import Mapping
from dataclasses import dataclass, make_dataclass
from types import ModuleType
from typing import Any, ClassVar, NamedTuple

import pytest
import torch

from particles import L2, Deep, Dense, MeanField, ParticleCloud, Risk, Tanh
from particles.arguments.display import show_objects_of
from particles.arguments.display.shown import table
from tests.front_door.parts import RISK
from tests.problems import small_cloud


class Marked(ParticleCloud):
    """A user's cloud, written as ours."""


@dataclass(frozen=True, eq=False, init=False)
class Labelled(ParticleCloud):
    """A user's cloud as a dataclass, which has its own `__init__` and field."""

    labels: torch.Tensor


@dataclass(frozen=True, eq=False)
class Weighed(Risk):
    """A user's risk with a tensor."""

    weights: torch.Tensor | None = None


class Silent(ParticleCloud):
    """A user's cloud that writes itself."""

    def __repr__(self) -> str:
        return "mine"


class Quiet(Silent):
    """Derived from a cloud that writes itself."""


def test_derived_classes_show_themselves() -> None:
    """Assert that classes of users are written by the mechanism under their own names, also as dataclasses."""
    cloud = small_cloud()
    said = "(particles=5, dim=2, masses=0.05 to 0.35, effective number 4, dtype=float64, device=cpu)"
    assert repr(Marked(cloud.positions, cloud.masses)) == f"Marked{said}"
    assert repr(Labelled(cloud.positions, cloud.masses)) == f"Labelled{said}"
    weighed = Weighed(RISK.neuron, RISK.scaling, RISK.loss, RISK.data, weights=torch.zeros(9, 9))
    assert "tensor" not in repr(weighed) and "weights=float32[9, 9]" in repr(weighed)


def test_own_words_of_derived_classes_stay() -> None:
    """Assert that a class of users that writes itself, and one derived from it, are left alone."""
    cloud = small_cloud()
    assert repr(Silent(cloud.positions)) == repr(Quiet(cloud.positions)) == "mine"


def test_bases_of_derived_classes_are_still_told() -> None:
    """Assert that the words that a class statement takes reach a base that asks for them."""

    class Registering:
        """A base that registers what is derived from it."""

        names: ClassVar[list[str]] = []

        def __init_subclass__(cls, *, name: str = "", **named: Any) -> None:
            """Register the class."""
            super().__init_subclass__(**named)
            cls.names.append(name)

    class Both(ParticleCloud, Registering, name="both"):
        """Derived from two."""

    assert Registering.names == ["both"]
    assert repr(Both(small_cloud().positions)).startswith("Both(particles=5")


def module_of(members: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A package `planted` with a module of these members."""
    module = ModuleType("planted.inner")
    for name, one in members.items():
        one.__module__ = "planted.inner"
        setattr(module, name, one)
    monkeypatch.setitem(sys.modules, "planted.inner", module)
    show_objects_of("planted")


def test_what_takes_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that dataclasses, named tuples and classes with `_shown` take part, and others and strangers do not."""

    class Told:
        """Says what it shows."""

        def _shown(self) -> dict[str, object]:
            return {"size": 3}

    class Other:
        """Says nothing."""

    class Pair(NamedTuple):
        """Two things."""

        one: torch.Tensor
        two: int

    Value = make_dataclass("Value", [("tensor", torch.Tensor)])
    Stranger = make_dataclass("Stranger", [("tensor", torch.Tensor)])
    module_of({"Told": Told, "Other": Other, "Pair": Pair, "Value": Value}, monkeypatch)
    assert repr(Told()) == "Told(size=3)"
    assert repr(Pair(torch.zeros(3), 1)) == "Pair(one=float32[3], two=1)"
    assert repr(Value(torch.zeros(3))) == "Value(tensor=float32[3])"
    assert "tensor([" in repr(Stranger(torch.zeros(3)))
    assert not hasattr(Other(), "_repr_html_")


def test_objects_are_pickled_and_compared_as_before() -> None:
    """Assert that values keep their equality, hash and pickles."""
    assert pickle.loads(pickle.dumps(L2(0.5))) == L2(0.5)
    assert hash(MeanField()) == hash(MeanField())


def test_table_has_a_row_for_each_part() -> None:
    """Assert that parts are rows, layers lie below each other, and the number of coordinates is there."""
    shown = table(Deep(3, [Dense(4), Dense(1)], Tanh()))
    assert "<caption>Deep</caption>" in shown
    assert "Dense(width=4)<br>Dense(width=1)" in shown
    assert '<tr><th>dim</th><td style="text-align: left">16</td></tr>' in shown


def test_table_of_a_long_list_is_cut() -> None:
    """Assert that of many layers the first ones are shown, and their number."""
    shown = table(Deep(3, [*[Dense(4)] * 30, Dense(1)], Tanh()))
    assert shown.count("Dense(width=4)") == 12 and "... 31 in all" in shown


def test_table_is_escaped() -> None:
    """Assert that what a user's text or class contains is no markup."""
    Tag = make_dataclass("Tag", [("text", str)])
    shown = table(Tag("<script>alert(1)</script> & more"))
    assert "<script>" not in shown and "&lt;script&gt;" in shown and "&amp; more" in shown
