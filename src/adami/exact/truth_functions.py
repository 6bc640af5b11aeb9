"""Truth functions of a few parameters, fitted so that a label tells as much as it can."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from adami.exact._arrays import in_base, unit_name
from adami.exact._truth_search import gaussian_search, logistic_search
from adami.exact.divergences import kl_divergence
from adami.exact.pmf import as_pmf

Family = Literal["logistic", "gaussian", "box"]


def logistic_truth(x: Any, slope: float, center: float) -> np.ndarray:
    """Return ``1 / (1 + exp(-slope (x - center)))``, the truth of "x is large" (or small).

    Parameters
    ----------
    x : array of float
    slope : float
        Negative for "x is small".
    center : float
        Where the truth is one half.

    Returns
    -------
    numpy.ndarray

    Examples
    --------
    >>> from adami.exact import logistic_truth
    >>> logistic_truth([0.0, 18.0, 36.0], slope=0.2, center=18.0).round(3)
    array([0.027, 0.5  , 0.973])
    """
    return np.exp(-np.logaddexp(0.0, -slope * (np.asarray(x, dtype=float) - center)))


def gaussian_truth(x: Any, center: float, width: float) -> np.ndarray:
    """Return ``exp(-(x - center)**2 / (2 width**2))``, the truth of "x is about `center`".

    Parameters
    ----------
    x : array of float
    center, width : float

    Returns
    -------
    numpy.ndarray

    Examples
    --------
    >>> from adami.exact import gaussian_truth
    >>> gaussian_truth([0.0, 1.0], center=0.0, width=1.0).round(4)
    array([1.    , 0.6065])
    """
    return np.exp(-((np.asarray(x, dtype=float) - center) ** 2) / (2 * width**2))


def box_truth(x: Any, low: float, high: float) -> np.ndarray:
    """Return 1 where ``low <= x <= high`` and 0 elsewhere, the truth of "x lies between".

    Parameters
    ----------
    x : array of float
    low, high : float

    Returns
    -------
    numpy.ndarray

    Examples
    --------
    >>> from adami.exact import box_truth
    >>> box_truth([1.0, 2.0, 3.0], low=2.0, high=9.0)
    array([0., 1., 1.])
    """
    x = np.asarray(x, dtype=float)
    return ((x >= low) & (x <= high)).astype(float)


@dataclass(frozen=True, slots=True)
class TruthFit:
    """A fitted truth function; call it with instances to get their truth.

    Parameters
    ----------
    family : {"logistic", "gaussian", "box"}
    parameters : dict of str to float
        Arguments of `logistic_truth`, `gaussian_truth` or `box_truth`.
    value : float
        Semantic information of the label on the data that it was fitted to.
    bound : float
        What no truth function can exceed, ``KL(P(x|y) || P(x))``; infinite for samples of a label that
        are not among the samples of the prior.
    unit : str
        Unit of both.
    trace : tuple of float
        The best value so far after each start of the search.
    converged : bool
        Whether the best start ended at a stationary point.
    at_limit : bool
        Whether a parameter ended at the limit of its range: the data ask for a sharper, wider or more
        distant function than can be told apart from this one.
    """

    family: Family
    parameters: dict[str, float]
    value: float
    bound: float
    unit: str
    trace: tuple[float, ...]
    converged: bool
    at_limit: bool

    def __call__(self, x: Any) -> np.ndarray:
        return _FUNCTIONS[self.family](x, **self.parameters)


def fit_truth(
    points: Any, conditional: Any, prior: Any, family: Family = "logistic", *, base: float | None = None
) -> TruthFit:
    """Fit the truth function with which a label tells most about instances on a grid.

    It maximises ``sum P(x|y) log(T(x) / sum P(x') T(x'))``, which is maximum likelihood for the prediction
    ``P(x) T(x) / T``.

    Parameters
    ----------
    points : array of float, shape (n_instances,)
        Where the instances lie.
    conditional : array of float, shape (n_instances,)
        ``P(x | y)``: the law of the instances to which the label is given.
    prior : array of float, shape (n_instances,)
        ``P(x)``, the law of all instances.
    family : {"logistic", "gaussian", "box"}
        Shape of the truth function. A box is the smallest that holds all instances with the label.
    base : float, optional
        Base of the logarithm of the reported value; nats by default.

    Returns
    -------
    TruthFit

    Raises
    ------
    ValueError
        If the family is unknown, lengths differ, a law is none, or the label is given where the prior has no
        mass.

    References
    ----------
    Lu, "A Semantic Generalization of Shannon's Information Theory and Applications", 2025; paper 44 of
    adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.exact import fit_truth, logistic_truth
    >>> ages = np.arange(100.0)
    >>> prior = np.full(100, 0.01)
    >>> told = logistic_truth(ages, 0.3, 18.0)
    >>> fit = fit_truth(ages, told / told.sum(), prior)
    >>> {name: round(value, 4) for name, value in fit.parameters.items()}
    {'slope': 0.3, 'center': 18.0}
    """
    x = _points(points, "points")
    heard, law = as_pmf(conditional, name="conditional"), as_pmf(prior, name="prior")
    if heard.shape != x.shape or law.shape != x.shape:
        raise ValueError(
            f"points, conditional and prior have shapes {x.shape}, {heard.shape} and {law.shape}: they are "
            "three columns of one table"
        )
    stray = (heard > 0) & (law <= 0)
    if stray.any():
        raise ValueError(
            f"the label is given at {x[stray][0]:.6g}, to which the prior gives no mass: fit on the prior "
            "under which the labels were given"
        )
    return _fit(x, heard, x, law, family, float(kl_divergence(heard, law)), base)


def fit_truth_to_samples(
    labelled: Any, background: Any, family: Family = "logistic", *, base: float | None = None
) -> TruthFit:
    """Fit a truth function to samples: instances with the label, and instances in general.

    Parameters
    ----------
    labelled : array of float, shape (n_labelled,)
        Instances to which the label was given.
    background : array of float, shape (n_background,)
        Instances drawn from the prior, labelled or not.
    family, base
        As in `fit_truth`.

    Returns
    -------
    TruthFit

    Raises
    ------
    ValueError
        If the family is unknown, values are not finite, or no background instance is covered by a box.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.exact import fit_truth_to_samples
    >>> fit_truth_to_samples([3.0, 4.0, 6.0], np.arange(10.0), "box", base=2).parameters
    {'low': 3.0, 'high': 6.0}
    """
    x, all_x = _points(labelled, "labelled"), _points(background, "background")
    bound = math.inf
    values, counts = np.unique(all_x, return_counts=True)
    places = np.minimum(np.searchsorted(values, x), len(values) - 1)
    if (values[places] == x).all():
        law = np.bincount(places, minlength=len(values)) / len(x)
        bound = float(kl_divergence(law, counts / counts.sum()))
    own, all_own = np.full(len(x), 1 / len(x)), np.full(len(all_x), 1 / len(all_x))
    return _fit(x, own, all_x, all_own, family, bound, base)


def _points(values: Any, name: str) -> np.ndarray:
    x = np.asarray(values, dtype=float)
    if x.ndim != 1 or not len(x):
        raise ValueError(f"{name} has shape {x.shape}: truth functions of one number are fitted to a column")
    if not np.isfinite(x).all():
        raise ValueError(f"{name}[{int(np.flatnonzero(~np.isfinite(x))[0])}] is not finite")
    return x


def _fit(
    x: np.ndarray,
    heard: np.ndarray,
    all_x: np.ndarray,
    law: np.ndarray,
    family: Family,
    bound: float,
    base: float | None,
) -> TruthFit:
    if family not in get_args(Family):
        raise ValueError(f"family={family!r}: choose one of {', '.join(get_args(Family))}")
    x, heard = x[heard > 0], heard[heard > 0]
    all_x, law = all_x[law > 0], law[law > 0]
    unit = float(in_base(1.0, base))
    if family == "box":
        low, high = float(x.min()), float(x.max())
        inside = float(law @ box_truth(all_x, low, high))
        if inside <= 0:
            raise ValueError(f"no background instance lies between {low:.6g} and {high:.6g}")
        value = -math.log(inside) * unit
        return TruthFit(
            family, {"low": low, "high": high}, value, bound * unit, unit_name(base), (value,), True, False
        )
    search = logistic_search if family == "logistic" else gaussian_search
    places = np.unique(np.concatenate([x, all_x]))
    if len(places) < 2:
        raise ValueError("all instances are the same point: there is nothing to tell about them")
    parameters, value, trace, converged, at_limit = search(x, heard, all_x, law, places)
    return TruthFit(
        family,
        parameters,
        value * unit,
        bound * unit,
        unit_name(base),
        tuple(t * unit for t in trace),
        converged,
        at_limit,
    )


_FUNCTIONS: dict[str, Callable[..., np.ndarray]] = {
    "logistic": logistic_truth,
    "gaussian": gaussian_truth,
    "box": box_truth,
}
