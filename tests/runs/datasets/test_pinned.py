"""Files known by address and checksum: the local folder first, then one download, else one sentence."""

import hashlib
from pathlib import Path

import numpy as np
import pooch
import pytest
import requests

from runs.datasets.pinned import DATA_FOLDER, PinnedFile, numbers_of
from runs.datasets.split import checksum_of
from runs.system.refusal import Refusal

CONTENT = b"1,2\n3,4\n"
FILE = PinnedFile("uci", "small.csv", "https://example.invalid/small.csv", hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty download cache, and no local data folder."""
    folder = tmp_path / "cache"
    monkeypatch.delenv(DATA_FOLDER, raising=False)
    monkeypatch.setattr(pooch, "os_cache", lambda project: folder / project)
    return folder / "meanfield" / "uci"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Stands in for the network: a download writes the first entry; with none left the network is down."""
    contents: list[bytes] = []

    class Downloader:
        """Writes what is served."""

        def __init__(self, *, progressbar: bool = False) -> None:
            pass

        def __call__(self, url: str, output_file: str, pooch: object, *, check_only: bool = False) -> None:
            if not contents:
                raise requests.exceptions.ConnectionError("no route")
            Path(output_file).write_bytes(contents.pop(0))

    monkeypatch.setattr(pooch.core, "choose_downloader", lambda url, progressbar=False: Downloader())
    return contents


def test_local_folder_is_searched_first(
    cache: Path, served: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Assert that a file in $MEANFIELD_DATA is taken without any download."""
    (tmp_path / "uci").mkdir()
    (tmp_path / "uci" / "small.csv").write_bytes(CONTENT)
    monkeypatch.setenv(DATA_FOLDER, str(tmp_path))
    assert FILE.path() == tmp_path / "uci" / "small.csv"


def test_local_file_with_other_bytes_is_refused(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that the refusal names the file, both checksums and the address."""
    (tmp_path / "uci").mkdir()
    (tmp_path / "uci" / "small.csv").write_bytes(CONTENT + b"5,6\n")
    monkeypatch.setenv(DATA_FOLDER, str(tmp_path))
    with pytest.raises(
        Refusal, match=rf"small.csv has sha256 .* but {FILE.sha256[:12]}.* expected: replace it .*{FILE.address}"
    ):
        FILE.path()


def test_download_is_kept_and_not_repeated(cache: Path, served: list[bytes]) -> None:
    """Assert that the second call finds the file of the first without a network."""
    served.append(CONTENT)
    assert FILE.path() == cache / "small.csv"
    assert FILE.path().read_bytes() == CONTENT


def test_download_with_other_bytes_is_refused(cache: Path, served: list[bytes]) -> None:
    """Assert that a wrong download is refused in a sentence and not kept."""
    served.append(b"<html>not the file</html>")
    with pytest.raises(Refusal, match=r"download of small.csv .* does not have the pinned sha256"):
        FILE.path()
    assert not (cache / "small.csv").exists()


def test_no_file_and_no_network_is_one_sentence(cache: Path, served: list[bytes]) -> None:
    """Assert that the refusal names the file, the address and the variable to set."""
    with pytest.raises(
        Refusal, match=rf"small.csv is not in \$MEANFIELD_DATA/uci .* {FILE.address} .* set MEANFIELD_DATA"
    ):
        FILE.path()


def test_numbers_of_a_package_are_the_pinned_ones_or_refused() -> None:
    """Assert that a table cut, changed in one number or unreadable is a sentence that names the package."""
    x, y = np.arange(6.0).reshape(3, 2), np.arange(3.0)
    sha256 = checksum_of(x, y)
    assert numbers_of("small", "a-package", lambda: (x, y), sha256) == (x, y)
    for cut in ((x[:2], y[:2]), (x, y + np.array([0.0, 0.0, 1e-15]))):
        with pytest.raises(
            Refusal, match=r"small inside a-package have sha256 .* is expected: install a-package again"
        ):
            numbers_of("small", "a-package", lambda cut=cut: cut, sha256)

    def broken() -> tuple[np.ndarray, np.ndarray]:
        raise EOFError("Compressed file ended")

    with pytest.raises(Refusal, match=r"cannot be read \(Compressed file ended\): install a-package again"):
        numbers_of("small", "a-package", broken, sha256)
