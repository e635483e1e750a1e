"""Texts with formulas as HTML: letters and scripts are marked, everything else is text."""

import ast

import pytest

from runs.pages.formulas import marked, spoken
from tests.house.source import sources


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        (r"$\lambda_{\min}(K)$", "λ<sub>min</sub>(K)"),
        (r"$R = \frac{1}{2n}\,|f-y|^2$", "R = 1/(2n)\u2009|f−y|<sup>2</sup>"),
        (r"${\rm max}_j\,|w_j-w_j(0)|$", "max<sub>j</sub>\u2009|w<sub>j</sub>−w<sub>j</sub>(0)|"),
        (r"$\|K-K(0)\|_2$", "‖K−K(0)‖<sub>2</sub>"),
        (r"$|G-\bar G|_F$", "|G−G\u0304|<sub>F</sub>"),
        (r"$k^u+k^\theta$", "k<sup>u</sup>+k<sup>θ</sup>"),
        (r"$m^{-1/2}$", "m<sup>−1/2</sup>"),
        (r"sliced $W_2$, \$5", "sliced W<sub>2</sub>, $5"),
        ("two\nlines\x1b", "two lines\\x1b"),
        ("$unknown \\foo$", "unknown foo"),
        ("$a_$", "a<sub></sub>"),
        ("$a}b$", "a"),
    ],
)
def test_formulas_become_letters_and_scripts(text: str, shown: str) -> None:
    """Assert that a formula is shown as HTML, and damaged ones as far as they go."""
    assert str(marked(text)) == shown


@pytest.mark.parametrize("text", ["<script>x</script>", "$<b>_{<i>}$", "\"&'", r"$\frac{<a>}{<b>}$"])
def test_whatever_a_text_holds_is_text(text: str) -> None:
    """Assert that outside and inside formulas no mark but scripts comes out."""
    found = str(marked(text))
    for tag in ("<sub>", "</sub>", "<sup>", "</sup>"):
        found = found.replace(tag, "")
    assert not set("<>\"'") & set(found)


def test_what_is_read_aloud_has_no_marks() -> None:
    """Assert that tags are gone from the name of a plot."""
    assert spoken(r"$\lambda_{\min}$ & more") == "λmin & more"


def test_formulas_of_every_study_are_known() -> None:
    """Assert that no command of a formula in a study's code is shown as a backslash, a brace or a dollar."""
    texts = [
        node.value
        for source in sources("runs/studies")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.count("$") == 2
    ]
    assert len(texts) > 20
    assert [text for text in texts if set("\\{}$") & set(str(marked(text)))] == []
