"""Variational bounds on information, each a function of the scores of all pairs in a batch.

A critic scores every x_i with every y_j: ``scores[i, j] = f(x_i, y_j)``, shape (b, b). The diagonal holds
pairs that occurred together, a sample of the joint law; everything off it stands for the product of the
marginals. All functions take NumPy arrays or PyTorch tensors, give the same back, and let gradients flow.
"""

from __future__ import annotations

import math
from typing import Any

from adami.estimators.bound_theory import positive_clip
from adami.exact._arrays import Array, floats

SMALLEST_BATCH = 4
"""Fewer pairs off the diagonal say nothing about a mean of exponentials."""


def mi_bounds(scores: Array, tau: float = 5.0) -> dict[str, Array]:
    """Return every bound that needs nothing but the scores.

    Parameters
    ----------
    scores : array or tensor, shape (b, b)
        ``scores[i, j] = f(x_i, y_j)`` with b of at least 4.
    tau : float
        Clip of SMILE.

    Returns
    -------
    dict of str to array
        In nats: ``dv``, ``nwj`` (MINE-f is the same), ``infonce``, ``smile``, ``js_nwj`` and ``js``. The last
        is the objective that trains a classifier of pairs, not a bound on information.

    References
    ----------
    Song and Ermon, "Understanding the Limitations of Variational Mutual Information Estimators", ICLR 2020;
    paper 11 of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import mi_bounds
    >>> {name: round(float(value), 3) for name, value in mi_bounds(10 * np.eye(8)).items()}
    {'dv': 10.0, 'nwj': 9.632, 'infonce': 2.079, 'smile': 10.0, 'js_nwj': 10.0, 'js': -0.693}
    """
    return {
        "dv": dv_bound(scores),
        "nwj": nwj_bound(scores),
        "infonce": infonce_bound(scores),
        "smile": smile_bound(scores, tau),
        "js_nwj": js_nwj_bound(scores),
        "js": js_objective(scores),
    }


def dv_bound(scores: Array) -> Array:
    """Return Donsker and Varadhan's bound: mean of the diagonal minus ln mean exp off it.

    Parameters
    ----------
    scores : array or tensor, shape (b, b)

    Returns
    -------
    array, shape ()
        In nats; best where f is the log density ratio plus any constant. The logarithm of a batch mean lies
        below that of the true mean on average, so small batches report too much.

    Examples
    --------
    >>> import numpy as np
    >>> float(dv_bound(3 * np.eye(4)))
    3.0
    """
    xp, f = _scores(scores)
    return xp.mean(_diagonal(xp, f)) - _log_mean_exp_off(xp, f)


def tuba_bound(scores: Array, log_baseline: Array) -> Array:
    """Return the bound of Barber and Agakov without normalisation, with a baseline a(y).

    Parameters
    ----------
    scores : array or tensor, shape (b, b)
    log_baseline : array or tensor, shape (b,)
        ``ln a(y_j)``.

    Returns
    -------
    array, shape ()
        ``1 + mean_i (f_ii - ln a_i) - mean_{i != j} exp(f_ij) / a_j`` in nats.
    """
    xp, f, a = _with_baseline(scores, log_baseline)
    f = f - a[None, :]
    return 1.0 + xp.mean(_diagonal(xp, f)) - xp.exp(_log_mean_exp_off(xp, f))


def nwj_bound(scores: Array) -> Array:
    """Return the bound of Nguyen, Wainwright and Jordan, which is MINE-f too.

    Parameters
    ----------
    scores : array or tensor, shape (b, b)

    Returns
    -------
    array, shape ()
        ``mean_i f_ii - mean_{i != j} exp(f_ij - 1)`` in nats: unbiased over batches, and exact where f is one
        plus the log density ratio.

    Examples
    --------
    >>> import numpy as np
    >>> float(nwj_bound(np.ones((4, 4))))
    0.0
    """
    xp, f = _scores(scores)
    return xp.mean(_diagonal(xp, f)) - xp.exp(_log_mean_exp_off(xp, f) - 1.0)


def infonce_bound(scores: Array) -> Array:
    """Return InfoNCE: how well each x picks its own y among those of the batch.

    Parameters
    ----------
    scores : array or tensor, shape (b, b)

    Returns
    -------
    array, shape ()
        ``ln b + mean_i (f_ii - ln sum_j exp f_ij)`` in nats, never above ln b. The candidates are the y (a
        row); transpose the scores to let each y pick among the x.

    Examples
    --------
    >>> import numpy as np
    >>> round(float(infonce_bound(100 * np.eye(8))), 4)
    2.0794
    """
    xp, f = _scores(scores)
    return math.log(f.shape[0]) + xp.mean(_diagonal(xp, f) - _log_sum_exp(xp, f, 1))


def js_objective(scores: Array) -> Array:
    """Return the Jensen-Shannon objective of a classifier that tells joint from product pairs.

    Parameters
    ----------
    scores : array or tensor, shape (b, b)

    Returns
    -------
    array, shape ()
        ``-mean_i softplus(-f_ii) - mean_{i != j} softplus(f_ij)``, at most 0. It is largest where f is the
        log density ratio, and it is no bound on information itself.
    """
    xp, f = _scores(scores)
    b, soft = f.shape[0], xp.logaddexp(f, xp.zeros_like(f))
    # softplus(-d) = softplus(d) - d, so that one pass over the pairs is enough
    own = _diagonal(xp, soft)
    return xp.mean(_diagonal(xp, f) - own) - (xp.sum(soft) - xp.sum(own)) / (b * (b - 1))


