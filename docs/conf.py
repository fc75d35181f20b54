"""Sphinx configuration: the repository's own Markdown files are the site, where they lie.

The source directory is the root of the repository, so that the links between pages, which work on
the repository's web view, work here as they stand. ``make docs`` builds into ``docs/_build/html``.
"""

import importlib.metadata
import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_extensions"))
os.environ.setdefault("OMP_NUM_THREADS", "1")  # the notebook's tensors are small

project = "fieldvae"
author = "The fieldvae developers"
project_copyright = "The fieldvae developers, BSD-3-Clause"
version = release = importlib.metadata.version("fieldvae")

root_doc = "docs/index"
include_patterns = [
    "docs/**",
    "plugins/*/README.md",
    "examples/README.md",
    "examples/*/README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "README.md",
]
exclude_patterns = ["docs/_*", "**/runs", "**/tests", "**/.*", ".*", "fieldvae"]
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "contents",
    "keys",
    "mathml",
]
templates_path = [str(HERE / "_templates")]  # else sought in different places by page and stub

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
nb_execution_mode = "force"
nb_execution_timeout = 600
nb_execution_raise_on_error = True
nb_merge_streams = True

add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
autosummary_generate = True
napoleon_google_docstring = False
napoleon_use_rtype = False

html_theme = "furo"
html_title = f"fieldvae {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_math_renderer = "mathml"
html_additional_pages = {"index": "redirect.html"}
