"""Options that several commands have: each of them is offered by every command that is to have it."""

import pytest
from typer.main import get_command

from runs.cli.commands import app


@pytest.mark.parametrize(
    ("option", "commands"),
    [
        ("--json", {"list", "info", "check", "claims", "distance", "status"}),
        ("--force", {"plot", "animate", "distance", "export", "report"}),
        ("--out", {"plot", "animate", "distance", "export", "run", "reproduce"}),
        ("--coordinates", {"plot", "animate", "export"}),
        ("--log", {"plot", "distance"}),
        ("--linear-time", {"plot", "distance"}),
    ],
)
def test_commands_offer_the_option(option: str, commands: set[str]) -> None:
    """Assert that these commands have the option, under this name."""
    every = get_command(app).commands  # type: ignore[attr-defined]
    offered = {
        name
        for name, command in every.items()
        for param in command.params
        if option in (*param.opts, *param.secondary_opts)
    }
    assert commands <= offered