def js_nwj_bound(scores: Array) -> Array:
    """Return the NWJ bound of a critic that `js_objective` trained, whose scores are log density ratios.

    Parameters
    ----------
    scores : array or tensor, shape (b, b)

    Returns
    -------
    array, shape ()
        ``nwj_bound(scores + 1)`` in nats.
    """
    _, f = _scores(scores)
    return nwj_bound(f + 1.0)


def smile_bound(scores: Array, tau: float = 5.0) -> Array:
    """Return SMILE: Donsker and Varadhan's bound with the density ratio clipped in its second term only.

    Parameters
    ----------
    scores : array or tensor, shape (b, b)
        Log density ratios, as `js_objective` trains them.
    tau : float
        The ratio is clipped to [exp(-tau), exp(tau)]; infinity gives `dv_bound`.

    Returns
    -------
    array, shape ()
        In nats; no lower bound: see `adami.estimators.clipped_partition_bias`.

    Raises
    ------
    ValueError
        If `tau` is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> float(smile_bound(20 * np.eye(4) - 10, tau=5.0))
    15.0
    """
    xp, f = _scores(scores)
    return xp.mean(_diagonal(xp, f)) - _log_mean_exp_off(xp, _clip(xp, f, tau))


def interpolated_bound(scores: Array, log_baseline: Array, alpha: float) -> Array:
    """Return the bound between TUBA (alpha = 0) and InfoNCE over columns (alpha = 1).

    Parameters
    ----------
    scores : array or tensor, shape (b, b)
    log_baseline : array or tensor, shape (b,)
        ``ln a(y_j)``; all 1 gives NWJ at alpha = 0.
    alpha : float
        In [0, 1]: more of it lowers variance and raises bias.

    Returns
    -------
    array, shape ()
        In nats, at most ln(b / alpha).

    References
    ----------
    Poole, Ozair, van den Oord, Alemi and Tucker, "On variational bounds of mutual information", ICML 2019.
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha={alpha}: the two bounds are mixed with a weight between 0 and 1")
    xp, f, a = _with_baseline(scores, log_baseline)
    b = f.shape[0]
    if alpha == 0:
        return tuba_bound(f, a)
    others = _without_diagonal(xp, f)
    whole = _log_sum_exp(xp, f, 0) - math.log(b) + math.log(alpha)
    part = _log_sum_exp(xp, others, 0) - math.log(b - 1) + math.log(alpha)
    if alpha < 1:
        base = a + math.log1p(-alpha)
        whole, part = xp.logaddexp(whole, base), xp.logaddexp(part, base)
    # the ratio of two log sums of the same column: no exponent overflows
    second = xp.exp(_log_sum_exp(xp, others, 0) - math.log(b - 1) - part)
    return 1.0 + xp.mean(_diagonal(xp, f) - whole) - xp.mean(second)


def club_bound(log_q: Array) -> Array:
    """Return CLUB: the log-likelihood of true pairs minus that of all pairs.

    Parameters
    ----------
    log_q : array or tensor, shape (b, b)
        ``log_q[i, j] = ln q(y_j | x_i)``.

    Returns
    -------
    array, shape ()
        In nats. With the true conditional it is I(X;Y) + KL(p_x p_y || p_xy), an upper bound and often
        several times the information; with a fitted one (vCLUB) it bounds only where the fit is good.

    References
    ----------
    Cheng, Hao, Dai, Liu, Gan and Carin, "CLUB: a contrastive log-ratio upper bound of mutual information",
    ICML 2020.
    """
    xp, f = _scores(log_q)
    return xp.mean(_diagonal(xp, f)) - xp.mean(f)


def _scores(scores: Array) -> tuple[Any, Array]:
    xp, f = floats(scores, name="the scores")
    if f.ndim != 2 or f.shape[0] != f.shape[1]:
        raise ValueError(f"scores of shape {tuple(f.shape)}: every x with every y gives a square, (b, b)")
    if f.shape[0] < SMALLEST_BATCH:
        raise ValueError(f"a batch of {f.shape[0]} pairs is too small: at least {SMALLEST_BATCH} are needed")
    return xp, f


def _with_baseline(scores: Array, log_baseline: Array) -> tuple[Any, Array, Array]:
    _scores(scores)
    xp, f, a = floats(scores, log_baseline, name="scores and baseline")
    if tuple(a.shape) != (f.shape[0],):
        raise ValueError(f"log_baseline of shape {tuple(a.shape)}: one value for each y, ({f.shape[0]},)")
    return xp, f, a


def _diagonal(xp: Any, f: Array) -> Array:
    return xp.linalg.diagonal(f)


def _without_diagonal(xp: Any, f: Array) -> Array:
    # a choice and not a sum with 0 * inf: the gradient of what is left out is exactly 0
    own = xp.eye(f.shape[0], dtype=xp.bool, device=f.device)
    return xp.where(own, xp.asarray(-math.inf, dtype=f.dtype, device=f.device), f)


def _log_sum_exp(xp: Any, f: Array, axis: int | tuple[int, int]) -> Array:
    # torch has the step in one; NumPy's ufunc is slow and never needs a gradient
    if hasattr(xp, "logsumexp"):
        return xp.logsumexp(f, axis)
    top = xp.max(f, axis=axis, keepdims=True)
    return xp.squeeze(top, axis=axis) + xp.log(xp.sum(xp.exp(f - top), axis=axis))


def _log_mean_exp_off(xp: Any, f: Array) -> Array:
    b = f.shape[0]
    return _log_sum_exp(xp, _without_diagonal(xp, f), (0, 1)) - math.log(b * (b - 1))


def _clip(xp: Any, f: Array, tau: float) -> Array:
    positive_clip(tau)
    return f if tau == math.inf else xp.clip(f, -tau, tau)
