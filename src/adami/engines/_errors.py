"""What engines raise, said once and clearly: which file, row group or line, and never a password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from adami import _delimited
from adami.engines._secrets import redact

if TYPE_CHECKING:
    from adami._delimited import Header

OURS = (ValueError, TypeError, KeyError, ImportError, FileNotFoundError, MemoryError, AssertionError)
UNKNOWN = "for no reason that is known"
FULL = ("no space left", "max_temp_directory_size", "temporary directory", "disk full", "out of disk")


@dataclass(frozen=True, slots=True)
class Origin:
    """The files that a table is read from.

    Parameters
    ----------
    files : tuple of Path
    format : str
    header : Header, optional
        Of text files.
    """

    files: tuple[Path, ...] = ()
    format: str = ""
    header: Header | None = None

    def broken_part(self) -> str | None:
        """Return a sentence that names the file, and the row group or line, that cannot be read."""
        if self.format == "parquet":
            from adami.engines._parquet import broken_part

            return broken_part(self.files)
        if self.header is not None:
            for file in self.files:
                told = _delimited.explain(file, str(file), self.header, UNKNOWN)
                if not told.endswith(UNKNOWN):
                    return told
        return None


@contextmanager
def explained(name: str, origin: Origin) -> Iterator[None]:
    """Turn what an engine raises into one clear error that names the cause, without passwords."""
    try:
        yield
    except OURS as error:
        if redact(str(error)) != str(error):
            raise type(error)(redact(str(error))) from None
        raise
    # every backend has its own exceptions, and all may hold a password
    except Exception as error:  # noqa: BLE001
        if isinstance(error, RuntimeError) and "interrupt" in str(error).lower():
            raise KeyboardInterrupt from None
        raise _translated(error, name, origin) from None


def _translated(error: Exception, name: str, origin: Origin) -> Exception:
    whole = redact(str(error)).strip()
    reason = (whole.splitlines() or [type(error).__name__])[0].strip()
    low = whole.lower()
    if type(error).__name__ == "InterruptException":
        raise KeyboardInterrupt from None
    if any(word in low for word in FULL):
        return OSError(
            f"{redact(name)}: no room left on the disk where the engine puts what memory "
            f"does not hold: {reason}"
        )
    if type(error).__name__ == "OutOfMemoryException":
        return MemoryError(
            f"{redact(name)}: the engine's memory limit does not suffice ({reason}); raise memory_limit=, "
            "or ask for fewer columns"
        )
    return ValueError(origin.broken_part() or f"{redact(name)} cannot be read: {reason}")
