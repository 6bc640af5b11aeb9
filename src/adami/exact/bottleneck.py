"""The information bottleneck on tables: soft, deterministic and agglomerative."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from adami.exact._arrays import in_base, unit_name
from adami.exact._bottleneck_steps import merge_down, sharpen, soften
from adami.exact.informations import mutual_information
from adami.exact.pmf import as_pmf

Variant = Literal["soft", "deterministic", "agglomerative"]


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """A compression T of X that keeps what it tells about Y.

    Parameters
    ----------
    value : float
        ``rate - beta * relevance``, which was minimised.
    unit : str
        Unit of `value`, `rate`, `relevance` and `trace`.
    rate : float
        I(X;T); the entropy of T where the encoder is deterministic.
    relevance : float
        I(T;Y).
    beta : float
    encoder : ndarray, shape (n_x, n_clusters)
        The law of the cluster given x.
    cluster_law : ndarray, shape (n_clusters,)
    decoder : ndarray, shape (n_clusters, n_y)
        The law of y given the cluster; the law of y itself for a cluster that is never used.
    converged : bool
        Whether the iterations settled. The problem is not convex: a settled solution is a local minimum, the
        best one of all starts.
    trace : tuple of float
        ``rate - beta * relevance`` after each iteration of the start that won.
    """

    value: float
    unit: str
    rate: float
    relevance: float
    beta: float
    encoder: np.ndarray
    cluster_law: np.ndarray
    decoder: np.ndarray
    converged: bool
    trace: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class BottleneckCurve:
    """The trade-off of rate and relevance over beta.

    Parameters
    ----------
    betas, rates, relevances : ndarray, shape (n_points,)
        From the smallest beta to the largest.
    unit : str
        Unit of rates and relevances.
    """

    betas: np.ndarray
    rates: np.ndarray
    relevances: np.ndarray
    unit: str


def information_bottleneck(
    joint: Any,
    beta: float,
    n_clusters: int | None = None,
    *,
    variant: Variant = "soft",
    restarts: int = 10,
    base: float | None = None,
    tol: float = 1e-10,
    max_iter: int = 5_000,
    random_state: int | np.random.Generator | None = None,
) -> Bottleneck:
    """Compress X into a cluster T, ``min I(X;T) - beta I(T;Y)``.

    Parameters
    ----------
    joint : array, shape (n_x, n_y)
        Joint law of X and Y.
    beta : float
        What a unit of relevance is worth; up to 1 nothing is kept.
    n_clusters : int, optional
        Most clusters; as many as values of X by default.
    variant : {"soft", "deterministic", "agglomerative"}
        Soft clusters by self-consistent iterations; hard clusters by their deterministic form, which
        minimises ``H(T) - beta I(T;Y)``; or hard clusters by merging, from single values on, the pair that
        costs least, down to `n_clusters` and then for as long as merging pays.
    restarts : int
        Random starts, beside the merged clusters, as they are and annealed down from a large beta, and a
        start annealed up from a small beta.
    base : float, optional
        Base of the logarithm; nats by default.
    tol : float
        Change of the encoder at which iterations stop.
    max_iter : int
        Most iterations of a start.
    random_state : int, numpy.random.Generator or None

    Returns
    -------
    Bottleneck

    Raises
    ------
    ValueError
        If `joint` is not the law of two variables, or a parameter is out of range.

    References
    ----------
    N. Tishby, F. C. Pereira and W. Bialek, The information bottleneck method, 1999.
    N. Slonim and N. Tishby, Agglomerative information bottleneck, 1999.
    D. J. Strouse and D. J. Schwab, The deterministic information bottleneck, 2017.

    Examples
    --------
    >>> from adami.exact import information_bottleneck
    >>> found = information_bottleneck([[0.4, 0.1], [0.1, 0.4]], beta=3.0, random_state=0)
    >>> round(found.rate, 4), round(found.relevance, 4)
    (0.1563, 0.0543)
    """
    table = _two_variables(joint)
    if not (beta > 0 and np.isfinite(beta)):
        raise ValueError(f"beta={beta}: give a positive finite number")
    count = len(table) if n_clusters is None else n_clusters
    if not 1 <= count <= len(table):
        raise ValueError(f"n_clusters={count}, but X has {len(table)} values: give a number from 1 to that")
    if variant not in get_args(Variant):
        raise ValueError(f"variant={variant!r}: choose one of {', '.join(get_args(Variant))}")
    unit = unit_name(base)
    rng = np.random.default_rng(random_state)
    encoder, trace, settled = _best(table, beta, count, variant, restarts, tol, max_iter, rng, None)
    p_x, p_y = table.sum(axis=1), table.sum(axis=0)
    law = p_x @ encoder
    together = encoder.T @ table
    used = law > 0
    decoder = np.where(used[:, None], together / np.where(used, law, 1.0)[:, None], p_y)
    rate, relevance = _rate_and_relevance(table, encoder)
    return Bottleneck(
        value=float(in_base(rate - beta * relevance, base)),
        unit=unit,
        rate=float(in_base(rate, base)),
        relevance=float(in_base(relevance, base)),
        beta=float(beta),
        encoder=encoder,
        cluster_law=law,
        decoder=decoder,
        converged=settled,
        trace=tuple(float(in_base(v, base)) for v in trace),
    )


def information_bottleneck_curve(
    joint: Any,
    betas: Any = 20,
    n_clusters: int | None = None,
    *,
    variant: Variant = "soft",
    restarts: int = 3,
    base: float | None = None,
    tol: float = 1e-10,
    max_iter: int = 5_000,
    random_state: int | np.random.Generator | None = None,
) -> BottleneckCurve:
    """Return rate and relevance over beta, each solution also started from that of the next larger beta.

    Parameters
    ----------
    joint, n_clusters, variant, restarts, base, tol, max_iter, random_state
        As in `information_bottleneck`.
    betas : int or array
        The values of beta, or how many to spread from 1 to 100.

    Returns
    -------
    BottleneckCurve

    Examples
    --------
    >>> from adami.exact import information_bottleneck_curve
    >>> curve = information_bottleneck_curve([[0.4, 0.1], [0.1, 0.4]], [1.0, 4.0, 16.0], random_state=0)
    >>> curve.relevances.round(3)
    array([0.   , 0.151, 0.193])
    """
    table = _two_variables(joint)
    asked = (
        np.geomspace(1, 100, int(betas)) if np.ndim(betas) == 0 else np.sort(np.asarray(betas, dtype=float))
    )
    if not (asked > 0).all() or not np.isfinite(asked).all():
        raise ValueError("betas are positive finite numbers")
    count = len(table) if n_clusters is None else n_clusters
    if not 1 <= count <= len(table):
        raise ValueError(f"n_clusters={count}, but X has {len(table)} values: give a number from 1 to that")
    rng = np.random.default_rng(random_state)
    found, before = [], None
    for beta in asked[::-1]:
        before, _, _ = _best(table, float(beta), count, variant, restarts, tol, max_iter, rng, before)
        found.append(_rate_and_relevance(table, before))
    rates, relevances = (np.asarray(in_base(np.array(v[::-1]), base)) for v in zip(*found))
    return BottleneckCurve(betas=asked, rates=rates, relevances=relevances, unit=unit_name(base))


def _best(
    table: np.ndarray,
    beta: float,
    count: int,
    variant: Variant,
    restarts: int,
    tol: float,
    max_iter: int,
    rng: np.random.Generator,
    before: np.ndarray | None,
) -> tuple[np.ndarray, list[float], bool]:
    """Return the encoder of the least objective over all starts, its trace, and whether it settled."""
    size = (len(table), count)
    singles = np.eye(len(table))
    if variant == "agglomerative":
        encoder, trace = merge_down(table, singles, beta, count)
        return encoder, trace, True
    merged = _padded(merge_down(table, singles, None, count)[0], count)
    starts = [merged] + ([before] if before is not None else [])
    starts += [rng.dirichlet(np.ones(count), size=len(table)) for _ in range(restarts)]
    if variant == "deterministic":
        best: tuple[np.ndarray, list[float], bool] | None = None
        for start in starts:
            hard, trace, settled = sharpen(table, start, beta, max_iter)
            fewer, more = merge_down(table, hard, beta, count)
            candidate = (_padded(fewer, count), trace + more, settled)
            if best is None or candidate[1][-1] < best[1][-1] - 1e-12:
                best = candidate
        assert best is not None
        return best
    noise = 0.01 * rng.dirichlet(np.ones(count), size=len(table)) + 0.99 / count
    up, down = noise, 0.999 * merged + 0.001 / count
    for step in range(8):
        up = soften(table, up[None], 1 + (beta - 1) * step / 8, 1e-6, 200)[0][0] if beta > 1 else up
        up = 0.999 * up + 0.001 * noise
        down = soften(table, down[None], beta * 2.0 ** (8 - step), 1e-6, 200)[0][0]
    batch = np.stack([0.999 * s + 0.001 * noise for s in [*starts, up]] + [down])
    assert batch.shape[1:] == size
    encoders, traces, done = soften(table, batch, beta, tol, max_iter)
    last = np.array([t[-1] for t in traces])
    chosen = int(np.flatnonzero(last <= last.min() + 1e-12)[0])
    return encoders[chosen], traces[chosen], bool(done[chosen])


def _padded(encoder: np.ndarray, count: int) -> np.ndarray:
    return np.pad(encoder, ((0, 0), (0, count - encoder.shape[1])))


def _rate_and_relevance(table: np.ndarray, encoder: np.ndarray) -> tuple[float, float]:
    p_x = table.sum(axis=1)
    rate = float(mutual_information(p_x[:, None] * encoder, check=False))
    return max(rate, 0.0), max(float(mutual_information(encoder.T @ table, check=False)), 0.0)


def _two_variables(joint: Any) -> np.ndarray:
    table = np.asarray(as_pmf(np.asarray(joint), name="joint"))
    if table.ndim != 2:
        raise ValueError(f"joint has shape {table.shape}: the bottleneck needs the law of two variables")
    return table
