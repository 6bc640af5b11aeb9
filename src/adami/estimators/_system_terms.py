"""Which guesses of the noise the O-information needs, and what is integrated; PyTorch is imported inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from adami.estimators._nets.gaussian_denoiser import Pattern
    from adami.estimators._nets.score_reads import Draw, Integrands


def together(count: int) -> Pattern:
    """Return the pattern of all variables noisy."""
    from adami.estimators._nets.gaussian_denoiser import DIFFUSED, Pattern

    return Pattern((DIFFUSED,) * count)


def alone(count: int, i: int, others: int, absent: int | None = None) -> Pattern:
    """Return the pattern of one noisy variable; `absent` is unknown, the rest have the role `others`."""
    from adami.estimators._nets.gaussian_denoiser import ABSENT, DIFFUSED, Pattern

    roles = [others] * count
    roles[i] = DIFFUSED
    if absent is not None:
        roles[absent] = ABSENT
    return Pattern(tuple(roles))


def system_shares(count: int, order: int) -> dict[Pattern, float]:
    """Return the patterns, each as often as it has noisy variables and pairs of known ones."""
    from adami.estimators._nets.gaussian_denoiser import ABSENT, CLEAN, DIFFUSED

    patterns = [together(count)]
    patterns += [alone(count, i, ABSENT) for i in range(count)]
    patterns += [alone(count, i, CLEAN) for i in range(count)]
    if order == 2:
        patterns += [alone(count, i, CLEAN, j) for i in range(count) for j in range(count) if i != j]
    # of two variables, one without the other is the one alone
    return {p: float(p.roles.count(DIFFUSED) + p.roles.count(CLEAN) // 2) for p in patterns}


def system_integrands(count: int, order: int) -> Integrands:
    """Return the integrands of total and dual total correlation, and of what the gradient is made of."""
    from adami.estimators._nets.gaussian_denoiser import ABSENT, CLEAN
    from adami.estimators._nets.score_reads import half_square

    def integrands(draw: Draw) -> dict[str, Any]:
        whole = draw.predicted(together(count))
        # each prediction is zero in the other variables' columns
        apart = [draw.predicted(alone(count, i, ABSENT)) for i in range(count)]
        given = [draw.predicted(alone(count, i, CLEAN)) for i in range(count)]
        found = {"total": half_square(whole - sum(apart)), "dual": half_square(whole - sum(given))}
        if order == 2:
            for i in range(count):
                found[f"rest{i}"] = half_square(apart[i] - given[i])
                for j in range(count):
                    if j != i:
                        partly = draw.predicted(alone(count, i, CLEAN, j))
                        found[f"rest{i}without{j}"] = half_square(apart[i] - partly)
        return found

    return integrands


def gradient_of(rows: Mapping[str, np.ndarray], count: int) -> np.ndarray:
    """Return what each variable adds to the O-information, shape (n, N), from the read-outs.

    It is ``(2 - N) I(X_i; others) + sum over j of I(X_i; others without j)``.
    """
    return np.column_stack(
        [
            (2 - count) * rows[f"rest{i}"] + sum(rows[f"rest{i}without{j}"] for j in range(count) if j != i)
            for i in range(count)
        ]
    )
