"""The diabetes table that scikit-learn brings along: 442 patients, 10 inputs, disease progression after one year."""

from runs.datasets.split import SplitData, checksum_of, split_table
from runs.refusal import Refusal

SOURCE = "scikit-learn, sklearn.datasets.load_diabetes (inside the installed package)"
CITATION = "Efron, Hastie, Johnstone and Tibshirani, Least angle regression, Annals of Statistics 32 (2004) 407-499"


def load_diabetes(seed: int) -> SplitData:
    """The unscaled table, split and standardised by the protocol for tables."""
    try:
        from sklearn import datasets
    except ImportError as error:
        raise Refusal(
            "The diabetes table comes with scikit-learn, which is not installed: run 'pip install scikit-learn'."
        ) from error
    inputs, targets = datasets.load_diabetes(return_X_y=True, scaled=False)
    checksum = checksum_of(inputs, targets)
    return split_table(inputs, targets, name="diabetes", source=SOURCE, citation=CITATION, checksum=checksum, seed=seed)
