"""Connection strings without their passwords."""

from __future__ import annotations

import re

HIDDEN = "***"
_USER = re.compile(r"(?P<start>[A-Za-z][\w+.-]*://[^\s/:@'\"?#]*):(?P<secret>[^\s'\"]*)@(?=[^\s@'\"]*)")
_WORDS = (
    r"pass(?:word|wd|phrase)?|pwd|(?:\w+[_-])?secret(?:[_-]\w+)?|(?:\w+[_-])?token|(?:\w+[_-])?key"
    r"|credentials?|auth|sig(?:nature)?"
)
_QUERY = re.compile(
    rf"(?P<start>(?:[?&;\s(,\"']|^)(?:{_WORDS})\s*=\s*)(?P<secret>'[^']*'|\"[^\"]*\"|[^\s&;'\"#)]+)",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """Return a text in which no connection string shows its password.

    Parameters
    ----------
    text : str
        A URL, or a message that may contain some.

    Examples
    --------
    >>> from adami.engines import redact
    >>> redact("postgres://ada:s3cret@host/db?sslmode=require&password=s3cret")
    'postgres://ada:***@host/db?sslmode=require&password=***'
    """
    shown = _USER.sub(lambda m: f"{m['start']}:{HIDDEN}@", text)
    return _QUERY.sub(lambda m: f"{m['start']}{HIDDEN}", shown)
