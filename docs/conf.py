"""How the site is built: `make docs`."""

from __future__ import annotations

from adami import __version__

project = "adami"
author = "The adami developers"
copyright = "The adami developers"
version = release = __version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build"]
templates_path = ["_templates"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3

autosummary_generate = True
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_validation_checks: set[str] = set()
# a reference list that the text does not cite is fine: it says where the method comes from
suppress_warnings = ["ref.footnote"]

html_theme = "furo"
html_title = f"adami {version}"
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#1f5fae", "color-brand-content": "#1f5fae"},
    "dark_css_variables": {"color-brand-primary": "#8fb8e8", "color-brand-content": "#8fb8e8"},
}
