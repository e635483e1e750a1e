"""Settings of the documentation: python -m sphinx docs docs/_build/html."""

import os
import sys
from configparser import ConfigParser
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS))

settings = ConfigParser()
settings.read(DOCS.parent / "setup.cfg", encoding="utf-8")

project = settings["metadata"]["name"]
author = settings["metadata"]["author"]
release = settings["metadata"]["version"]
copyright = author

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
    "myst_parser",
    "sphinx_copybutton",
    "sphinx_design",
    "building.pages",
]
exclude_patterns = ["_build", "building", "gallery"]
templates_path = ["building/templates"]
nitpicky = True
nitpick_ignore_regex = [
    # What others document; this build reaches no network.
    (
        r"py:.*",
        r"(Tensor|torch|numpy|pandas|matplotlib|np|jaxtyping|collections|typing|pathlib|os|xarray|h5py|pydantic|types)(\..*)?",
    ),
    # Type variables and parts of the library that annotations name and no user calls.
    (r"py:.*", r".*\.(State|S|T|Member|_\w+)"),
    (r"py:.*", r"(particles|flows|limits|runs)\.[a-z_]+\..*"),
]

autosummary_generate = True
autosummary_generate_overwrite = True
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True

myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence", "attrs_inline"]

os.environ.setdefault("OMP_NUM_THREADS", "1")  # scripts of the gallery are small
sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "_gallery",
    "filename_pattern": r"\.py$",
    "subsection_order": [f"gallery/{part}" for part in ("first_steps", "theory", "papers", "files")],
    "within_subsection_order": "FileNameSortKey",
    "reset_modules": ("building.gallery_figures.look",),
    "backreferences_dir": "_gallery/used",
    "doc_module": ("particles", "flows", "limits", "runs"),
    "inspect_global_variables": True,
    "abort_on_example_error": False,
    "only_warn_on_example_error": False,
    "remove_config_comments": True,
    "show_signature": False,
    "thumbnail_size": (540, 260),
    "download_all_examples": False,
    "write_computation_times": False,
}

highlight_language = "text"  # formulas are no code

html_theme = "pydata_sphinx_theme"
html_title = "meanfield-particles"
html_static_path = ["building/look"]
html_css_files = ["pages.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "navbar_align": "left",
    "show_toc_level": 2,
    "header_links_before_dropdown": 7,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "navigation_with_keys": False,
    "search_bar_text": "Search",
}
html_sidebars = {
    page: [] for page in ("index", "start", "concepts", "features", "commands", "measured", "CONTRIBUTING")
}
