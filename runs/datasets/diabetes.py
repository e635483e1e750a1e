"""The diabetes table inside scikit-learn: 442 patients, 10 inputs, and disease progression after one year."""

from runs.datasets.pinned import numbers_of
from runs.datasets.split import SplitData, split_table
from runs.system.refusal import Refusal

SOURCE = "scikit-learn, sklearn.datasets.load_diabetes (inside the installed package)"
CITATION = "Efron, Hastie, Johnstone and Tibshirani, Least angle regression, Annals of Statistics 32 (2004) 407-499"

#: SHA-256 of the numbers, which are the same in scikit-learn 1.5 to 1.9.
CHECKSUM = "e9c1f7559552854a24dc45b41c446ce5f79f96e5da081bcce24b57492720b3f7"


def load_diabetes(seed: int) -> SplitData:
    """The table, split and standardised by `split_table`; raises Refusal where scikit-learn is not installed."""
    try:
        from sklearn import datasets
    except ImportError as error:
        raise Refusal(
            "The diabetes table comes with scikit-learn, which is not installed: run 'pip install scikit-learn'."
        ) from error
    inputs, targets = numbers_of(
        "diabetes", "scikit-learn", lambda: datasets.load_diabetes(return_X_y=True, scaled=False), CHECKSUM
    )
    return split_table(inputs, targets, name="diabetes", source=SOURCE, citation=CITATION, checksum=CHECKSUM, seed=seed)
