"""`meanfield status`: the report, its JSON, and runs that are at work while it is asked for."""

import json
import subprocess
import sys
import time
from pathlib import Path

from tests.runs.study.smoke import Smoke, spoken
from tests.runs.studyfile.small.studies import write_study


def test_report_on_a_study_by_name(smoke: Smoke) -> None:
    """Assert that the smoke study is told complete, in words and as JSON, and that nothing in its folder changes."""
    before = {path: path.stat().st_mtime_ns for path in smoke.folder.rglob("*")}
    code, out, err = spoken("status", str(smoke.folder))
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == f"{smoke.folder}: 4 cases of asymmetric-scaling, 4 finished"
    assert "E0.1" in out and "100 %" in out and "variance, widths" in out
    assert "variance" not in spoken("status", "-q", str(smoke.folder))[1]
    code, out, _ = spoken("status", str(smoke.folder), "--json")
    (found,) = json.loads(out)
    assert (code, found["study"], found["counts"]["finished"], found["done"]) == (0, "asymmetric-scaling", 4, 1.0)
    assert {run["name"] for run in found["runs"]} == {path.stem for path in (smoke.folder / "cases").iterdir()}
    assert before == {path: path.stat().st_mtime_ns for path in smoke.folder.rglob("*")}


def test_report_while_a_run_is_at_work(tmp_path: Path) -> None:
    """Assert that a run at work is told so, and comes to its end undisturbed by those who ask."""
    out = tmp_path / "out"
    study = write_study(tmp_path, {"until": 30.0, "frames": {"steps": 1}})
    command = [sys.executable, "-m", "runs", "run", str(study), "--out", str(out), "--workers", "0", "--no-summary"]
    states = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            if (out / "index.csv").exists():
                code, told, err = spoken("status", str(out), "--json")
                assert (code, err) == (0, "")
                ((run,),) = (found["runs"] for found in json.loads(told))
                states.append(run["state"])
            time.sleep(0.05)
        assert process.returncode == 0, process.communicate()
    assert "running" in states and set(states) <= {"missing", "running", "finished"}
    assert "1 finished" in spoken("status", str(out))[1]


def test_folders_of_nobody_are_one_sentence(tmp_path: Path) -> None:
    """Assert that a folder without results and no folder at all exit with 2."""
    for folder in (tmp_path, tmp_path / "none"):
        code, out, err = spoken("status", str(folder), "--json")
        assert (code, out) == (2, "") and "results" in err and len(err.splitlines()) == 1
