"""The command `run`: a study by name, or one in a file."""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from runs.cli import completion
from runs.cli.exit_codes import FAILED, interrupted
from runs.cli.options import NoPage, Scale
from runs.cli.report import report_at_end
from runs.studies import module_of, named
from runs.system.options import DATA_SETS, DEVICES, SCALES
from runs.system.printable import printable
from runs.system.refusal import Refusal
from runs.system.verbosity import remark

if TYPE_CHECKING:  # torch takes seconds to import, and light commands do without it
    from particles import Ranks

Study = Annotated[
    str,
    typer.Argument(
        help="Name of a study (`meanfield list` shows them) or a file STUDY.toml.",
        autocompletion=completion.studies_and_files,
    ),
]
Rest = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[EXPERIMENT]... [--FIELD VALUE]...",
        help="For a study by name: which of its experiments, and any field of its configuration as an option, such as "
        "--rate 0.5, --widths 64,256, --integrator descent or --code-conventions; a wrong one lists them.",
        autocompletion=completion.after_study,
    ),
]
Data = Annotated[str, typer.Option(help=f"Data set: {', '.join(DATA_SETS)}.", autocompletion=completion.data_sets)]
Device = Annotated[
    str,
    typer.Option(help="auto, cpu or cuda; auto takes CUDA where there is one.", autocompletion=completion.devices),
]

#: Options of `run` for studies by name alone, and for study files alone.
OF_NAMED = {"data", "scale", "device", "seeds"}
OF_FILES = {"settings", "dry_run", "scheduler", "ensemble", "stale", "no_summary"}


class StudyCommand(TyperCommand):
    """The command with options that the study which is named has, in completions."""

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """The completions of typer, and the options of the study, which are offered as what may follow its name."""
        found = super().shell_complete(ctx, incomplete)
        if incomplete.startswith("-"):
            known = {item.value for item in found}
            (rest,) = (param for param in self.params if param.name == "rest")
            found += [item for item in rest.shell_complete(ctx, incomplete) if item.value not in known]
        return found


def option_of(name: str) -> str:
    """How a parameter is called on the command line."""
    return "--" + name.replace("_", "-").replace("settings", "set")


def refuse_options(given: set[str], meant: str, advice: str) -> None:
    """Raise Refusal for options that belong to another kind of study."""
    if given:
        raise Refusal(f"The option {option_of(min(given))} is for {meant}: leave it out, or {advice}.")


def refuse_rest(rest: list[str]) -> None:
    """Raise Refusal for what a study file does not know."""
    for word in rest:
        if word.startswith("-"):
            own = ", ".join(sorted(map(option_of, OF_FILES | {"out", "workers"})))
            advice = f"use --set KEY=VALUE (a file has {own})"
            raise Refusal(f"The option {word} is for a study by name: leave it out, or {advice}.")
        raise Refusal(f"The study file is followed by {word!r}: name one file, and values of its keys by --set.")


def refuse_ranks(ranks: "Ranks | None") -> None:
    """Raise Refusal where torchrun started several processes for what one does."""
    if ranks is not None and ranks.count > 1:
        raise Refusal("torchrun is for `meanfield run STUDY.toml`, whose runs are shared by ranks: leave it out here.")


def tell_loading(study: str) -> None:
    """Say what takes the first seconds, where it does."""
    if "torch" not in sys.modules:
        remark(printable(f"{study}: loading the libraries ..."))


def begin_workers(module: str, scale: str, device: str, workers: int | None) -> None:
    """Let processes for a study import it while this process does, where it is going to have some.

    By default it has none at the smallest scale and on a GPU.
    """
    several = scale != SCALES[0] and device != "cuda" if workers is None else workers > 0
    if several:
        from runs.batch.fork_server import begin

        begin((module,))


def run(
    context: typer.Context,
    study: Study,
    rest: Rest = None,
    data: Data = DATA_SETS[0],
    scale: Scale = SCALES[1],
    device: Device = DEVICES[0],
    seeds: Annotated[int | None, typer.Option(help="How many seeds, from 0; the scale decides if not given.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the results; by default results/STUDY-DATA-SCALE or results/STUDY.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="For a file: KEY=VALUE instead of its own, any number of times.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="For a file: say what would be done, and do nothing.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=0, help="How many processes; 0 is this one, by default one a core.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="For a file: the Dask scheduler whose workers do the runs, as tcp://host:8786.")
    ] = None,
    ensemble: Annotated[
        int | None, typer.Option(min=1, help="For a file: how many runs of one size a process evolves side by side.")
    ] = None,
    stale: Annotated[str, typer.Option(help="For a file: refuse or redo runs whose data or code changed.")] = "refuse",
    no_summary: Annotated[bool, typer.Option("--no-summary", help="For a file: end without table and figure.")] = False,
    no_page: NoPage = False,
) -> None:
    """Run a study: trajectories, a table and figures go into one folder.

    The same command again continues what was interrupted and leaves alone what is complete.
    """
    given = {name for name in context.params if str(context.get_parameter_source(name)).endswith("COMMANDLINE")}
    try:
        if study.lower().endswith(".toml"):
            refuse_options(given & OF_NAMED, "a study by name", "use --set")
            refuse_rest(rest or [])
            tell_loading(study)
            from runs.studyfile.study import command as run_file

            place = (Path(study), settings or (), out, dry_run, workers, scheduler, context.obj)
            page = None if no_page else partial(report_at_end, words="page: ")
            succeeded = run_file(*place, ensemble, stale, not no_summary, page)
        else:
            refuse_ranks(context.obj)
            refuse_options(given & OF_FILES, "a study file", "name a file STUDY.toml")
            begin_workers(module_of(study), scale, device, workers)
            tell_loading(study)
            found = named(study)
            from runs.study.command import command as run_named

            known = {"data": data, "scale": scale, "device": device, "seeds": seeds, "out": out, "workers": workers}
            chosen = {name: known[name] for name in known.keys() & given}
            succeeded = run_named(found, chosen, rest or (), None if no_page else report_at_end)
    except KeyboardInterrupt as error:
        raise interrupted() from error
    if not succeeded:
        raise typer.Exit(FAILED)
