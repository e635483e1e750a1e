"""Four regression tables of the UCI repository: concrete, energy (heating load), airfoil and plant."""

from dataclasses import dataclass

import numpy as np

from runs.datasets.pinned import PinnedFile
from runs.datasets.split import SplitData, split_table

_REGRESSION = "https://raw.githubusercontent.com/pharmbio/SCPRegression/c81780ec84318a604179f6c51aedca3ac6e0534e/data/"
_LEARNING = (
    "https://raw.githubusercontent.com/ShusenTang/Dive-into-DL-PyTorch/09c8bacc08599eb86236551454ba43b82cb91498/data/"
)


@dataclass(frozen=True)
class UciTable:
    """The layout of one file: `inputs` columns of inputs, and then a column with the target."""

    name: str
    file: PinnedFile
    inputs: int
    delimiter: str
    citation: str


def _pinned(name: str, folder: str, sha256: str) -> PinnedFile:
    return PinnedFile(folder="uci", name=name, address=folder + name, sha256=sha256)


TABLES = {
    table.name: table
    for table in (
        UciTable(
            name="concrete",
            file=_pinned(
                "Concrete_Data.csv", _REGRESSION, "da64ec0d1039e195fbf28406f7c2e396b76dd75eeebbc0a5493d269dffcea3b7"
            ),
            inputs=8,
            delimiter=",",
            citation="Yeh, Concrete Compressive Strength, UCI repository (1998), CC BY 4.0",
        ),
        UciTable(
            name="energy",
            file=_pinned(
                "ENB2012_data.csv", _REGRESSION, "6d6a39ff73c55463cf31f2aaae890501a7d803349b547e219227c8fb7a6d9899"
            ),
            inputs=8,
            delimiter=",",
            citation="Tsanas and Xifara, Energy Efficiency, UCI repository (2012), CC BY 4.0",
        ),
        UciTable(
            name="airfoil",
            file=_pinned(
                "airfoil_self_noise.dat", _LEARNING, "10ee06e6cfb27dae6b44213d421d217012fb1f9b697592e73a4e4016b52d425f"
            ),
            inputs=5,
            delimiter="\t",
            citation="Brooks, Pope and Marcolini, Airfoil Self-Noise, UCI repository (1989), CC BY 4.0",
        ),
        UciTable(
            name="plant",
            file=_pinned(
                "Folds5x2_pp.csv", _REGRESSION, "cdcd6986360350a188cc851769caec70ebdaa75791975a63cec7a6488f1207bc"
            ),
            inputs=4,
            delimiter=",",
            citation="Tüfekci and Kaya, Combined Cycle Power Plant, UCI repository (2014), CC BY 4.0",
        ),
    )
}


def load_uci(name: str, seed: int) -> SplitData:
    """One of the four tables, split and standardised by `split_table`; the target of energy is the heating load."""
    table = TABLES[name]
    values = np.loadtxt(table.file.path(), delimiter=table.delimiter, dtype=np.float64)
    return split_table(
        values[:, : table.inputs],
        values[:, table.inputs],
        name=name,
        source=table.file.address,
        citation=table.citation,
        checksum=table.file.sha256,
        seed=seed,
    )
