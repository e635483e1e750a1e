"""Data sets by name; each is a pure function of a seed and is split into train, validation and test."""

from runs.datasets.diabetes import load_diabetes
from runs.datasets.mnist import load_mnist
from runs.datasets.simulated import load_simulated
from runs.datasets.split import PROTOCOL_SEED, SplitData
from runs.datasets.uci import load_uci
from runs.system.options import DATA_SETS
from runs.system.refusal import chosen

__all__ = ["PROTOCOL_SEED", "SplitData", "load"]


def load(name: str, seed: int = PROTOCOL_SEED) -> SplitData:
    """The data set of this name; the seed permutes the rows of a table and draws simulated data.

    Raises Refusal for an unknown name, and for data that are not installed, cannot be downloaded or are not the pinned
    ones.
    """
    chosen("data set", name, DATA_SETS)
    if name == "diabetes":
        return load_diabetes(seed)
    if name == "mnist":
        return load_mnist(seed)
    if name == "simulated":
        return load_simulated(seed)
    return load_uci(name, seed)
