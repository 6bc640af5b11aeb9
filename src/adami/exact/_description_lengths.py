"""Lengths of concepts in a real compressor's code."""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Callable, Mapping

SHORTEST = 64
"""Bytes below which a compressor's own overhead drowns the differences."""

_COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "zlib": lambda text: zlib.compress(text, 9),
    "lzma": lambda text: lzma.compress(text, format=lzma.FORMAT_RAW, filters=_filters(len(text))),
}


def _filters(size: int) -> list[dict[str, int]]:
    # a window of the text's own size: the preset's 64 MiB would be cleared for every few words
    window = max(4096, 1 << size.bit_length())
    return [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": window}]


def serialised(name: str, properties: Mapping[str, float]) -> bytes:
    """Write a concept down in one way only: sorted names, degrees in 8 bits."""
    lines = [
        p.encode("unicode_escape") + b"\t%02x\n" % round(255 * degree)
        for p, degree in sorted(properties.items())
    ]
    text = b"".join(lines)
    if len(text) < SHORTEST:
        raise ValueError(
            f"concept {name!r} takes {len(text)} bytes: below {SHORTEST} a compressor "
            "measures its own overhead; give more properties or use another method"
        )
    return text


def compressed_lengths(first: bytes, second: bytes, compressor: str) -> tuple[int, int, int]:
    """Return the code lengths of either text and of both, in bits beyond those of the empty text."""
    if compressor not in _COMPRESSORS:
        raise ValueError(f"compressor={compressor!r} is unknown: give {' or '.join(map(repr, _COMPRESSORS))}")
    press = _COMPRESSORS[compressor]
    empty = len(press(b""))
    both = min(len(press(first + second)), len(press(second + first)))
    a, b, together = (8 * (n - empty) for n in (len(press(first)), len(press(second)), both))
    return a, b, together
