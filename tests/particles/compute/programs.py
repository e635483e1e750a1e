"""Starts a program of this folder in a process of its own and reads the JSON that it prints.

Triton decides when it is imported whether kernels are interpreted, and importing it would decide for every test that
follows in the process.
"""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from typing import Any

import pytest

from particles.compute.backend_choice import TRITON
from tests.house.source import ROOT
from tests.particles.risk.contracts.members import ACTIVATIONS

#: The activations that have a formula in Triton.
IN_TRITON = [activation for activation, _ in ACTIVATIONS if type(activation) in TRITON.activations]

needs_triton = pytest.mark.skipif(
    importlib.util.find_spec("triton") is None, reason="needs triton, which is published for Linux only"
)


@cache
def printed(program: str, what: str, *, interpret: bool) -> Any:
    """What `python -m tests.particles.compute.PROGRAM WHAT` prints, warnings being errors."""
    command = [sys.executable, "-W", "error", "-m", f"tests.particles.compute.{program}", what]
    with tempfile.TemporaryDirectory() as folder:
        triton = {"TRITON_INTERPRET": "1" if interpret else "0", "TRITON_CACHE_DIR": folder}
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **triton}, capture_output=True, text=True, timeout=600, check=False
        )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
