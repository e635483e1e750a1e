"""Tables of a study file: what is read and what is refused with which sentence."""

import pytest

from particles import NTK, GaussianLaw, GaussianOutputs, Identity, Perceptron, Tanh
from runs.studyfile.model.kinds import MASSES, SCALINGS
from runs.studyfile.model.networks import LAWS
from runs.studyfile.model.sections import built, read_choice
from runs.system.refusal import Refusal


def test_a_name_alone_and_a_table_are_the_same() -> None:
    """Assert that a kind without keys may be given by its name."""
    assert read_choice("scaling", SCALINGS, "ntk") == read_choice("scaling", SCALINGS, {"kind": "ntk"})


def test_a_section_is_built_with_its_values() -> None:
    """Assert that the values reach the function of the kind."""
    section = read_choice("masses", MASSES, {"kind": "zipf", "count": 3, "alpha": 0.5})
    assert built(MASSES, section).tolist() == pytest.approx([36 / 49, 9 / 49, 4 / 49])


def test_a_table_without_a_kind_is_of_the_default_one() -> None:
    """Assert that it is where the default kind has its keys, nested ones too, and is asked for its kind elsewhere."""
    law = read_choice("law", LAWS, {"outputs": "gaussian"}, "gaussian")
    assert law == read_choice("law", LAWS, {"kind": "gaussian", "outputs": {"kind": "gaussian", "variance": 1.0}})
    neuron = Perceptron(Tanh(), Identity(2))
    assert built(LAWS, law, neuron) == GaussianLaw(neuron, GaussianOutputs(1.0), 1.0)
    assert read_choice("law", LAWS, {"outputs": {}}, "gaussian") == read_choice("law", LAWS, "gaussian")
    with pytest.raises(Refusal, match=r"\[law.outputs\] does not say its kind, which is one of rademacher, gaussian"):
        read_choice("law", LAWS, {"outputs": {"variance": 2.0}}, "gaussian")
    with pytest.raises(Refusal, match=r"\[law\] does not say its kind"):
        read_choice("law", LAWS, {"outputs": "gaussian"})


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"kind": "zipff"}, "Unknown kind of .masses. 'zipff'.*did you mean 'zipf'"),
        ({"kind": "zipf", "count": 3, "alhpa": 0.5}, "'alhpa'.*did you mean 'alpha'"),
        ({"kind": "zipf", "alpha": 0.5}, "The key masses.count is missing"),
        ({"kind": "zipf", "count": "3", "alpha": 0.5}, "The value '3' does not do for masses.count"),
        ({"kind": "zipf", "count": 3, "alpha": -0.5}, "masses.alpha: input should be greater than 0"),
        ({"kind": "zipf", "count": 3, "alpha": float("nan")}, "masses.alpha: input should be a finite number"),
        ({"count": 3}, "does not say its kind, which is one of uniform, zipf"),
        (7, "masses is 7, but one of uniform, zipf.* is needed, or a table"),
        ([{"kind": "zipf"}], "masses is .*, but one of uniform, zipf.* is needed, or a table"),
        ({"kind": "zipf", "count": 30.0, "alpha": 0.5}, r"masses\.count: input should be a valid integer, 30\."),
    ],
)
def test_what_does_not_do_is_one_sentence(given: object, sentence: str) -> None:
    """Assert that kinds, keys, types and ranges are refused by name."""
    with pytest.raises(Refusal, match=sentence):
        read_choice("masses", MASSES, given)


def test_rates_of_groups_are_said_where_they_are_given() -> None:
    """Assert that a scaling without rates is written as before there were any, so that its runs stay the same."""
    plain = read_choice("scaling", SCALINGS, "ntk")
    rated = read_choice("scaling", SCALINGS, {"kind": "ntk", "rates": {"output": 0.1}})
    assert plain.model_dump(mode="json") == {"kind": "ntk"}
    assert rated.model_dump(mode="json") == {"kind": "ntk", "rates": {"output": 0.1}}
    assert built(SCALINGS, plain) == NTK() and built(SCALINGS, rated) == NTK(rates={"output": 0.1})
    with pytest.raises(Refusal, match="The value -1.0 does not do for scaling.rates.output: input should be greater"):
        read_choice("scaling", SCALINGS, {"kind": "ntk", "rates": {"output": -1.0}})
