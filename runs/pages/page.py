"""The page: parts on whatever paths hold, written as one HTML file."""

from collections.abc import Sequence
from pathlib import Path

from particles.trajectory.content.provenance import distribution_version, utc_now
from runs.pages.found import parts_of
from runs.pages.html import GENERATOR, Page, html_of
from runs.system.files import replacing
from runs.system.refusal import Refusal

#: The page's name in a folder.
PAGE = "report.html"
#: Bytes at the beginning of a page in which its generator stands.
HEAD = 1000
#: What begins the line with its date.
WRITTEN = '<p class="kicker">written on '


def write_page(paths: Path | Sequence[Path], out: Path | None = None) -> Path:
    """Write one HTML file on studies' folders, study files' folders and trajectories, and return its path.

    It holds everything it needs and asks nothing of the network. By default it is report.html in the folder, beside a
    single file NAME-report.html, and else report.html. A page that is there and differs by its date alone stays.
    Raises Refusal where there is nothing to show, a file cannot be read, or the page cannot be written; nothing but
    such a page is replaced.
    """
    given = [paths] if isinstance(paths, Path) else list(paths)
    if not given:
        raise Refusal("No folder and no file was given: name the folder of a study, or trajectories.")
    target = _target(given) if out is None else out
    _check_target(target)
    parts = parts_of(given)
    title = parts[0].title if len(parts) == 1 else _title(given)
    page = Page(title, parts, utc_now(), distribution_version())
    text = html_of(page, target.resolve().parent)
    if _undated(text) == _undated(_content(target)):
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as unfinished:
            unfinished.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise Refusal(f"The page {target} cannot be written ({error.strerror}): name another file.") from error
    return target


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _undated(text: str) -> str:
    """A page without the line on when it was written."""
    before, _, after = text.partition(WRITTEN)
    return before + after.partition("\n")[2]


def _target(given: Sequence[Path]) -> Path:
    if len(given) > 1:
        return Path(PAGE)
    try:
        return given[0] / PAGE if given[0].is_dir() else given[0].with_name(f"{given[0].stem}-{PAGE}")
    except OSError as error:
        raise Refusal(f"{given[0]} cannot be read ({error.strerror}): name another folder or file.") from error


def _check_target(target: Path) -> None:
    """Raise Refusal for a file that is there and is no page."""
    if target.is_dir():
        raise Refusal(f"{target} is a folder, but a file is written: name one that ends in .html with --out.")
    try:
        with target.open("rb") as file:
            head = file.read(HEAD)
    except OSError:
        return
    if f'content="{GENERATOR}"'.encode() not in head:
        raise Refusal(f"{target} is there and is no page of ours: name another file with --out, or remove it.")


def _title(given: Sequence[Path]) -> str:
    return given[0].resolve().name if len(given) == 1 else f"{given[0].name} and {len(given) - 1} more"
