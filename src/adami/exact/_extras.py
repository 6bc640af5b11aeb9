"""What a missing extra says."""

from __future__ import annotations

from importlib.util import find_spec


def need_sklearn(what: str = "this class") -> None:
    """Raise an error with the way out where scikit-learn is missing.

    Raises
    ------
    ImportError
        If scikit-learn is not installed.
    """
    if find_spec("sklearn") is None:
        raise ImportError(f"{what} needs scikit-learn: pip install 'adami[sklearn]'")
