"""Messages of the library, said in the words of the command line."""

from __future__ import annotations

import re

_PAIRED = re.compile(r"\b(method|missing|permutations)=['\"]?(\w+)['\"]?")
_KINDS = re.compile(r"\bkinds=\{(.+?): ?['\"]?(\w+)['\"]?\}")
_BARE = re.compile(r"\b(max_rows|memory_limit|key|format|tol)=(?![\w'\"])")
_ANY_KIND = re.compile(r"\bkinds=(?!\{)")


def for_shell(text: str) -> str:
    """Turn keyword arguments in a message into options.

    Parameters
    ----------
    text : str

    Examples
    --------
    >>> from adami.cli._words import for_shell
    >>> for_shell("pass missing='drop', or kinds={'year': 'discrete'}")
    'pass --missing drop, or --kind year=discrete'
    """
    text = _KINDS.sub(lambda m: f"--kind {_bare(m[1])}={m[2]}", text)
    text = _ANY_KIND.sub("--kind ", text)
    text = _PAIRED.sub(r"--\1 \2", text)
    return _BARE.sub(lambda m: f"--{m[1].replace('_', '-')}", text)


def _bare(name: str) -> str:
    plain = name.strip("'\"")
    return "COLUMN" if plain == "..." else plain
