"""What comes along with `import adami` and with the command line's help."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    *(
        "sklearn",
        "torch",
        "pandas",
        "polars",
        "scipy",
        "numba",
        "duckdb",
        "narwhals",
        "matplotlib",
        "pyarrow",
    ),
    *("rich", "typer", "jinja2", "joblib"),
}


def imported_by(code: str) -> set[str]:
    listing = f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True)
    return {line.split(".")[0] for line in done.stdout.splitlines()}


@pytest.mark.parametrize(
    "code",
    [
        "import adami",
        "import adami.estimators",
        "import adami.acquisition",
        "import adami.files, adami.papers, adami.report.results",
    ],
)
def test_import_is_light(code: str) -> None:
    assert imported_by(code) & HEAVY == set()


def test_help_imports_what_it_draws_with_and_nothing_else() -> None:
    code = """
import sys
from adami.cli import main

sys.argv = ["adami", "--help"]
try:
    main()
except SystemExit:
    pass
"""
    assert imported_by(code) & HEAVY <= {"rich", "typer"}


def test_every_public_name_is_there() -> None:
    import adami

    for name in adami.__all__:
        assert getattr(adami, name) is not None
