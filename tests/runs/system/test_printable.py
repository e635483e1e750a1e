"""What a terminal is shown of text that somebody else wrote."""

from pathlib import Path

import pytest

from runs.system.printable import printable, shortened
from tests.runs.study.smoke import spoken
from tests.runs.studyfile.small.studies import write_study


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("plain, ä and 質量", "plain, ä and 質量"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("no character: \ud7fc", "no character: \\ud7fc"),
    ],
)
def test_what_is_no_character_is_escaped(line: str, shown: str) -> None:
    """Assert that letters of any script stay and what steers a terminal does not."""
    assert printable(line) == shown


def test_a_refusal_escapes_what_it_quotes(tmp_path: Path) -> None:
    """Assert that a key of a study file that is no text comes back in a sentence that is."""
    path = write_study(tmp_path, {"sweep": {"kind": "zip", "over": {"\ud7fc": ""}}})
    code, _, told = spoken("run", str(path), "--dry-run")
    assert (
        code == 2
        and "'\\ud7fc' is not a key: write for example masses.count." in told
        and told.rstrip("\n").isprintable()
    )


def test_a_failure_is_shown_with_its_brackets(tmp_path: Path) -> None:
    """Assert that the error of a run is shown as it is, even where it looks like the markup of a terminal."""
    (tmp_path / "odd.py").write_text(
        "def made(risk, start):\n    def fail(cloud):\n        raise ValueError('[/x] is [bold]')\n    return fail\n"
    )
    path = write_study(tmp_path, {"observables": {"odd": {"kind": "import", "path": "odd:made"}}})
    code, _, told = spoken("run", str(path), "--out", str(tmp_path / "[red]"), "--workers", "0")
    assert code == 1 and "ValueError: [/x] is [bold]" in told and "[red]" in told


def test_long_text_is_shortened_in_the_middle() -> None:
    """Assert that a text of the length asked for stays, and that of a longer one beginning and end do."""
    assert shortened("x" * 80) == "x" * 80
    assert shortened("a" * 1000 + "b" * 1000, 20) == "a" * 15 + " ... " + "b" * 5


def test_a_refusal_stays_readable_whatever_it_quotes(tmp_path: Path) -> None:
    """Assert that a sentence about a key of a hundred thousand letters does not flood the terminal."""
    code, _, told = spoken("run", str(write_study(tmp_path)), "--set", f"{'a' * 100_000}=1")
    assert code == 2 and len(told) < 3000 and told.startswith("meanfield: Unknown key")
