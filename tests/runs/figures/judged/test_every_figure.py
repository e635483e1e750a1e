"""Every figure that this project draws is without a fault, and the committed ones are those that it draws now.

Figures of studies that follow from the committed table are drawn from it, at the size at which they are committed; the
others from small runs.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from particles import ParticleCloud, Trajectory
from runs.benchmarks.integrators import work_precision
from runs.benchmarks.integrators.work_precision import Point
from runs.figures.film import animate
from runs.figures.heat_maps import HeatMap, draw_heat_maps
from runs.figures.image_rows import draw_image_rows
from runs.figures.written import DRAWN
from runs.inspect.distance import Comparison, draw_distances, frame_distances
from runs.inspect.plot import plot_files
from runs.studies import STUDIES, named
from runs.studies.feature_learning.experiments.pictures import SCATTER, film_file
from runs.studies.feature_learning.networks import SCALINGS
from runs.studies.redraw import home_of
from runs.study.panels import draw
from runs.study.running import RESULT
from runs.study.study import Study
from runs.study.study_figures import figures_of
from runs.study.table import Row, Table
from runs.studyfile.results.figure import draw_study
from runs.studyfile.results.finished_runs import COMPLETE, Found, Setting
from tests.draws import normals
from tests.long import long_after
from tests.runs.figures.judged.drawn import Seen, looked_at
from tests.runs.figures.planes import plane_run
from tests.runs.study.smoke import Smoke

#: Studies with few figures are looked at by everyone, those with many are long.
FEW_FIRST = ("propagation-of-chaos", "mean-field-laws", "kernel-checks")
LONG = ("infinite-width", "kernel-limits", "feature-learning", "early-time", "one-axis", "vignettes")
TIMES = np.geomspace(0.5, 100.0, 20)


def drawn_from(study: Study, table: Table, folder: Path, without: Sequence[str] = ()) -> Seen:
    """Look at all figures of a study that a table gives at the committed size."""
    config = study.configured(scale="laptop", device="cpu", out=folder)
    with looked_at() as seen:
        for figure in figures_of(study, config, table, without):
            draw(figure.panels, folder / figure.file, figure.title)
    return seen


@pytest.mark.parametrize("name", long_after(len(FEW_FIRST), (*FEW_FIRST, *LONG)))
def test_figures_of_a_committed_table(name: str, tmp_path: Path) -> None:
    """Assert that each figure is sound, and that the committed picture is the one that is drawn from the table."""
    home = home_of(name)
    seen = drawn_from(named(name), Table.read(home / RESULT), tmp_path)
    assert seen.faults and not seen.said, seen.said
    for file, fingerprint in seen.fingerprints.items():
        with Image.open(home / file) as image:
            drawn = image.info.get(DRAWN)
        assert drawn == fingerprint, f"{home / file} is not what is drawn now: python -m runs.studies.redraw {name}"


def test_every_study_is_looked_at() -> None:
    """Assert that no study was added without its figures."""
    assert {*FEW_FIRST, *LONG, "asymmetric-scaling"} == set(STUDIES)


def test_figures_of_the_main_job(smoke: Smoke, tmp_path: Path) -> None:
    """Assert that those of trajectories are sound, and those of the two experiments of its limits."""
    study = named("asymmetric-scaling")
    config = study.configured(scale="smoke", device="cpu", out=smoke.folder)
    with looked_at() as seen:
        for figure in figures_of(study, config, Table.read(smoke.folder / RESULT)):
            draw(figure.panels, tmp_path / figure.file, figure.title)
    assert len(seen.faults) > 8 and not seen.said, seen.said
    rows = [
        Row(experiment, quantity, setting, seed, x, (2.0 + number) * x**0.1, 0.1)
        for experiment, quantity, seeds, places in (
            ("variance", "limit", (None,), (0.3, 0.5, 0.8)),
            ("variance", "variance", (0,), (0.5,)),
            ("widths", "largest_movement", (0,), (250.0, 500.0, 1000.0)),
        )
        for number, setting in enumerate(("gamma1.0", "gamma0.5", "gamma0.2", "gamma0.0"))
        for seed in seeds
        for x in places
    ]
    limits = drawn_from(study, Table(tuple(rows)), tmp_path)
    assert set(limits.faults) == {"departure.png", "widths.png"} and not limits.said, limits.said


def test_figures_of_features(tmp_path: Path) -> None:
    """Assert that the scatter of features is sound; it is drawn from the films of three networks."""
    masses = torch.full((40,), 1.0 / 40.0, dtype=torch.float64)
    for scaled in SCALINGS:
        with Trajectory.create(film_file(tmp_path, scaled.name), seed=0, parameters={}) as file:
            for number in range(3):
                file(number, 10.0 * number, ParticleCloud(normals(40, 2, seed=number), masses))
    rows = Table.read(home_of("feature-learning") / RESULT).of("E1.3").rows
    seen = drawn_from(named("feature-learning"), Table(rows), tmp_path)
    assert SCATTER in seen.faults and not seen.said, seen.said


def test_figures_of_the_commands(smoke: Smoke, tmp_path: Path) -> None:
    """Assert that plots, films and distances of the main job are sound, and the plot of a network of two inputs."""
    files = sorted(smoke.folder.glob("*.h5"))
    plane, _, _ = plane_run(tmp_path / "plane.h5")
    comparison = Comparison(files[0], None, "start")
    with looked_at() as seen:
        plot_files(files, tmp_path / "all")
        plot_files(files[:1], tmp_path / "one", [3.0, 700.0])
        plot_files([plane], tmp_path / "plane")
        animate(files[0], tmp_path / "film.gif")
        draw_distances(comparison, list(frame_distances(comparison)), tmp_path / "distance.png")
    assert {"curves.png", "plane-features.png", "plane-particles.png", "film", "distance.png"} <= set(seen.faults)
    assert not seen.said, seen.said


def setting(value: float | str, rate: float, seeds: int = 2) -> Setting:
    """A setting whose two observables fall at a rate, with two seeds."""
    runs = [
        Found(
            f"{value}-{seed}",
            {"seed": seed},
            COMPLETE,
            1.0,
            1.0,
            {name: (TIMES, (1.0 + seed) * np.exp(-rate * TIMES / 20.0)) for name in ("risk", "largest_movement")},
        )
        for seed in range(seeds)
    ]
    return Setting({"masses.alpha": value}, tuple(runs), {"masses.alpha": "masses.alpha"})


@pytest.mark.parametrize("count", [8, 12])
@pytest.mark.parametrize("words", [False, True], ids=["numbers", "words"])
def test_figure_of_a_study_file(count: int, words: bool, tmp_path: Path) -> None:
    """Assert that few and many settings, by numbers and by words, are told apart, with a legend or a colour bar."""
    settings = [setting(f"kind {n}" if words else 0.1 * (n + 1), 0.2 * n) for n in range(count)]
    with looked_at() as seen:
        draw_study(settings, tmp_path / "curves.png", "A sweep of one key over many settings, with two seeds of each")
    assert not seen.said, seen.said


@pytest.mark.parametrize("size", [2, 7, 40])
def test_maps(size: int, tmp_path: Path) -> None:
    """Assert that maps are sound from four cells to many."""
    words = tuple(f"{1000.0 + number:g}" for number in range(size))
    values = np.exp(np.arange(float(size * size)).reshape(size, size) / size)
    maps = [HeatMap(name, "particles m", "α", words, words, values, "$R$") for name in ("risk", "largest movement")]
    with looked_at() as seen:
        draw_heat_maps(maps, tmp_path / "map.png", "A sweep of two keys, each value of one with each of the other")
    assert not seen.said, seen.said


def test_images(tmp_path: Path) -> None:
    """Assert that rows of images are sound."""
    rows = {name: np.random.default_rng(0).normal(size=(12, 8, 8)) for name in ("random", "kernel density")}
    with looked_at() as seen:
        draw_image_rows(rows, tmp_path / "rows.png", title="Features as images of their weights, by their law " * 2)
    assert not seen.said, seen.said


def test_figure_of_a_benchmark(tmp_path: Path) -> None:
    """Assert that nine methods are told apart without a legend."""
    names = ("Adaptive", "BDF", "Exponential", "Chebyshev", "DormandPrince", "CVODE", "dopri5 (torchdiffeq)", "dopri8")
    points = [
        Point(name, error, 10, 0, error, error, (0.1 * 2.0**number * error**-0.5,) * 3)
        for number, name in enumerate((*names, "gradient descent"))
        for error in ((1e-2, 1e-4, 1e-6) if number < 6 else (1e-3,))
    ]
    with looked_at() as seen:
        work_precision.draw(points, tmp_path / "work.png", title="The stiff flow: 1 thread(s), float64")
    assert not seen.said, seen.said
