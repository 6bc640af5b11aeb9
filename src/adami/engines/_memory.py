"""Amounts of memory: what people write, and what this machine has."""

from __future__ import annotations

import os
import re
from pathlib import Path

_UNITS = {
    "": 1,
    **{letter: 1000**i for i, letter in enumerate("KMGT", 1)},
    **{f"{letter}I": 1024**i for i, letter in enumerate("KMGT", 1)},
}


def memory_bytes(text: str | int) -> int:
    """Return a number of bytes.

    Raises
    ------
    ValueError
        For what is no amount of memory.

    Examples
    --------
    >>> from adami.engines._memory import memory_bytes
    >>> memory_bytes("1.5GB"), memory_bytes("2 MiB")
    (1500000000, 2097152)
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]I?)?B?\s*", str(text).upper())
    amount = 0 if found is None else int(float(found[1]) * _UNITS[found[2] or ""])
    if amount <= 0:
        raise ValueError(f"memory_limit={text!r} is no amount of memory; write it as 4GB or 500MB")
    return amount


def machine_memory() -> int:
    """Return the memory of this machine, or of the group of processes that it allows us, in bytes."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 4 * 2**30
    allowed = Path("/sys/fs/cgroup/memory.max")
    told = allowed.read_text().strip() if allowed.is_file() else "max"
    return min(whole, int(told)) if told.isdigit() else whole
