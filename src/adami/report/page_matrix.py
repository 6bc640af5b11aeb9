"""The heat map of all pairs: order of the columns, cells, and the numbers behind them for the readout."""

from __future__ import annotations

from typing import Any

import numpy as np

from adami.report.page_numbers import Unit, p_text
from adami.report.results import Matrix, Profile

MOST_COLUMNS = 60
_SIZES = ((8, 52), (14, 42), (24, 26), (MOST_COLUMNS + 1, 15))


def heat_map(profile: Profile, unit: Unit) -> dict[str, Any]:
    """Return rows of cells; the target comes first, then columns that share much stand together."""
    matrix = profile.matrix
    chosen = _chosen(profile)
    order = _seriate(matrix.normalized[np.ix_(chosen, chosen)], chosen, matrix.names, profile.ranking.target)
    size = next((px for most, px in _SIZES if len(order) <= most), _SIZES[-1][1])
    rows = [
        {
            "name": matrix.names[i],
            "cells": [_cell(matrix, i, j, position == other) for other, j in enumerate(order)],
        }
        for position, i in enumerate(order)
    ]
    return {
        "names": [matrix.names[i] for i in order],
        "rows": rows,
        "size": size,
        "written": len(order) <= 14,
        "left_out": len(matrix.names) - len(order),
        "target": profile.ranking.target,
        "readout": _readout(matrix, order, unit),
        "strongest": _strongest(profile, order, unit),
    }


def _strongest(profile: Profile, order: list[int], unit: Unit, most: int = 7) -> list[dict[str, str]]:
    """Return the pairs that share most; the target has sections of its own, and row names share all."""
    matrix, target = profile.matrix, profile.ranking.target
    row_names = {c.name for c in profile.columns if any(d.flag == "identifier" for d in c.diagnostics)}
    own = sorted(i for i in order if matrix.names[i] != target and matrix.names[i] not in row_names)
    pairs = [(i, j) for k, i in enumerate(own) for j in own[k + 1 :] if matrix.normalized[i, j] >= 0.1]
    pairs.sort(key=lambda p: -float(matrix.normalized[p]))
    return [
        {
            "first": matrix.names[i],
            "second": matrix.names[j],
            "normalized": f"{float(matrix.normalized[i, j]):.2f}",
            "amount": unit.say(float(matrix.information[i, j])),
        }
        for i, j in pairs[:most]
    ]


def _chosen(profile: Profile) -> list[int]:
    names = profile.matrix.names
    if len(names) <= MOST_COLUMNS:
        return list(range(len(names)))
    place = {r.name: i for i, r in enumerate(profile.ranking.rows)}
    place[profile.ranking.target] = -1
    return sorted(range(len(names)), key=lambda i: place.get(names[i], len(names)))[:MOST_COLUMNS]


def _seriate(near: np.ndarray, chosen: list[int], names: tuple[str, ...], target: str) -> list[int]:
    """Order columns so that neighbours share information (average linkage, optimal leaf order)."""
    first = [i for i in chosen if names[i] == target]
    rest = [k for k, i in enumerate(chosen) if names[i] != target]
    if len(rest) > 2:
        from scipy.cluster.hierarchy import leaves_list, linkage
        from scipy.spatial.distance import squareform

        apart = 1.0 - np.clip(np.nan_to_num(near[np.ix_(rest, rest)]), 0.0, 1.0)
        apart = 0.5 * (apart + apart.T)
        np.fill_diagonal(apart, 0.0)
        leaves = leaves_list(linkage(squareform(apart, checks=False), "average", optimal_ordering=True))
        rest = [rest[k] for k in leaves]
    return [*first, *(chosen[k] for k in rest)]


def _cell(matrix: Matrix, i: int, j: int, diagonal: bool) -> dict[str, Any]:
    value = float(matrix.normalized[i, j])
    if diagonal:
        return {"kind": "self", "share": 0, "text": "–"}
    if np.isnan(value):
        return {"kind": "none", "share": 0, "text": "–"}
    share = round(100 * min(max(value, 0.0), 1.0))
    said = "1" if share == 100 else f".{share:02d}"
    # where black and white letters read equally well: at 58 on the dark page, at 78 on the light one
    kind = "deep" if share >= 78 else "middle" if share >= 58 else ""
    return {"kind": kind, "share": share, "text": said}


def _readout(matrix: Matrix, order: list[int], unit: Unit) -> dict[str, Any]:
    """Return what the line under the map tells about the cell in focus; upper triangle with the diagonal."""
    pairs = [(order[a], order[b]) for a in range(len(order)) for b in range(a, len(order))]
    methods = sorted({m for row in matrix.methods for m in row})
    return {
        "names": [matrix.names[i] for i in order],
        "amounts": [unit.say(float(matrix.information[i, j])) for i, j in pairs],
        "p": None if matrix.p_values is None else [p_text(float(matrix.p_values[i, j])) for i, j in pairs],
        "rows": [int(matrix.counts[i, j]) for i, j in pairs],
        "methods": methods,
        "method": [methods.index(matrix.methods[i][j]) for i, j in pairs] if matrix.methods else None,
        "unit": unit.name,
    }
