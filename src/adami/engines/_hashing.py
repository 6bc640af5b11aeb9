"""A fingerprint of every row that comes out the same on every engine, written in Ibis expressions.

Engines write numbers as text in ways of their own, and their own hash functions differ; so each value becomes
a text that is built from whole numbers, and MD5 of the joined texts is the fingerprint. Powers of two scale
floating-point numbers without rounding, on all engines alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

DIGITS = 48
"""Bits of the fingerprint that order the rows of a sample."""
COARSE = 24
"""Bits of them that engines compare as a number."""
BUCKET_DIGITS = 4
"""Hexadecimal digits that name a bucket: 65,536 buckets."""
WINDOW = 30
REACH = 150
SEPARATOR = "\x1f"


def plain(column: Any) -> Any:
    """Return a column with one missing value (NULL, no NaN) and one zero."""
    import ibis

    if not column.type().is_floating():
        return column
    number = column.cast("float64")
    return ibis.cases((number.isnan(), ibis.null("float64")), (number == 0.0, 0.0), else_=number)


def fingerprint(columns: Sequence[Any], seed: int) -> Any:
    """Return 32 hexadecimal digits that depend on the values of a row and on the seed alone.

    Parameters
    ----------
    columns : sequence of ibis columns, as `plain` returns them
    seed : int

    Raises
    ------
    TypeError
        For a column of vectors, structures or bytes.
    """
    import ibis

    text = ibis.literal(f"adami {seed}")
    for column in columns:
        text = text + SEPARATOR + ("v" + _text(column)).fill_null("n")
    return text.hexdigest("md5")


def leading_number(digest: Any) -> Any:
    """Return the first `COARSE` bits of a fingerprint as a whole number."""
    import ibis

    digits = ibis.literal("0123456789abcdef")
    value = ibis.literal(0, type="int64")
    for i in range(COARSE // 4):
        value = value * 16 + digits.find(digest.substr(i, 1)).cast("int64")
    return value


def _text(column: Any) -> Any:
    kind = column.type()
    if kind.is_string():
        return column
    if kind.is_boolean():
        return column.ifelse("1", "0")
    if kind.is_floating():
        return _float_text(column)
    if kind.is_integer() or kind.is_decimal() or kind.is_uuid():
        return column.cast("string")
    if kind.is_date():
        return _days(column).cast("string")
    if kind.is_timestamp():
        # parts of a second come from the text, which ends in a time zone on some engines
        parts = column.cast("string").re_extract(r"\.([0-9]+)", 1).fill_null("")
        day = _days(column) * 86400 + _seconds(column)
        return day.cast("string") + "." + parts
    if kind.is_time():
        return _seconds(column).cast("string")
    raise TypeError(f"column {column.get_name()!r} holds {kind}: rows of it cannot be sampled; leave it out")


def _days(column: Any) -> Any:
    return (column.year().cast("int64") * 12 + column.month()) * 31 + column.day()


def _seconds(column: Any) -> Any:
    # Spark's second has a fraction
    return (column.hour().cast("int64") * 60 + column.minute()) * 60 + column.second().cast("int64")


def _float_text(column: Any) -> Any:
    """Write sign, size and the first 33 bits or more; numbers beyond 10^±45 are told apart less finely."""
    import ibis

    size = column.abs()
    # the usual sizes first: engines stop at the first window that fits
    lows = sorted(range(-REACH, REACH, WINDOW), key=abs)
    windows = [
        ((size >= 2.0**low) & (size < 2.0 ** (low + WINDOW)), size * 2.0 ** (WINDOW + 2 - low))
        for low in lows
    ]
    endless = size > 1.7976931348623157e308
    far = (size >= 2.0**REACH, size * 2.0**-962)
    scaled = ibis.cases(*windows, (endless, 1.0), far, else_=size * 2.0**REACH)
    return column.__lt__(0.0).ifelse("-", "+") + scaled.floor().cast("int64").cast("string")
