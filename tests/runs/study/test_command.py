"""A study from the command line: options that are fields, and the table that is printed."""

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from runs.studies import STUDIES, named
from runs.study.command import command, parsed, summaries
from runs.study.table import Row, Table
from runs.system.refusal import Refusal
from tests.runs.study.toy import STUDY, configured


@pytest.mark.parametrize(
    ("rest", "names", "options"),
    [
        ((), [], {}),
        (("E1.2", "--rate", "0.5", "E1.1"), ["E1.2", "E1.1"], {"rate": "0.5"}),
        (("--rate=0.5", "--widths", "3,4"), [], {"rate": "0.5", "widths": ["3", "4"]}),
        (("--loud", "E1.1"), ["E1.1"], {"loud": True}),
        (("--loud=false",), [], {"loud": "false"}),
        (("--doubled",), [], {"doubled": True}),
        (("--rate", "-1"), [], {"rate": "-1"}),
    ],
)
def test_options_are_fields(rest: tuple[str, ...], names: list[str], options: dict[str, Any]) -> None:
    """Assert that names of experiments and values are told apart, flags and lists included."""
    assert parsed(STUDY, rest) == (names, options)


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        (("--raet", "1"), r"toy: Unknown option '--raet': choose one of --scale, .*--rate, .*; did you mean '--rate'"),
        (("--data", "diabetes"), r"toy: Unknown option '--data': choose one of --scale"),
        (("--rate",), r"The option --rate needs a value: give --rate VALUE"),
        (("E9",), r"Unknown experiment 'E9': choose one of E1\.1, E1\.2"),
        (("-r", "1"), r"toy: Unknown option '-r'"),
    ],
)
def test_what_is_unknown_gets_a_list(rest: tuple[str, ...], said: str) -> None:
    """Assert that a wrong option or experiment is one sentence with the right ones."""
    with pytest.raises(Refusal, match=said):
        parsed(STUDY, rest)


@pytest.mark.parametrize(
    ("options", "field", "value"),
    [
        ({"rate": "0.5"}, "rate", 0.5),
        ({"widths": ["3", "4"]}, "widths", (3, 4)),
        ({"loud": "true"}, "loud", True),
        ({"doubled": True}, "rate", 2.0),
        ({"doubled": True, "rate": "5"}, "rate", 5.0),
    ],
)
def test_values_reach_the_configuration(options: dict[str, Any], field: str, value: object, tmp_path: Path) -> None:
    """Assert that texts become numbers, lists and truth, and that a value goes before a switch."""
    assert getattr(configured(tmp_path, **options), field) == value


def test_wrong_value_is_named() -> None:
    """Assert that a value out of range is one sentence with its field."""
    with pytest.raises(Refusal, match=r"The value '-1' does not do for rate: input should be greater than 0"):
        STUDY.configured(rate="-1")


@pytest.mark.parametrize("name", STUDIES)
def test_every_option_of_every_study_is_read(name: str) -> None:
    """Assert that for each field of each study there is an option, and that its own value is accepted."""
    study = named(name)
    config = study.configured(scale="smoke", out=Path("a"))
    for field, value in config.model_dump().items():
        if value is None or (field == "data" and not study.config.data_sets):
            continue
        text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        _, options = parsed(study, [f"--{field.replace('_', '-')}={text}"])
        given = {"scale": "smoke", "out": Path("a")} | options
        assert getattr(study.configured(**given), field) == value, field


def test_command_prints_what_was_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Assert that the usual experiments are done, the table and the files are shown, and a failure is told."""
    given = {"scale": "smoke", "out": tmp_path / "a"}
    assert command(STUDY, given, ())
    said = capsys.readouterr().out
    assert "Squares of seeds: 2 seeds" in said and "squared" in said and "every width" in said and "± 3" in said
    assert f"{tmp_path / 'a' / 'squares.png'}\n" in said and not list((tmp_path / "a" / "cases").glob("E1.2*"))
    assert not command(STUDY, given | {"out": tmp_path / "b"}, ("--wrong", "0,1", "E1.1", "E1.2"))
    heard = capsys.readouterr()
    assert "Failed: E1.1-seed0: ValueError: seed 0 is wrong" in heard.err and "Nothing but seeds" in heard.out


def test_cells_have_half_the_range_or_the_error(tmp_path: Path) -> None:
    """Assert that several seeds show mean and half range at the last x, one seed its standard error or nothing."""
    rows = [Row("E1.1", "square", "all", seed, 2.0, value) for seed, value in enumerate((1.0, 2.0, 6.0))]
    rows += [Row("E1.1", "square", "all", 0, 1.0, 99.0), Row("E1.2", "seed", "only", 0, 0.0, 4.0, 0.25)]
    console = Console(file=io.StringIO(), width=80)
    for part in summaries(STUDY, configured(tmp_path), Table(tuple(rows))):
        console.print(part)
    said = console.file.getvalue()
    assert "3\n" in said.replace(" ", "") and "± 2.5" in said and "± 0.25" in said and "99" not in said
