"""One rule for every study: what is done is kept, what failed is named, what is asked for more is added."""

import io
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from rich.console import Console

from runs.batch.jobs import Outcome, Stopped
from runs.study import running
from runs.study.claims import read_claims
from runs.study.experiment import PREDICTED, Case
from runs.study.running import Job, longest_first, perform, run_study, table_of
from runs.study.study import Study
from runs.study.table import Row, Table
from runs.system.refusal import Refusal
from tests.long import long
from tests.runs.study.toy import STUDY, Config, Plain, Squares, configured, failing, same


def quiet() -> Console:
    """A console that keeps what it is told."""
    return Console(file=io.StringIO(), width=200)


def stamps(folder: Path) -> dict[str, int]:
    """When each file but the configuration was last written."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name not in ("config.json", ".lock"))
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in files}


def test_a_study_writes_table_claims_and_figures(tmp_path: Path) -> None:
    """Assert that rows of all cases are in the table and its file, claims beside them, and each case in its file."""
    table = run_study(STUDY, configured(tmp_path / "a"), console=quiet())
    assert table.failures == ()
    assert [path.name for path in table.files] == ["result.csv", "claims.csv", "squares.png"]
    assert same(Table.read(tmp_path / "a" / "result.csv"), table)
    assert table.at("E1.1", "square", "all").values.tolist() == [[1.0, 4.0], [2.0, 8.0]]
    assert table.at("E1.1", "square", "all", predicted=True).values.tolist() == [[1.0], [2.0]]
    (claim,) = read_claims(tmp_path / "a" / "claims.csv")
    assert (claim.experiment, claim.result.measured, claim.result.verdict) == ("E1.1", 8.0, "holds")
    cases = {path.name for path in (tmp_path / "a" / "cases").iterdir()}
    assert cases == {"E1.1-predicted.csv", *(f"E1.{part}-seed{seed}.csv" for part in (1, 2) for seed in (0, 1))}
    held = json.loads((tmp_path / "a" / "config.json").read_text())
    assert held["study"] == "toy" and held["rate"] == 1.0 and "seeds" not in held


def test_second_call_redoes_nothing(tmp_path: Path) -> None:
    """Assert that the same call again says so, gives the same table and touches no file."""
    first = run_study(STUDY, configured(tmp_path / "a"), console=quiet())
    before, console = stamps(tmp_path / "a"), quiet()
    assert same(run_study(STUDY, configured(tmp_path / "a"), console=console), first)
    assert "Already complete and not redone: all of them." in console.file.getvalue()
    assert stamps(tmp_path / "a") == before


def test_seeds_are_added_and_fewer_are_shown(tmp_path: Path) -> None:
    """Assert that a third seed is done beside the others, whose files stay, and that fewer seeds are fewer rows."""
    run_study(STUDY, configured(tmp_path / "a"), console=quiet())
    before = stamps(tmp_path / "a")
    more = run_study(STUDY, configured(tmp_path / "a", seeds=3), console=quiet())
    assert more.at("E1.1", "square", "all").seeds == (0, 1, 2)
    assert all(stamps(tmp_path / "a")[name] == stamp for name, stamp in before.items() if name.startswith("cases"))
    fewer = run_study(STUDY, configured(tmp_path / "a", seeds=1), console=quiet())
    assert fewer.at("E1.1", "square", "all").seeds == (0,)


def test_experiments_that_are_named_are_done(tmp_path: Path) -> None:
    """Assert that the others are left alone, and that the table has what the folder has from before."""
    one = run_study(STUDY, configured(tmp_path / "a"), only=("E1.2",), console=quiet())
    assert {row.experiment for row in one} == {"E1.2"}
    both = run_study(STUDY, configured(tmp_path / "a"), only=("E1.1",), console=quiet())
    assert {row.experiment for row in both} == {"E1.1", "E1.2"}
    with pytest.raises(Refusal, match=r"Unknown experiment 'E2'"):
        run_study(STUDY, configured(tmp_path / "a"), only=("E2",), console=quiet())


@pytest.mark.parametrize("workers", [0, long(2)])
def test_a_case_that_fails_is_named_and_the_others_go_on(workers: int, tmp_path: Path) -> None:
    """Assert that it has a sentence and no rows, that claims of its experiment are left out, and a figure is drawn."""
    config = configured(tmp_path / "a", wrong=(1,))
    table = run_study(STUDY, config, workers=workers, console=quiet())
    assert table.failures == ("E1.1-seed1: ValueError: seed 1 is wrong",)
    assert table.at("E1.1", "square", "all").seeds == (0,) and table.at("E1.2", "seed", "only").seeds == (0, 1)
    assert read_claims(tmp_path / "a" / "claims.csv") == () and (tmp_path / "a" / "squares.png").exists()
    assert not (tmp_path / "a" / "cases" / "E1.1-seed1.csv").exists()


def test_mistakes_of_the_program_come_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that what is no number gone wrong is not taken for a failed case, and neither is an interruption."""
    job = Job(Plain(), configured(tmp_path), Case("seed0"), tmp_path)
    for error in (KeyError("seed"), Stopped("now")):

        def measured(*arguments: object, error: Exception = error) -> list[Row]:
            raise error

        monkeypatch.setattr(Plain, "measured", measured)
        with pytest.raises(type(error), match="seed|now"):
            perform(job, lambda step: None)


