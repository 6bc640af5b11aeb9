"""Names that are imported when first asked for, so that `import adami` stays fast."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def attach(
    package: str, where: Mapping[str, str]
) -> tuple[list[str], Callable[[str], Any], Callable[[], list[str]]]:
    """Return ``__all__``, ``__getattr__`` and ``__dir__`` for a package whose names live in its modules.

    Parameters
    ----------
    package : str
        ``__name__`` of the package.
    where : mapping of public name -> module of the package
        A name must differ from every module of the package, or the module would hide it.
    """
    names = sorted(where)

    def __getattr__(name: str) -> Any:
        if name not in where:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(f"{package}.{where[name]}"), name)
        # found without this function from now on
        sys.modules[package].__dict__[name] = value
        return value

    def __dir__() -> list[str]:
        return names

    return names, __getattr__, __dir__
