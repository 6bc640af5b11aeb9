"""The files that a path or a pattern means."""

from __future__ import annotations

import glob
from pathlib import Path

from adami.files import _near_files


def matching(pattern: str) -> list[Path]:
    """Return the files of a path or a pattern, in order.

    Raises
    ------
    FileNotFoundError
        When there are none; near names are offered for a plain path.
    """
    if Path(pattern).is_dir():
        raise ValueError(
            f"{pattern} is a folder; name its files with a pattern, as in {pattern.rstrip('/')}/*.parquet"
        )
    files = (
        [Path(pattern)]
        if Path(pattern).exists()
        else [Path(p) for p in sorted(glob.glob(pattern, recursive=True))]
    )
    files = [f for f in files if f.is_file()]
    if not files and glob.has_magic(pattern):
        raise FileNotFoundError(f"no file fits the pattern {pattern}")
    if not files:
        raise FileNotFoundError(f"no such file: {pattern}{_near_files(Path(pattern))}")
    for file in files:
        if file.stat().st_size == 0:
            raise ValueError(f"{file} is empty")
    return files