def test_another_configuration_in_the_folder_is_refused(tmp_path: Path) -> None:
    """Assert that the difference is named and nothing is touched."""
    run_study(STUDY, configured(tmp_path / "a"), console=quiet())
    before = stamps(tmp_path / "a")
    with pytest.raises(Refusal, match=r"holds runs of another configuration \(rate: there 1.0, here 3.0\)"):
        run_study(STUDY, configured(tmp_path / "a", rate=3.0), console=quiet())
    assert stamps(tmp_path / "a") == before


def test_a_folder_from_before_a_field_was_added_is_gone_on_with(tmp_path: Path) -> None:
    """Assert that a field that the folder's configuration does not know does not turn it down."""
    run_study(STUDY, configured(tmp_path / "a"), console=quiet())
    path = tmp_path / "a" / "config.json"
    held = json.loads(path.read_text())
    path.write_text(json.dumps({name: value for name, value in held.items() if name != "loud"}))
    before = stamps(tmp_path / "a")
    run_study(STUDY, configured(tmp_path / "a"), console=quiet())
    assert stamps(tmp_path / "a") == before


def test_table_of_an_earlier_layout_is_kept(tmp_path: Path) -> None:
    """Assert that it gets another name, is said to, and that the new table stands in its place."""
    run_study(STUDY, configured(tmp_path / "a"), console=quiet())
    (tmp_path / "a" / "result.csv").write_text("panel,curve,seed,x,value\nold,a,0,1.0,2.0\n")
    console = quiet()
    table = run_study(STUDY, configured(tmp_path / "a"), console=console)
    assert (tmp_path / "a" / "result.earlier.csv").read_text().endswith("old,a,0,1.0,2.0\n")
    assert same(Table.read(tmp_path / "a" / "result.csv"), table)
    assert "it is kept as result.earlier.csv" in console.file.getvalue()


def test_a_damaged_case_is_refused(tmp_path: Path) -> None:
    """Assert that a file of rows that somebody cut is named, with what to do."""
    run_study(STUDY, configured(tmp_path / "a"), console=quiet())
    (tmp_path / "a" / "cases" / "E1.1-seed0.csv").write_text("experiment,quantity,curve,seed,x,value,error\nE1.1,sq")
    with pytest.raises(Refusal, match=r"E1\.1-seed0\.csv is damaged at line 2.*remove the file"):
        run_study(STUDY, configured(tmp_path / "a"), console=quiet())


def test_missing_figure_is_drawn_again(tmp_path: Path) -> None:
    """Assert that a removed figure comes back with the same bytes, and no case is touched."""
    run_study(STUDY, configured(tmp_path / "a"), console=quiet())
    figure = tmp_path / "a" / "squares.png"
    before, cases = figure.read_bytes(), stamps(tmp_path / "a" / "cases")
    figure.unlink()
    run_study(STUDY, configured(tmp_path / "a"), console=quiet())
    assert figure.read_bytes() == before and stamps(tmp_path / "a" / "cases") == cases


