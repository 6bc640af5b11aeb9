"""Tables that are not in memory: told apart from frames without importing their library."""

from __future__ import annotations

from typing import Any


def is_lazy_table(data: Any) -> bool:
    """Tell whether something is an Ibis table, without importing Ibis.

    Examples
    --------
    >>> from adami.engines import is_lazy_table
    >>> is_lazy_table([1, 2, 3])
    False
    """
    kind = type(data)
    return kind.__module__.startswith("ibis.expr.types") and any(c.__name__ == "Table" for c in kind.__mro__)
