"""Files in a figure: names that tell them apart, settings that differ in more than the seed."""

from pathlib import Path

from runs.recorded.curve_groups import names_of, settings_of

A, B, C, D = (Path(name) for name in "abcd")


def flow(scaling: str, digest: str) -> dict[str, object]:
    """A described flow."""
    return {"risk": {"scaling": {"class": f"particles.risk.scaling.{scaling}"}, "data": {"sha256": digest}}}


def test_names_take_as_many_folders_as_they_need() -> None:
    """Assert that stems are enough where they differ, and no two files share a name."""
    assert names_of([Path("x/a.h5"), Path("y/b.h5")]) == {Path("x/a.h5"): "a", Path("y/b.h5"): "b"}
    files = [Path("p/x/run.h5"), Path("q/x/run.h5"), Path("q/y/run.h5"), Path("q/y/other.h5")]
    assert list(names_of(files).values()) == ["p-x-run", "q-x-run", "y-run", "other"]
    assert names_of([A]) == {A: "a"}


def test_seeds_make_no_setting() -> None:
    """Assert that runs of other seeds and digests are one setting without a name."""
    parameters = {
        file: {"seed": n, "config": {"seed": n}, "flow": flow("NTK", str(n))} for n, file in enumerate((A, B))
    }
    assert settings_of(parameters) == {"": (A, B)}


def test_settings_are_named_by_what_sets_them_apart() -> None:
    """Assert that parameters that go together are named once, kinds by what they are the kind of, numbers short."""
    parameters = {
        A: {"config": {"scaling": {"kind": "ntk"}, "law": {"kind": "x"}, "gamma": 0.1 + 0.2}, "seed": 0},
        B: {"config": {"scaling": {"kind": "lazy", "scale": 2.0}, "law": {"kind": "x"}, "gamma": 0.1 + 0.2}, "seed": 0},
        C: {"config": {"scaling": {"kind": "ntk"}, "law": {"kind": "x"}, "gamma": 1.0}, "seed": 0},
        D: {"config": {"scaling": {"kind": "ntk"}, "law": {"kind": "x"}, "gamma": 1.0}, "seed": 1},
    }
    assert settings_of(parameters) == {
        "scaling ntk, gamma 0.3": (A,),
        "scaling lazy, gamma 0.3": (B,),
        "scaling ntk, gamma 1": (C, D),
    }


def test_the_flow_counts_where_nothing_else_differs() -> None:
    """Assert that two scalings of runs without parameters are two settings, named by their classes."""
    assert settings_of({A: {"flow": flow("NTK", "1")}, B: {"flow": flow("MeanField", "2")}}) == {
        "scaling NTK": (A,),
        "scaling MeanField": (B,),
    }


def test_values_that_round_to_one_text_stay_two_settings() -> None:
    """Assert that numbers equal to six digits, and text that reads like a number, are not drawn as one curve."""
    close = {A: {"gamma": 0.12345671}, B: {"gamma": 0.12345672}, C: {"gamma": 0.5}}
    assert settings_of(close) == {"gamma 0.12345671": (A,), "gamma 0.12345672": (B,), "gamma 0.5": (C,)}
    assert settings_of({A: {"x": 1}, B: {"x": "1"}}) == {"x 1": (A,), "x '1'": (B,)}
