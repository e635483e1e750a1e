"""The text of a study file: what is read, and the advice for what is not TOML."""

import os
from pathlib import Path

import pytest

from runs.studyfile.model.reading import read_study
from runs.studyfile.model.toml_text import parsed
from runs.system.refusal import Refusal

PLAIN = 'until = 10.0\nscaling = "ntk"  # “as” in the paper\n\n[masses]\n\tcount = 3\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("name", ["study.toml", "STUDY.TOML"])
def test_every_editor_s_file_is_read(tmp_path: Path, encoding: str, end: str, name: str) -> None:
    """Assert that a byte order mark, line ends and tabs make no difference."""
    (tmp_path / name).write_bytes(PLAIN.replace("\n", end).encode(encoding))
    assert parsed(tmp_path / name) == {"until": 10.0, "scaling": "ntk", "masses": {"count": 3}}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_wide_text_is_named(tmp_path: Path, encoding: str) -> None:
    """Assert that UTF-16, as some editors call Unicode, is told from other mistakes."""
    (tmp_path / "study.toml").write_bytes(PLAIN.encode(encoding))
    with pytest.raises(Refusal, match="is not UTF-8 text but UTF-16 or no text: save it as UTF-8"):
        parsed(tmp_path / "study.toml")


def test_a_byte_that_is_not_utf_8_is_named_with_its_line(tmp_path: Path) -> None:
    """Assert that text in an old encoding is refused at the first mark that shows it."""
    (tmp_path / "study.toml").write_bytes("until = 10.0\n# größer\n".encode("latin-1"))
    with pytest.raises(Refusal, match=r"is not UTF-8 text \(byte 0xf6 in line 2\): save it as UTF-8"):
        parsed(tmp_path / "study.toml")


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("until 10", "line 1 reads 'until 10', write key = value"),
        ("a = 1\nuntil: 10\n", "line 2 reads 'until: 10', write = for the colon"),
        ('{"until": 10}', "it looks like JSON, and a study has one key a line"),
        ("- until\n", "a list is written as"),
        ("// remark\nuntil = 1", "line 1 reads '// remark', a remark begins with #"),
        ("scaling = ntk", "text stands in double quotes"),
        ("scaling = “ntk”", "write \" for '“'"),
        ("scaling = ‘ntk’", "write ' for '‘'"),
        ("a = \u22121", "write - for"),
        ("a = 1\n\u00a0b = 2", r"line 2 reads .*, write a plain space for"),
        ("a = True", "write true or false"),
        ("a = None", "leave the key out"),
        ("a = .5", "digits on both sides of its point"),
        ("a = 5.", "digits on both sides of its point"),
        ("a = 1,000", "a number has a point and no comma"),
        ('file = "C:\\data\\x.npz"', "between double quotes"),
        ("a =", "the value is missing"),
        ("a = 1\nb = 2\na = 3\nc = 4", "line 3 reads 'a = 3', that is there already, leave one of the two out"),
        ("[m]\na = 1\n[n]\n[m]\nb = 1", "line 4 reads '\\[m\\]', that is there already"),
        ("[m\na = 1", "the name of a table ends with ]"),
        ("[m] a = 1", "a table's name has a line to itself"),
        ("a = [1, 2\n\n", "line 1 reads 'a = \\[1, 2', mend it"),
        ("", "holds no key: begin with the example"),
        ("# nothing yet\n", "holds no key: begin with the example"),
    ],
)
def test_what_is_no_toml_is_shown_with_what_to_write(tmp_path: Path, text: str, advice: str) -> None:
    """Assert that the line and the nearest right form are in the sentence, which is one line."""
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(Refusal, match=advice) as refused:
        parsed(tmp_path / "study.toml")
    assert "\n" not in str(refused.value)


def test_a_folder_and_nothing_are_refused(tmp_path: Path) -> None:
    """Assert that what is no file is one sentence."""
    with pytest.raises(Refusal, match="is a folder: name the study file in it"):
        parsed(tmp_path)
    with pytest.raises(Refusal, match=r"nowhere\.toml cannot be read \(No such file or directory\): check the name"):
        parsed(tmp_path / "nowhere.toml")


ENDLESS: dict[str, tuple[str, str]] = {
    "decimal": ("9" * 5000, "holds an integer beyond 2"),
    "of 100 digits": ("9" * 100, "holds an integer beyond 2"),
    "hexadecimal": ("0x" + "f" * 5000, "holds an integer beyond 2"),
    "lists": ("[" * 5000 + "]" * 5000, "is nested more than 32 deep"),
    "some lists": ("[" * 40 + "]" * 40, "is nested more than 32 deep"),
    "tables": ("{a = " * 5000 + "1" + "}" * 5000, "is nested more than 32 deep"),
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_values_without_end_are_refused(tmp_path: Path, kind: str) -> None:
    """Assert that numbers and lists that take a parser to its limits are told, in the file and given by --set."""
    value, sentence = ENDLESS[kind]
    path = tmp_path / "study.toml"
    path.write_text(f"until = {value}\n")
    with pytest.raises(Refusal, match=sentence):
        parsed(path)
    path.write_text("until = 1.0\n")
    with pytest.raises(Refusal, match=f"The value of --set masses.count {sentence}"):
        read_study(path, [f"masses.count={value}"])


@pytest.mark.parametrize("line", ["{} = 1", "[{}]", "a = {{ {} = 1 }}", "  {}.'b' = 1", "[[{}]]"])
def test_a_key_without_end_is_refused_at_once(tmp_path: Path, line: str) -> None:
    """Assert that fifty thousand parts are not handed to the parser, which takes minutes."""
    path = tmp_path / "study.toml"
    path.write_text(line.format(".".join(["a"] * 50_000)))
    with pytest.raises(Refusal, match="has a key of more than 32 parts"):
        parsed(path)


@pytest.mark.parametrize(
    "text", ['a = "{}"', "a = '{}'", 'a = """\n{}"""', "a = '''\n{}'''", "a = 1 # {}", 'a = "\\"{}"']
)
def test_dots_in_text_are_no_key(tmp_path: Path, text: str) -> None:
    """Assert that a text or a remark may have as many dots as it likes."""
    path = tmp_path / "study.toml"
    path.write_text(text.format(".".join(["a"] * 100)))
    assert list(parsed(path)) == ["a"]


def test_a_pipe_and_a_device_are_not_opened(tmp_path: Path) -> None:
    """Assert that what is no file is told before it is waited for or read without end."""
    os.mkfifo(tmp_path / "study.toml")
    (tmp_path / "zeros.toml").symlink_to("/dev/zero")
    for name in ("study.toml", "zeros.toml"):
        with pytest.raises(Refusal, match="is a pipe or a device: name a study file"):
            parsed(tmp_path / name)
