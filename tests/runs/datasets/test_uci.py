"""The four UCI tables, read from $MEANFIELD_DATA where it is set."""

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from runs.datasets.pinned import DATA_FOLDER
from runs.datasets.split import split_rows, standardised
from runs.datasets.uci import TABLES, load_uci
from runs.system.refusal import Refusal

SHAPES = {"concrete": (412, 8), "energy": (307, 8), "airfoil": (601, 5), "plant": (3827, 4)}


@pytest.mark.parametrize("name", TABLES)
def test_real_table_has_the_published_shape(name: str) -> None:
    """Assert that the real file passes its checksum and gives the published rows and inputs."""
    folder = os.environ.get(DATA_FOLDER)
    if not folder or not (Path(folder) / "uci" / TABLES[name].file.name).is_file():
        pytest.skip(f"needs {DATA_FOLDER} to name a folder with uci/{TABLES[name].file.name}")
    data = load_uci(name, seed=10)
    assert data.train.inputs.shape == SHAPES[name]
    assert data.validation.count == SHAPES[name][0]
    assert data.train.outputs == 1
    assert data.checksum == TABLES[name].file.sha256


@pytest.mark.parametrize("name", TABLES)
def test_columns_are_inputs_and_then_the_target(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that inputs are the columns before the target, and that energy's second target is left out."""
    table = TABLES[name]
    values = np.random.default_rng(0).normal(size=(20, 10 if name == "energy" else table.inputs + 1))
    file = tmp_path / "uci" / table.file.name
    file.parent.mkdir()
    np.savetxt(file, values, delimiter=table.delimiter)
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    monkeypatch.setenv(DATA_FOLDER, str(tmp_path))
    monkeypatch.setitem(TABLES, name, replace(table, file=replace(table.file, sha256=sha256)))
    data = load_uci(name, seed=10)
    train = split_rows(20, 10)[0]
    target = SHAPES[name][1]
    assert np.allclose(data.train.inputs, standardised(values[train, :target], values[train, :target]), rtol=1e-12)
    assert np.allclose(data.train.targets[:, 0], standardised(values[train, target], values[train, target]), rtol=1e-12)


def test_tampered_table_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a file of the right name with other bytes is refused before a number of it is used."""
    (tmp_path / "uci").mkdir()
    (tmp_path / "uci" / "Concrete_Data.csv").write_text("1,2,3,4,5,6,7,8,9\n" * 30)
    monkeypatch.setenv(DATA_FOLDER, str(tmp_path))
    with pytest.raises(Refusal, match=r"Concrete_Data.csv has sha256 \w{12}\.\.\., but da64ec0d1039\.\.\. is expected"):
        load_uci("concrete", seed=10)
