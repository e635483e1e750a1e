"""Words of refusals are English."""

import pytest

from particles.arguments.words import plural, with_article


@pytest.mark.parametrize(
    ("name", "said"), [("Risk", "a Risk"), ("Ensemble", "an Ensemble"), ("NTK", "an NTK"), ("L2", "an L2")]
)
def test_article_goes_by_the_sound(name: str, said: str) -> None:
    """Assert that names and spelled names have their article."""
    assert with_article(name) == said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("an Observer", "Observers"),
        ("a number", "numbers"),
        ("a list of Observers", "lists of Observers"),
        ("a float64 or float32 tensor [data]", "a float64 or float32 tensor [data]"),
    ],
)
def test_plural_is_of_the_first_word(words: str, said: str) -> None:
    """Assert that one thing becomes several, and longer descriptions stay."""
    assert plural(words) == said
