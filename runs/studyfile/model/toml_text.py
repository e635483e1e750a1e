"""The text of a study file as a table of values, with advice for what is not TOML."""

import re
import tomllib
from pathlib import Path
from typing import Any

from particles.trajectory.files.regular_file import NotAFile
from runs.system.files import content_of
from runs.system.refusal import Refusal

#: Beginnings of files in UTF-16 and UTF-32, and what plain text never holds.
WIDE = (b"\xff\xfe", b"\xfe\xff", b"\x00")
#: What word processors and web pages make of quotes, minus and spaces, and what TOML needs.
TYPOGRAPHIC = {
    **dict.fromkeys("“”„«»", '"'),
    **dict.fromkeys("‘’‚", "'"),
    **dict.fromkeys("\u2212\u2013\u2014", "-"),
    **dict.fromkeys("\u00a0\u2028\u200b", "a plain space"),
}
#: What a line looks like that another language would take, and what is written instead.
SLIPS = (
    (r"^(//|;|%|--|/\*)", "a remark begins with #"),
    (r"^- ", "a list is written as key = [1, 2]"),
    (r"^[\w.\"'-]+\s*:", "write = for the colon"),
    (r"^\[[^\]]*$", "the name of a table ends with ]"),
    (r"^\[[^\]]*\]\s*[^#\s]", "a table's name has a line to itself"),
    (r"=\s*(True|False)\b", "write true or false"),
    (r"=\s*(None|null|nil|nan|NaN)\b", "leave the key out"),
    (r"=\s*[+-]?(\.\d|\d+\.(\D|$))", "a number has digits on both sides of its point, as in 0.5 and 5.0"),
    (r"=\s*[+-]?\d+,\d", "a number has a point and no comma"),
    (r"=\s*\"[^\"]*\\", "write \\\\ or / for each \\ between double quotes"),
    (r"=\s*[A-Za-z][\w-]*$", "text stands in double quotes"),
    (r"=\s*$", "the value is missing"),
    (r"^[^=]*$", "write key = value"),
)
LONGEST = 80


#: Tables, lists and parts of a key lie in each other so deep at most; integers have so many bits.
DEEPEST, BITS = 32, 64
DEEP = f"is nested more than {DEEPEST} deep, which no study is: write fewer levels"
LONG = f"holds an integer beyond 2^{BITS}, which nothing here takes: write a smaller one, or a float"
#: What is no key outside of quotes, and a key of more parts than that: the parser takes their number squared.
_QUOTED = re.compile(r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*', re.DOTALL)
_LONG_KEY = re.compile(rf"(?<![\w-])(?:[\w-]++[ \t]*+\.[ \t]*+){{{DEEPEST}}}")


class Unreadable(ValueError):
    """TOML that no study needs and that would take a parser to its limits; what is wrong, after the file's name."""


def read_toml(text: str) -> dict[str, Any]:
    """The values of a text; raises TOMLDecodeError where it is no TOML, Unreadable for what is too deep or too long."""
    if _LONG_KEY.search(_QUOTED.sub("quoted", text)):
        raise Unreadable(f"has a key of more than {DEEPEST} parts, which no study has: write shorter ones")
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError as error:
        raise Unreadable(DEEP) from error
    except ValueError as error:
        raise Unreadable(LONG) from error
    waiting: list[tuple[object, int]] = [(values, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > DEEPEST:
            raise Unreadable(DEEP)
        if isinstance(value, int) and value.bit_length() > BITS:
            raise Unreadable(LONG)
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        waiting += [(one, depth + 1) for one in inner]
    return values


def parsed(path: Path) -> dict[str, Any]:
    """The values of a TOML file, a byte order mark passed over. Raises Refusal with the line where it is none."""
    text = _text(path)
    try:
        values = read_toml(text)
    except Unreadable as error:
        raise Refusal(f"The study file {path} is not valid TOML for a study, it {error}.") from error
    except tomllib.TOMLDecodeError as error:
        raise Refusal(f"The study file {path} is not valid TOML ({error}): {_advice(text, str(error))}.") from error
    if not values:
        raise Refusal(f"The study file {path} holds no key: begin with the example of STUDY_FILES.md.")
    return values


def _text(path: Path) -> str:
    try:
        content = content_of(path)
    except NotAFile as error:
        other = "the study file in it" if error.is_folder else "a study file"
        raise Refusal(f"{path} is {error.strerror}: name {other}.") from error
    except OSError as error:
        raise Refusal(f"The study file {path} cannot be read ({error.strerror}): check the name.") from error
    try:
        if content.startswith(WIDE[:2]) or WIDE[2] in content:
            raise Refusal(f"The study file {path} is not UTF-8 text but UTF-16 or no text: save it as UTF-8.")
        return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Refusal(
            f"The study file {path} is not UTF-8 text (byte {content[error.start]:#04x} in line {line}): save it as "
            "UTF-8."
        ) from error


def _advice(text: str, said: str) -> str:
    """What to do, from the line at which the parser stopped."""
    if text.lstrip().startswith("{"):
        return "it looks like JSON, and a study has one key a line, as in until = 10.0"
    lines = text.rstrip().split("\n")
    found = re.search(r"at line (\d+)", said)
    number = min(int(found.group(1)) if found else len(lines), len(lines))
    line = lines[number - 1].strip(" \t")
    odd = next((mark for mark in line if mark in TYPOGRAPHIC), None)
    if odd is not None:
        advice = f"write {TYPOGRAPHIC[odd]} for {odd!r}"
    elif any(word in said for word in ("overwrite", "twice", "mutate")):
        advice = "that is there already, leave one of the two out"
    else:
        advice = next((advice for pattern, advice in SLIPS if re.search(pattern, line)), "mend it")
    return f"line {number} reads {line[:LONGEST]!r}, {advice}"
