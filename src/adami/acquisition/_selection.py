"""Selecting for many rows at once, until each meets its limit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adami.acquisition._selector import Selector
from adami.acquisition._stop import Stop


@dataclass(frozen=True, slots=True)
class Selection:
    """What was asked for in each row, and what was decided.

    Parameters
    ----------
    labels : numpy.ndarray
        Shape ``(n,)``: the decisions.
    probabilities : numpy.ndarray
        Shape ``(n, n_classes)``.
    mask : numpy.ndarray
        bool, shape ``(n, n_units)``: what was asked for.
    order : numpy.ndarray
        Shape ``(n, most)``: the units in the order in which they were asked for, -1 behind the last one.
    costs : numpy.ndarray
        Shape ``(n,)``: what was paid.
    stop_reasons : tuple of str
    """

    labels: np.ndarray
    probabilities: np.ndarray
    mask: np.ndarray
    order: np.ndarray
    costs: np.ndarray
    stop_reasons: tuple[str, ...]


def next_units(
    gains: np.ndarray, costs: np.ndarray, open_units: np.ndarray, left: np.ndarray, fill: bool, scaling: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return for each row the unit of the largest gain for its cost, or -1, and why there is none.

    Parameters
    ----------
    gains : array of shape (n, n_units)
    costs : array of shape (n_units,)
    open_units : bool array of shape (n, n_units)
    left : array of shape (n,)
        What may still be paid.
    fill : bool
        Whether a cheaper unit is taken where the best one does not fit.
    scaling : str
        Raw values below 0 say that nothing tells more.

    Returns
    -------
    units : array of int, shape (n,)
    reasons : array of str, shape (n,)
    """
    rows = np.arange(len(gains))
    rates = np.where(open_units, gains / costs, -np.inf)
    fits = open_units & (costs <= left[:, None])
    units = np.where(fits, rates, -np.inf).argmax(1) if fill else rates.argmax(1)
    reasons = np.full(len(gains), "", dtype=object)
    if scaling == "none":
        reasons[gains[rows, units] < 0] = "no gain"
    reasons[~fits[rows, units]] = "budget"
    reasons[~open_units.any(1)] = "exhausted"
    return np.where(reasons == "", units, -1), reasons


def next_unit(
    gains: np.ndarray, costs: np.ndarray, open_units: np.ndarray, left: float, fill: bool, scaling: str
) -> tuple[int, str]:
    """Do the same for one row; see `next_units`."""
    units, reasons = next_units(gains[None], costs, open_units[None], np.array([left]), fill, scaling)
    return int(units[0]), str(reasons[0])


def select_rows(
    selector: Selector,
    scaled: np.ndarray,
    available: np.ndarray,
    prior: np.ndarray,
    stop: Stop,
    fill: bool,
    classes: np.ndarray,
) -> Selection:
    """Select for every row."""
    n, units = available.shape
    mask, paid = np.zeros((n, units)), np.zeros(n)
    order: list[np.ndarray] = []
    reasons = np.full(n, "", dtype=object)
    probabilities = np.empty((n, len(classes)))
    going = np.arange(n)
    budget = np.inf if stop.budget is None else stop.budget * (1 + 1e-9)
    while len(going):
        p, gains = selector.look(scaled[going], mask[going], prior[going])
        probabilities[going] = p
        free = (available[going] > 0) & (mask[going] == 0)
        taken, why = next_units(gains, selector.costs, free, budget - paid[going], fill, selector.scaling)
        # the first limit of this list that is met is the one that is told
        if stop.penalty is not None:
            rates = np.where(free, gains / selector.costs, -np.inf).max(1)
            why[free.any(1) & (rates <= stop.penalty)] = "penalty"
        if stop.confidence is not None:
            why[p.max(1) >= stop.confidence] = "confidence"
        if stop.max_queries is not None and len(order) >= stop.max_queries:
            why[:] = "max_queries"
        reasons[going] = why
        on = why == ""
        going, taken = going[on], taken[on]
        if len(going):
            step = np.full(n, -1)
            step[going] = taken
            mask[going, taken] = 1
            paid[going] += selector.costs[taken]
            order.append(step)
    return Selection(
        labels=classes[probabilities.argmax(1)],
        probabilities=probabilities,
        mask=mask.astype(bool),
        order=np.stack(order, axis=1) if order else np.empty((n, 0), dtype=int),
        costs=paid,
        stop_reasons=tuple(reasons),
    )
