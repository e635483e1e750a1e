"""The command line, `meanfield` or `python -m runs`: one sentence and exit code 2 on bad input."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer
from typer.main import get_command

from runs.cli.commands import app
from runs.cli.exit_codes import FAILED, INTERRUPTED, misused, refused
from runs.system.refusal import Refusal, WorkerLost
from runs.system.signals import terminable
from runs.system.torchrun import done_together, launched
from runs.system.verbosity import one_command, trace

if TYPE_CHECKING:  # torch takes seconds to import, and light commands do without it
    from particles import Ranks


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0 done, 1 a run failed, 2 bad input, 130 interrupted by Ctrl-C, 143 by SIGTERM, 129 by SIGHUP.
    """
    with terminable() as heard, one_command():
        code = _code(arguments)
    return heard.code if heard.terminated and code == INTERRUPTED else code


def _code(arguments: Sequence[str] | None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    if launched():
        return done_together(lambda ranks: code_of(given, ranks))
    return code_of(given, None)


def code_of(given: list[str], ranks: "Ranks | None") -> int:
    """The exit code of the command, done by this process alone or as one of the ranks."""
    try:
        code = get_command(app).main(args=given or ["--help"], prog_name="meanfield", standalone_mode=False, obj=ranks)
    except typer.TyperException as error:
        return refused(misused(error))
    except Refusal as error:
        trace(error)
        return refused(str(error))
    except WorkerLost as error:
        trace(error)
        print(f"meanfield: {error}", file=sys.stderr)
        return FAILED
    except (KeyboardInterrupt, typer.Abort):
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    sys.exit(main())
