"""Search of laws with large factorized mutual information, by gradients."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from adami.exact._arrays import in_base, unit_name
from adami.exact._margins import as_margins, as_sizes, as_weights, bound_in_nats, entropy_terms, onto
from adami.exact.pmf import as_pmf, check_cells

START_SCALE = 1.5
"""Standard deviation of the logits that a search starts from."""


@dataclass(frozen=True, slots=True, eq=False)
class FMIMaximum:
    """The best law that a numeric search found.

    Parameters
    ----------
    value : float
        Its factorized mutual information.
    pmf : numpy.ndarray
        The law.
    bound : float
        What no law can exceed.
    trace : numpy.ndarray, shape (n_starts,)
        Value that each start led to.
    pmfs : numpy.ndarray, shape (n_starts, ...)
        Law that each start led to.
    unit : str
    """

    value: float
    pmf: np.ndarray
    bound: float
    trace: np.ndarray
    pmfs: np.ndarray
    unit: str


def maximize_fmi(
    sizes: Iterable[int],
    margins: Iterable[Iterable[int]],
    weights: Sequence[float] | None = None,
    *,
    restarts: int = 50,
    extra: Iterable[Any] | None = None,
    random_state: int | np.random.Generator | None = None,
    base: float | None = None,
) -> FMIMaximum:
    """Search a law of large factorized mutual information, by gradients from random starts.

    The functional has local maxima, and a search may end in them from every start: where the bound is
    known to be attained, `FactorizedMIMaximizer` gives the better answer.

    Parameters
    ----------
    sizes, margins, weights, base
        As in `fmi_bound`.
    restarts : int
        Number of random starts: logits of independent normal numbers.
    extra : iterable of arrays, optional
        Further laws to start from.
    random_state : int, numpy.random.Generator or None
        Seed of the starts.

    Returns
    -------
    FMIMaximum

    Raises
    ------
    ValueError
        If there is no start, or the joint table is too large.

    References
    ----------
    Merkh, Montúfar, "Factorized Mutual Information Maximization"; paper 16 of adami's register.

    Examples
    --------
    >>> from adami.exact import maximize_fmi
    >>> round(maximize_fmi((2, 2), [(0, 1)], restarts=3, random_state=0, base=2).value, 4)
    1.0
    """
    from scipy.optimize import minimize

    unit = unit_name(base)
    alphabets = as_sizes(sizes)
    known = as_margins(margins, len(alphabets))
    weight = as_weights(weights, len(known))
    check_cells(prod(alphabets))
    starts = [_logits(law, alphabets) for law in extra or ()]
    rng = np.random.default_rng(random_state)
    starts += list(rng.normal(scale=START_SCALE, size=(max(restarts, 0), prod(alphabets))))
    if not starts:
        raise ValueError("there is no start: ask for at least one restart or give a law in extra")
    terms = entropy_terms(known, weight)

    def loss(logits: np.ndarray) -> tuple[float, np.ndarray]:
        p = _softmax(logits).reshape(alphabets)
        value, slope = _value_and_gradient(p, terms)
        centred = p * (slope - float((p * slope).sum()))
        return -value, -centred.ravel()

    laws = []
    for start in starts:
        found = minimize(
            loss,
            start,
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": 2000, "maxfun": 4000, "ftol": 1e-13, "gtol": 1e-9},
        )
        laws.append(_softmax(found.x).reshape(alphabets))
    values = np.array([_value_and_gradient(p, terms)[0] for p in laws])
    best = int(values.argmax())
    return FMIMaximum(
        value=float(in_base(values[best], base)),
        pmf=laws[best],
        bound=float(in_base(bound_in_nats(alphabets, known, weight), base)),
        trace=in_base(values, base),
        pmfs=np.array(laws),
        unit=unit,
    )


def _value_and_gradient(
    p: np.ndarray, terms: list[tuple[tuple[int, ...], float]]
) -> tuple[float, np.ndarray]:
    value, slope = 0.0, np.zeros_like(p)
    for axes, factor in terms:
        law = onto(np, p, axes, keepdims=True)
        logs = np.log(np.maximum(law, np.finfo(float).tiny))
        value -= factor * float((law * logs).sum())
        slope = slope - factor * (logs + 1.0)
    return value, slope


def _softmax(logits: np.ndarray) -> np.ndarray:
    weights = np.exp(logits - logits.max())
    law: np.ndarray = weights / weights.sum()
    return law


def _logits(law: Any, sizes: tuple[int, ...]) -> np.ndarray:
    table = np.asarray(as_pmf(np.asarray(law), name="a law of extra"))
    if table.shape != sizes:
        raise ValueError(f"a law of extra has shape {table.shape}, but the alphabets are {sizes}")
    # a cell without mass would never move; a millionth lets it
    logits: np.ndarray = np.log(np.maximum(table, 1e-6)).ravel()
    return logits
