"""The figures of E3.4 as data: what is in them, and in which order."""

from runs.studies.vignettes.convexity_panels import MIDDLE, Run, density_panels, excess_panels, floor_panels, shown
from runs.study.table import Table
from tests.runs.studies.vignettes.small import small


def test_runs_grow_and_shrink_together() -> None:
    """Assert that the n-th number of bumps goes with the n-th width, and that curves tell runs apart."""
    config = small(convex_counts=(10, 20), convex_widths=(0.3, 0.2))
    assert [run.curve for run in Run.growing(config)] == ["N = 10, δ = 0.3", "N = 20, δ = 0.2"]
    assert Run.largest(config) == Run(1, 20, 0.2)
    assert Run(1, 20, 0.2, "noise").curve == "noise"
    middle = Run(1, 20, 0.2, MIDDLE)
    assert middle.curve == "from the middle, δ = 0.2"
    assert (middle.bumps.place, Run(1, 20, 0.2).bumps.place) == (0.0, 0.4)


def test_three_early_densities_are_shown() -> None:
    """Assert that the start is one of them and the last is a quarter of the way."""
    assert shown(small(convex_frames=40)) == (0, 2, 10)
    assert shown(small(convex_frames=4)) == (0, 1, 1)


def test_panels_have_every_curve(vignettes_table: Table) -> None:
    """Assert that L is shown with limit and bound, in every dimension, and densities beside the limit and f."""
    config = small()
    excess, noise, dimensions = excess_panels(config, vignettes_table)
    assert [line.label for line in excess.lines][-2:] == ["limit", "bound"]
    assert [line.label for line in noise.lines] == ["batches", "noise", "limit", "limit with noise"]
    assert len(dimensions.lines) == len(config.convex_balls) + 1
    assert all(line.values.size for panel in (excess, noise, dimensions) for line in panel.lines)
    densities = list(density_panels(config, vignettes_table))
    assert len(densities) == 3 and all(line.values.size for panel in densities for line in panel.lines)
    floors = list(floor_panels(config, vignettes_table))
    assert [[line.label for line in panel.lines] for panel in floors] == 2 * [["N = 20", "N = 60", "from the middle"]]
