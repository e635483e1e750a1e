"""Options that several commands have."""

from typing import Annotated

import typer

from runs.cli import completion

Force = Annotated[bool, typer.Option("--force", help="Overwrite files that are there already.")]
Coordinates = Annotated[
    str | None,
    typer.Option(help="Two coordinates of a particle, from 0, as in 0,3; or pca, the two directions of most movement."),
]
LogValues = Annotated[
    bool | None,
    typer.Option("--log/--linear", help="Values on a logarithmic or a linear axis; by default as the numbers allow."),
]
LogTime = Annotated[
    bool,
    typer.Option("--log-time/--linear-time", help="Time on a logarithmic axis, without time zero, or a linear one."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors and the result.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Say versions, time and memory too, and where an error came from.")
]
Scale = Annotated[
    str,
    typer.Option(
        help="smoke (seconds), laptop (minutes) or paper (the published sizes, hours).",
        autocompletion=completion.scales,
    ),
]
NoPage = Annotated[bool, typer.Option("--no-page", help="End without the page report.html.")]
