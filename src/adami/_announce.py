"""Say once that kernels are being compiled: the first run takes seconds longer, and nobody should wonder
why."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

_said = False


def announce(*kernels: Any) -> None:
    """Write one line to standard error if a kernel has neither been compiled nor cached on disk.

    Parameters
    ----------
    *kernels : Numba dispatchers
        What is about to be called; without any the line is written unconditionally. Said once a process, and
        never when ``ADAMI_QUIET`` is set.
    """
    global _said
    if _said or os.environ.get("ADAMI_QUIET") or (kernels and not _must_compile(kernels)):
        return
    _said = True
    sys.stderr.write(
        "adami: compiling numerical kernels, once on this machine; later runs load them from a cache\n"
    )
    sys.stderr.flush()


def _must_compile(kernels: Sequence[Any]) -> bool:
    return any(not k.signatures and not _cached(k) for k in kernels)


def _cached(kernel: Any) -> bool:
    """Tell whether Numba has an index of compiled versions of this kernel on disk."""
    cache = getattr(kernel, "_cache", None)
    path, name = (
        getattr(cache, "cache_path", None),
        getattr(getattr(cache, "_impl", None), "filename_base", None),
    )
    if not path or not name or not os.path.isdir(path):
        return False
    return any(f.startswith(name) and f.endswith(".nbi") for f in os.listdir(path))
