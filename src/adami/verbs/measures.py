"""The verbs for one pair: information, entropy and the information of single rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from adami._lazy_tables import is_lazy_table
from adami.result import Diagnostic, Estimate
from adami.variables import Missing, Variable, align
from adami.verbs._inputs import Kinds, frame_slots, plain_slots

if TYPE_CHECKING:
    from adami.estimators._base import Estimator


def information(
    x: Any,
    y: Any,
    z: Any = None,
    /,
    *,
    given: Any = None,
    method: str | Estimator = "auto",
    kinds: Kinds = None,
    missing: Missing = "raise",
    confidence: float = 0.95,
    permutations: int = 0,
    clip: bool = False,
    random_state: int | None = 0,
    n_jobs: int = 1,
) -> Estimate:
    """Estimate the mutual information I(X;Y), or I(X;Y|Z) with `given`.

    Called as ``information(x, y)`` with two sets of rows, or as ``information(frame, "a", "b")`` with a frame
    and column names (a list of names makes a vector). The frame may be an Ibis table of any size: its engine
    counts or samples the rows (`adami.engines.information`).

    Parameters
    ----------
    x, y : array of shape (n,) or (n, d), list, series, frame or tensor
        Numbers, booleans, strings, categories or dates.
    given : same, or column name(s) of the frame, optional
        What is already known.
    method : str or Estimator
        ``"auto"``, another short name (see `adami.estimators.names`), or an estimator object.
    kinds : str or mapping of column name -> {"continuous", "discrete", "mixed"}, optional
        Overrides the kind inferred for each column.
    missing : {"raise", "drop", "category"}
        What to do with missing values: refuse, use complete rows, or make them a level of discrete columns.
    confidence : float
        Level of the interval, in (0, 1).
    permutations : int
        Number of shuffles behind the p-value; 0 gives one only where the method has it in closed form.
    clip : bool
        Report 0 instead of a negative estimate.
    random_state : int or None
        Decides everything random.
    n_jobs : int
        Threads; -1 for all cores. The answer does not depend on it.

    Returns
    -------
    Estimate
        In nats.

    Raises
    ------
    ValueError
        For missing or infinite values, unequal lengths or too few rows.
    TypeError
        If the method does not take these kinds.
    KeyError
        If the frame has no such column.

    Examples
    --------
    >>> import adami
    >>> colour = ["red", "red", "blue", "blue"] * 50
    >>> shape = ["box", "box", "ball", "ball"] * 50
    >>> round(adami.information(colour, shape, method="plugin").bits, 6)
    1.0
    """
    if is_lazy_table(x):
        if z is None:
            raise TypeError("a big table comes first and its columns by name: information(table, 'a', 'b')")
        from adami.engines import measure, source

        estimate = measure.information(
            source.open_source(x),
            y,
            z,
            given,
            method=method,
            kinds=kinds,
            missing=missing,
            confidence=confidence,
            permutations=permutations,
            random_state=random_state,
            n_jobs=n_jobs,
        )
        return _clipped(estimate) if clip and estimate.value < 0 else estimate
    named = z is not None
    slots = frame_slots(x, {"x": y, "y": z, "given": given}) if named else plain_slots(x=x, y=y, given=given)
    variables, notes = align(*slots, kinds=kinds, missing=missing)
    return _assess(method, variables, notes, confidence, permutations, clip, random_state, n_jobs)


def entropy(
    x: Any,
    names: str | Sequence[str] | None = None,
    /,
    *,
    given: Any = None,
    method: str | Estimator = "auto",
    kinds: Kinds = None,
    missing: Missing = "raise",
    confidence: float = 0.95,
    random_state: int | None = 0,
    n_jobs: int = 1,
) -> Estimate:
    """Estimate the entropy H(X) of labels or h(X) of numbers, or H(X|Z) with `given`.

    Called as ``entropy(x)`` or ``entropy(frame, "a")``; the frame may be an Ibis table of any size.

    Parameters
    ----------
    x : array of shape (n,) or (n, d), list, series, frame or tensor
    names : str or list of str, optional
        Column(s) of the frame `x`.
    given, method, kinds, missing, confidence, random_state, n_jobs
        As in `information`.

    Returns
    -------
    Estimate
        In nats. The differential entropy of numbers depends on their unit and may be negative.

    Examples
    --------
    >>> import adami
    >>> round(adami.entropy(["heads", "tails"] * 500, method="plugin").bits, 6)
    1.0
    """
    if is_lazy_table(x):
        if names is None:
            raise TypeError("name the column(s) of a big table: entropy(table, 'a')")
        from adami.engines import measure, source

        return measure.entropy(
            source.open_source(x),
            names,
            given,
            method=method,
            kinds=kinds,
            missing=missing,
            confidence=confidence,
            random_state=random_state,
            n_jobs=n_jobs,
        )
    slots = plain_slots(x=x, given=given) if names is None else frame_slots(x, {"x": names, "given": given})
    variables, notes = align(*slots, kinds=kinds, missing=missing)
    from adami.estimators.registry import configured
    from adami.estimators.resampling import assess

    x_, given_ = variables[0], variables[1] if len(variables) > 1 else None
    estimator = configured(method, random_state=random_state, n_jobs=n_jobs)
    estimate = assess(
        estimator, x_, None, given_, confidence=confidence, random_state=random_state, n_jobs=n_jobs
    )
    return estimate.with_diagnostics(*notes)


def pointwise(
    x: Any,
    y: Any,
    z: Any = None,
    /,
    *,
    method: str | Estimator | None = None,
    kinds: Kinds = None,
    missing: Missing = "raise",
) -> np.ndarray:
    """Return one value a row: how much this x tells about this y, in nats.

    Their mean is the mutual information by the same method. Negative values mark rows where x misleads.

    Parameters
    ----------
    x, y, z
        As in `information`: two sets of rows, or a frame and two column names.
    method : str or Estimator, optional
        By default the method with local values that fits the kinds: ``"plugin"``, ``"ross"``, ``"ksg"`` or
        ``"mixed_ksg"``.
    kinds, missing
        As in `information`.

    Returns
    -------
    numpy.ndarray of shape (n,)

    Raises
    ------
    TypeError
        If the method has no local values.

    Examples
    --------
    >>> import adami
    >>> adami.pointwise([0, 0, 1, 1], [0, 0, 1, 1]).round(4)
    array([0.6931, 0.6931, 0.6931, 0.6931])
    """
    slots = plain_slots(x=x, y=y) if z is None else frame_slots(x, {"x": y, "y": z})
    variables, _ = align(*slots, kinds=kinds, missing=missing)
    from adami.estimators.registry import get

    estimate = get(method or _local_method(variables)).estimate(*variables)
    if estimate.pointwise is None:
        raise TypeError(
            f"method {estimate.method!r} has no local values; leave method out, or use 'ksg' or 'plugin'"
        )
    return estimate.pointwise


def _assess(
    method: str | Estimator,
    variables: list[Variable],
    notes: list[Diagnostic],
    confidence: float,
    permutations: int,
    clip: bool,
    random_state: int | None,
    n_jobs: int,
) -> Estimate:
    from adami.estimators.registry import configured
    from adami.estimators.resampling import assess

    estimate = assess(
        configured(method, random_state=random_state, n_jobs=n_jobs),
        *variables,
        confidence=confidence,
        permutations=permutations,
        random_state=random_state,
        n_jobs=n_jobs,
    ).with_diagnostics(*notes)
    return _clipped(estimate) if clip and estimate.value < 0 else estimate


def _clipped(estimate: Estimate) -> Estimate:
    note = Diagnostic(
        "negative_clipped", f"the raw estimate was {estimate.value:.4g} nats and is reported as 0"
    )
    interval = estimate.interval and (max(estimate.interval[0], 0.0), max(estimate.interval[1], 0.0))
    return estimate.replace(0.0, interval=interval).with_diagnostics(note)


def _local_method(variables: list[Variable]) -> str:
    kinds = {v.kind for v in variables}
    if kinds == {"discrete"}:
        return "plugin"
    if kinds == {"continuous"}:
        return "ksg"
    return "ross" if kinds == {"continuous", "discrete"} else "mixed_ksg"
