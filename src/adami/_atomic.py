"""Write a file whole or not at all: whoever opens it never sees half of it."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path


def write_atomically(path: str | os.PathLike[str], data: bytes) -> None:
    """Write beside the file, flush to the disk, and move over it.

    Parameters
    ----------
    path : path
        A link is followed; what is no regular file (a terminal, a pipe) is written directly.
    data : bytes

    Raises
    ------
    OSError
        If it cannot be written; a file that stood there before is untouched.
    """
    goal = Path(os.path.realpath(path))
    if goal.exists() and not goal.is_file():
        goal.write_bytes(data)
        return
    part = goal.with_name(f".{goal.name[:80]}.{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        with open(part, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if goal.exists():
            shutil.copymode(goal, part)
        os.replace(part, goal)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