def test_begun_cases_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a case that says it has begun is among those continued, and that none has begun all of it."""
    monkeypatch.setattr(Plain, "begun", lambda self, config, case, folder: 1, raising=False)
    monkeypatch.setattr(Plain, "cases", lambda self, config: [Case("long", 0, 9)], raising=False)
    console = quiet()
    run_study(Study("toy", "", "", Config, (Plain(),)), configured(tmp_path / "a"), console=console)
    assert "Continued from the state kept last: E1.2-long." in console.file.getvalue()
    assert Job(Plain(), configured(tmp_path), Case("seed0"), tmp_path).begun == 0


def test_of_one_seed_the_longest_is_begun_first(tmp_path: Path) -> None:
    """Assert that seeds and experiments stay in their order, predictions first, and cases of a seed go by size."""
    cases = [PREDICTED, Case("a", 0, 3), Case("b", 0, 2, weight=2.0), Case("c", 1, 1), Case("d", 1, 9), Case("e", 0, 7)]
    config = configured(tmp_path)
    jobs = [Job(one, config, case, tmp_path) for one in (Squares(), Plain()) for case in cases]
    names = [job.name for job in longest_first(jobs)]
    assert names == [f"{one}-{name}" for one in ("E1.1", "E1.2") for name in ("predicted", *"badce")]


def note_process(folder: Path, name: str) -> None:
    """Leave the number of the process behind."""
    (folder / name).write_text(str(os.getpid()))


def test_calls_that_compile_are_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that each is done once by a process of its own before the cases, and none where one process does all."""
    calls = [partial(note_process, tmp_path, name) for name in ("a", "b")]
    monkeypatch.setattr(Plain, "warmed", lambda self, config: calls)
    monkeypatch.setattr(running, "perform_all", lambda pending, *args, **kwargs: [Outcome(0.0) for _ in pending])
    study = Study("toy", "", "", Config, (Plain(),))
    run_study(study, configured(tmp_path / "alone"), console=quiet(), workers=1)
    assert not (tmp_path / "a").exists()
    run_study(study, configured(tmp_path / "two"), console=quiet(), workers=2)
    processes = {(tmp_path / name).read_text() for name in ("a", "b")}
    assert str(os.getpid()) not in processes
    monkeypatch.setattr(running, "are_forked", lambda: False)
    (tmp_path / "a").unlink()
    run_study(study, configured(tmp_path / "spawned"), console=quiet(), workers=2)
    assert not (tmp_path / "a").exists()


def test_failures_come_in_the_order_of_the_cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that sentences are in the order of the table, whichever case was begun first."""
    cases = [Case("short", 0, 1), Case("long", 0, 9)]
    monkeypatch.setattr(Plain, "cases", lambda self, config: cases, raising=False)
    monkeypatch.setattr(Plain, "measured", failing)
    table = run_study(Study("toy", "", "", Config, (Plain(),)), configured(tmp_path / "a"), console=quiet())
    assert [sentence.partition(":")[0] for sentence in table.failures] == ["E1.2-short", "E1.2-long"]


def test_experiments_count_alike_in_the_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that three of five cases are three fifths, whether an experiment counts by ones or by thousands."""
    seen: list[tuple[int, int]] = []
    monkeypatch.setattr(
        running.BatchProgress, "show", lambda self, done, failed=(): seen.append((sum(done), sum(self._sizes)))
    )
    monkeypatch.setattr(Plain, "cases", lambda self, config: [Case("a", 0, 4000), Case("b", 1, 8000)], raising=False)
    study = Study("toy", "", "", Config, (Squares(), Plain()))
    run_study(study, configured(tmp_path / "a", seeds=2), console=quiet(), workers=0)
    shares = {round(done / all_of_them, 2) for done, all_of_them in seen}
    assert shares == {0.2, 0.4, 0.6, 0.73, 1.0}


SLOW = """
import sys, time
from pathlib import Path
from tests.runs.study import toy
from runs.study.running import run_study

def measured(self, config, case, folder, report, whole=toy.Squares.measured):
    rows = list(whole(self, config, case, folder, report))
    time.sleep(0.15)
    return rows

toy.Squares.measured = measured
run_study(toy.STUDY, toy.configured(Path(sys.argv[1]), seeds=12))
"""


def test_kill_loses_at_most_the_running_case(tmp_path: Path) -> None:
    """Assert that after kill -9 at several moments the cases that were done are kept, and the end is that of one go."""
    whole = run_study(STUDY, configured(tmp_path / "whole", seeds=12), console=quiet())
    folder = tmp_path / "killed"
    for count in (2, 5, 9):
        process = subprocess.Popen([sys.executable, "-c", SLOW, str(folder)], stderr=subprocess.DEVNULL)
        end = time.monotonic() + 60.0
        while len(list((folder / "cases").glob("*.csv"))) < count and process.poll() is None:
            assert time.monotonic() < end
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        done = stamps(folder / "cases")
        assert len([name for name in done if name.endswith(".csv")]) >= count
        assert len(table_of(STUDY, configured(folder, seeds=12), folder).rows) >= 2 * count
    run_study(STUDY, configured(folder, seeds=12), console=quiet())
    assert all(stamps(folder / "cases")[name] == stamp for name, stamp in done.items() if name.endswith(".csv"))
    assert (folder / "result.csv").read_bytes() == (tmp_path / "whole" / "result.csv").read_bytes()
    assert same(table_of(STUDY, configured(folder, seeds=12), folder), whole)


def test_files_of_cases_have_names_of_their_own(tmp_path: Path) -> None:
    """Assert that no two cases of a study share a file."""
    config = configured(tmp_path, seeds=5)
    jobs = [Job(one, config, case, tmp_path) for one in (Squares(), Plain()) for case in one.cases(config)]
    assert all(first.path != second.path for first, second in itertools.combinations(jobs, 2))
    assert running.CASES == jobs[0].path.parent.name
