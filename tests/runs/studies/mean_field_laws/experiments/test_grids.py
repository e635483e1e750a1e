"""Errors of the grid."""

from runs.studies.mean_field_laws.experiments.grids import COLD, GIBBS, WARM, Grids
from runs.studies.mean_field_laws.study import STUDY
from runs.study.table import Row, Table
from tests.runs.study.smoke import Smoke


def test_error_of_the_fixed_point_is_of_second_order(laws: Smoke) -> None:
    """Assert that every method has its errors, and that twice the cells give the Gibbs measure a quarter of its."""
    table = Table.read(laws.folder / "result.csv")
    errors = {method: table.at("grids", "error", method).values[:, 0] for method in (WARM, COLD, GIBBS)}
    assert all(len(found) == 2 and (found > 0.0).all() for found in errors.values())
    assert abs(errors[GIBBS][0] / errors[GIBBS][1] - 4.0) < 1.0
    (panel,) = Grids().panels(STUDY.configured(scale="smoke", device="cpu"), table)
    assert [line.label for line in panel.lines] == [WARM, COLD, GIBBS]


def test_claims_are_on_the_order() -> None:
    """Assert that cells^(-2) holds and cells^(-1) is violated."""
    for power, verdict in ((-2.0, "holds"), (-1.0, "violated")):
        sizes = [
            (cells, 1.01 ** (number % 2) * cells**power) for number, cells in enumerate((50.0, 100.0, 200.0, 400.0))
        ]
        table = Table(tuple(Row("grids", "error", method, 0, *size) for method in (WARM, GIBBS) for size in sizes))
        claims = Grids().claims(STUDY.configured(scale="laptop", device="cpu"), table)
        assert [claim.verdict for claim in claims] == [verdict] * 2
