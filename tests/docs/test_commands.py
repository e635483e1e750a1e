"""The page of commands names them all."""

from runs.cli.commands import app
from tests.house.source import ROOT

TEXT = (ROOT / "docs/commands.md").read_text(encoding="utf-8")


def test_every_command_is_on_the_page() -> None:
    """Assert that the page has a row for each command that the program offers."""
    names = {command.name or command.callback.__name__ for command in app.registered_commands}
    assert {"run", "info"} <= names
    assert {name for name in names if f"| `meanfield {name.replace('_', '-')}" not in TEXT} == set()
