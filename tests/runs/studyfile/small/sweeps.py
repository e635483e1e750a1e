"""A sweep in a process of its own, with its workers in one group, that can be interrupted or killed as a whole."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from particles.trajectory.content.comparison import differing
from tests.house.source import ROOT
from tests.runs.studyfile.small.studies import write_study

#: Workers keep the state this often, in seconds, once they have imported the module beside the study.
OFTEN = 0.2
LANGEVIN: dict[str, Any] = {
    "flow": {"kind": "langevin", "temperature": 0.1},
    "integrator": {"kind": "euler-maruyama", "step": 0.0625},
    "scaling": "mean-field",
    "frames": {"steps": 40},
    "records": {"steps": 4},
}


def write_sweep(folder: Path, until: float, seeds: int) -> Path:
    """A study of Langevin runs beside a module that lets whoever imports it keep checkpoints often."""
    (folder / "often.py").write_text(
        f"from runs.recorded import trajectory_run\ntrajectory_run.KEEP_SECONDS = {OFTEN}\n"
        "def made(risk, start):\n    return lambda cloud: cloud.positions.mean()\n"
    )
    observables = {"risk": "risk", "mean": {"kind": "import", "path": "often:made"}}
    return write_study(folder, {**LANGEVIN, "until": until, "seeds": seeds, "observables": observables})


def launched(path: Path, out: Path, workers: int = 2) -> subprocess.Popen[str]:
    """`meanfield run` of a study in a session of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "runs", "run", str(path), "--out", str(out), "--workers", str(workers)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True,
    )  # fmt: skip


def at_work(process: subprocess.Popen[str], out: Path, since: float, patience: float = 60.0) -> bool:
    """Wait until a file was written since a moment, of `time.time`; False where the process ends before."""
    deadline = time.monotonic() + patience
    while process.poll() is None and time.monotonic() < deadline:
        if any(file.stat().st_mtime > since for file in out.rglob("run.h5")):
            return True
        time.sleep(0.01)
    return False


def kill_all(process: subprocess.Popen[str]) -> bool:
    """SIGKILL for the process and its workers at once; whether it was still at work."""
    running = process.poll() is None
    if running:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return running


def gone(group: int, patience: float = 60.0) -> bool:
    """Whether every process of a group ends by itself; one that has and was not waited for yet counts as ended."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        shown = subprocess.run(["ps", "-e", "-o", "pgid=,stat="], capture_output=True, text=True, check=True).stdout
        held = [line.split() for line in shown.splitlines()]
        if not [state for number, state in held if int(number) == group and not state.startswith("Z")]:
            return True
        time.sleep(0.1)
    return False


def unequal_files(out: Path, other: Path) -> tuple[int, list[str]]:
    """Number of runs in both folders, and which of them differ in any dataset or are in one only."""
    one, two = ({file.parent.name: file for file in folder.rglob("run.h5")} for folder in (out, other))
    unequal = [name for name in one.keys() & two.keys() if differing(one[name], two[name])]
    return len(one.keys() & two.keys()), sorted([*unequal, *(one.keys() ^ two.keys())])
