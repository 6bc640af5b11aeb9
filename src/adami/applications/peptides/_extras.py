"""What a missing extra says."""

from __future__ import annotations

from importlib.util import find_spec


def need(module: str, what: str, library: str, extra: str = "peptides") -> None:
    """Raise an error with the way out where a library is missing.

    Raises
    ------
    ImportError
        If it is not installed.
    """
    if find_spec(module) is None:
        raise ImportError(f"{what} needs {library}: pip install 'adami[{extra}]'")
