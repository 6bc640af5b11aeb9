"""What a reader of a count-based number should know."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from adami.estimators._count_inference import ROWS_PER_CELL, Dependence, is_sparse
from adami.result import Diagnostic

if TYPE_CHECKING:
    from adami.estimators._kernels.contingency import Cells


def entropy_notes(cells: Cells, quantity: str, corrects: bool, name: str) -> tuple[Diagnostic, ...]:
    """Return the diagnostics of an entropy."""
    n = cells.n
    first = cells.marginal(0)[0]
    occupied = len(cells.counts)
    if len(first) == 1:
        return (Diagnostic("constant", f"{name} holds one label only: its entropy is 0"),)
    if len(first) == n:
        return (
            Diagnostic(
                "identifier",
                f"all {n} labels of {name} are distinct, like row numbers: an entropy of ln(n) says little",
                "warning",
                "low" if quantity == "entropy" else "unknown",
            ),
        )
    if n < ROWS_PER_CELL * occupied:
        singles = int(np.count_nonzero(cells.counts == 1))
        return (
            Diagnostic(
                "sparse_table",
                f"{n} rows over {occupied} occupied cells, {singles} of them seen once: "
                "labels are likely missing",
                "note" if corrects and singles < n / 2 else "warning",
                "unknown" if corrects else "low",
            ),
        )
    return ()


def information_notes(
    found: Dependence,
    value: float,
    entropies: tuple[float, float],
    corrects: bool,
    names: tuple[str, str],
) -> tuple[Diagnostic, ...]:
    """Return the diagnostics of an information or conditional information."""
    n, (k_x, k_y, _) = found.n, found.levels
    notes = [
        Diagnostic("constant", f"{slot} has one label only: the information is exactly 0")
        for slot, k in zip(names, (k_x, k_y))
        if k == 1
    ]
    if notes:
        return tuple(notes)
    for slot, k in zip(names, (k_x, k_y)):
        if k == n and n > 2:
            notes.append(
                Diagnostic(
                    "identifier",
                    f"all {n} labels of {slot} are distinct, like row numbers: the value is the entropy of "
                    "the other side; leave the column out",
                    "warning",
                    "high",
                )
            )
    if is_sparse(found):
        notes.append(
            Diagnostic(
                "sparse_table",
                f"{n} rows for about {found.possible:.0f} cells: the bias of plain frequencies is about "
                f"{found.bias:+.3f} nats"
                + (
                    ""
                    if corrects
                    else "; a corrected method (miller_madow, chao_shen, nsb) removes most of it"
                ),
                "warning" if not corrects or n < found.possible else "note",
                "unknown" if corrects else ("high" if found.bias > 0 else "low"),
            )
        )
    if value > math.log(n):
        notes.append(
            Diagnostic(
                "above_log_n",
                f"the value exceeds ln(n) = {math.log(n):.2f}, more than {n} rows can show",
                "warning",
                "high",
            )
        )
    ceiling = min(entropies)
    if value > ceiling + 1e-9:
        notes.append(
            Diagnostic(
                "above_entropy",
                f"the value exceeds an entropy of its own variables ({ceiling:.4f} nats): the corrections "
                "of the terms do not fit each other on this table",
                "warning",
                "high",
            )
        )
    return tuple(notes)
