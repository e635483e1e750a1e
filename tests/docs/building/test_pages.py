"""A small build, with the settings of the pages: docstrings, links of public names, included pages."""

import subprocess
import sys
from pathlib import Path

from tests.house.source import ROOT

INDEX = """# Small

```{eval-rst}
.. autofunction:: particles.thin
.. autoclass:: particles.Thinned
```

```{toctree}
study
```
"""


def test_small_build_has_links_and_no_warning(tmp_path: Path) -> None:
    """Assert that docstrings are shown, names lead to their entries, and an included page keeps its links."""
    docs, out = tmp_path / "docs", tmp_path / "out"
    docs.mkdir()
    (tmp_path / "study").mkdir()
    (tmp_path / "study/README.md").write_text("# A study\n\n[back](../STUDIES.md) ![p](p.png)\n")
    (tmp_path / "study/p.png").write_bytes((ROOT / "runs/figures/feature_maps.png").read_bytes())
    (tmp_path / "STUDIES.md").write_text("# All\n")
    (docs / "index.md").write_text(INDEX.replace("study\n```", "study\nall\n```"))
    (docs / "study.md").write_text("```{include} ../study/README.md\n```\n")
    (docs / "all.md").write_text("```{include} ../STUDIES.md\n```\n")
    (docs / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT / 'docs')!r})\n"
        "extensions = ['sphinx.ext.autodoc', 'myst_parser', 'building.pages']\n"
        "exclude_patterns = []\nautodoc_typehints_format = 'short'\n"
    )
    command = [sys.executable, "-m", "sphinx", "-W", "-q", docs, out]
    built = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert built.returncode == 0, built.stderr
    page = (out / "index.html").read_text()
    assert '<span class="pre">Thinned</span></a>' in page
    assert 'href="#particles.Thinned"' in page and "P_j" in page
    study = (out / "study.html").read_text()
    assert 'href="all.html"' in study and "_images/p.png" in study
