"""The diabetes table inside scikit-learn: 442 patients, 10 inputs, and disease progression after one year."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from runs.datasets.pinned import numbers_of
from runs.datasets.split import SplitData, Table, split_table
from runs.system.refusal import Refusal

SOURCE = "scikit-learn, sklearn.datasets.load_diabetes (inside the installed package)"
CITATION = "Efron, Hastie, Johnstone and Tibshirani, Least angle regression, Annals of Statistics 32 (2004) 407-499"

#: SHA-256 of the numbers, which are the same in scikit-learn 1.5 to 1.9.
CHECKSUM = "e9c1f7559552854a24dc45b41c446ce5f79f96e5da081bcce24b57492720b3f7"
#: Where scikit-learn has inputs and targets.
FILES = ("datasets/data/diabetes_data_raw.csv.gz", "datasets/data/diabetes_target.csv.gz")


def load_diabetes(seed: int) -> SplitData:
    """The table, split and standardised by `split_table`; raises Refusal where scikit-learn is not installed."""
    found = find_spec("sklearn")
    if found is None or found.origin is None:
        raise Refusal(
            "The diabetes table comes with scikit-learn, which is not installed: run 'pip install scikit-learn'."
        )
    folder = Path(found.origin).parent
    inputs, targets = numbers_of("diabetes", "scikit-learn", lambda: _read(folder), CHECKSUM)
    return split_table(inputs, targets, name="diabetes", source=SOURCE, citation=CITATION, checksum=CHECKSUM, seed=seed)


def _read(folder: Path) -> tuple[Table, Table]:
    """Inputs [442, 10] and targets [442] from the files, since importing the package takes more than a second.

    A version that has its files elsewhere is asked itself.
    """
    paths = [folder / name for name in FILES]
    if all(path.is_file() for path in paths):
        inputs, targets = (np.loadtxt(path) for path in paths)
        return inputs, targets
    from sklearn import datasets

    numbers: tuple[Table, Table] = datasets.load_diabetes(return_X_y=True, scaled=False)
    return numbers
