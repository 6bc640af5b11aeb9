"""Classify observations of a hidden instance so that the labels tell most about it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from adami.exact._arrays import in_base, unit_name
from adami.exact.informations import mutual_information
from adami.exact.kernels import bayes_invert
from adami.exact.pmf import as_kernel, as_pmf
from adami.exact.semantic_channel import SemanticChannel


@dataclass(frozen=True, slots=True, eq=False)
class MatchedPartition:
    """A partition of observations into labels, found by channel matching.

    Parameters
    ----------
    partition : numpy.ndarray of int, shape (n_observations,)
        The label of each observation, as numbered in the start.
    labels : numpy.ndarray of int, shape (n_used,)
        The labels that are still in use; labels that lost all their observations were dropped.
    value : float
        Mutual information between the hidden instance and the label.
    unit : str
    trace : tuple of float
        That information under the start and after each round, never falling.
    semantic : SemanticChannel
        Truth functions that match the partition, one column for each of `labels`.
    converged : bool
        Whether the last round changed nothing.
    """

    partition: np.ndarray
    labels: np.ndarray
    value: float
    unit: str
    trace: tuple[float, ...]
    semantic: SemanticChannel
    converged: bool

    @property
    def rounds(self) -> int:
        """Rounds that changed the partition."""
        return len(self.trace) - 1


def match_channels(
    prior: Any,
    likelihood: Any,
    start: Any,
    *,
    n_init: int = 10,
    max_iter: int = 1000,
    base: float | None = None,
    random_state: int | np.random.Generator | None = None,
) -> MatchedPartition:
    """Partition observations for maximum mutual information with the hidden instance, by channel matching.

    Truth functions are matched to the labels of a partition; then each observation goes to the label that is
    expected to tell most about the instance; and so on until nothing moves. The mutual information never
    falls, but the end may be a local maximum, the more so where observations are few and coarse or labels
    many: then several starts are worth it.

    Parameters
    ----------
    prior : array of float, shape (n_instances,)
        ``P(x)``.
    likelihood : array of float, shape (n_instances, n_observations)
        ``P(z | x)``. Observations of many dimensions are numbered through.
    start : int or array of int, shape (n_observations,)
        A number of labels, to begin from `n_init` random partitions and keep the best; or the label of each
        observation to begin with.
    n_init : int
        Random starts, when `start` is a number.
    max_iter : int
        Rounds of one start.
    base : float, optional
        Base of the logarithm of the reported value; nats by default.
    random_state : int, numpy.random.Generator or None
        Decides the random starts.

    Returns
    -------
    MatchedPartition

    Warns
    -----
    UserWarning
        If a label lost all its observations and was dropped.

    Raises
    ------
    ValueError
        If `prior` or `likelihood` is not a law, or `start` does not fit.

    References
    ----------
    Lu, "A Semantic Generalization of Shannon's Information Theory and Applications", 2025; paper 44 of
    adami's register.

    Examples
    --------
    >>> from adami.exact import match_channels
    >>> found = match_channels([0.5, 0.5], [[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]], [0, 1, 1], base=2)
    >>> found.partition.tolist(), [round(v, 4) for v in found.trace]
    ([0, 0, 1], [0.1468, 0.2781])
    """
    law, kernel = as_pmf(prior, name="prior"), as_kernel(likelihood, name="likelihood")
    if law.ndim != 1 or len(law) != len(kernel):
        raise ValueError(f"prior has shape {law.shape}, but likelihood has {len(kernel)} instances")
    cells = law[:, None] * kernel
    evidence = bayes_invert(law, kernel)
    if np.ndim(start) == 0:
        starts = _random_starts(int(start), kernel.shape[1], n_init, random_state)
    else:
        starts = [_checked_start(start, kernel.shape[1])]
    best: MatchedPartition | None = None
    for first in starts:
        found = _match(law, cells, evidence, first, max_iter, base)
        if best is None or found.value > best.value:
            best = found
    assert best is not None
    asked = int(start) if np.ndim(start) == 0 else len(np.unique(starts[0]))
    if len(best.labels) < asked:
        warnings.warn(
            f"{asked - len(best.labels)} of {asked} labels lost all their observations and were dropped: "
            "fewer labels tell as much, or another start is needed",
            UserWarning,
            stacklevel=2,
        )
    return best


def _match(
    law: np.ndarray,
    cells: np.ndarray,
    evidence: np.ndarray,
    partition: np.ndarray,
    max_iter: int,
    base: float | None,
) -> MatchedPartition:
    labels, trace, converged = np.unique(partition), [], False
    while True:
        # a label without mass (all of its observations impossible) goes the way of an empty one
        columns = np.stack([cells[:, partition == label].sum(axis=1) for label in labels], axis=1)
        used = columns.sum(axis=0) > 0
        labels, columns = labels[used], columns[:, used]
        trace.append(max(float(mutual_information(columns, base=base, check=False)), 0.0))
        semantic = SemanticChannel.from_channel(_conditional(law, columns), law)
        if converged or len(trace) > max_iter:
            break
        choice = labels[semantic.predict(evidence)]
        converged = bool((choice == partition).all())
        if converged:
            break
        partition = choice
        labels = np.intersect1d(labels, partition)
    return MatchedPartition(partition, labels, trace[-1], unit_name(base), tuple(trace), semantic, converged)


def _conditional(law: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return ``P(y | x)``; where the prior is 0 any row will do, and the marginal makes no label truer."""
    seen = law > 0
    rows = np.tile(columns.sum(axis=0) / columns.sum(), (len(law), 1))
    rows[seen] = columns[seen] / columns[seen].sum(axis=1, keepdims=True)
    return rows


def _random_starts(
    n_labels: int, n_observations: int, n_init: int, random_state: int | np.random.Generator | None
) -> list[np.ndarray]:
    if not 1 <= n_labels <= n_observations:
        raise ValueError(
            f"start={n_labels}: a partition of {n_observations} observations has from 1 to "
            f"{n_observations} labels"
        )
    if n_init < 1:
        raise ValueError(f"n_init={n_init}: at least one start is needed")
    rng = np.random.default_rng(random_state)
    # every label gets an observation
    return [rng.permutation(np.arange(n_observations) % n_labels) for _ in range(n_init)]


def _checked_start(start: Any, n_observations: int) -> np.ndarray:
    partition = np.asarray(start)
    if partition.shape != (n_observations,) or partition.dtype.kind not in "iu":
        raise ValueError(
            f"start has shape {partition.shape} and type {partition.dtype}: give the label of each of the "
            f"{n_observations} observations as whole numbers"
        )
    return partition.astype(int)


def binary_optimum(prior: Any, likelihood: Any, *, base: float | None = None) -> tuple[np.ndarray, float]:
    """Return the best of all partitions into two labels when the hidden instance is one of two.

    Some best partition separates the observations by a threshold on the posterior of an instance, so looking
    at every threshold is looking at every partition.

    Parameters
    ----------
    prior : array of float, shape (2,)
    likelihood : array of float, shape (2, n_observations)
    base : float, optional
        Base of the logarithm; nats by default.

    Returns
    -------
    partition : numpy.ndarray of int, shape (n_observations,)
        Label 0 where instance 0 is the more likely.
    value : float
        Mutual information of instance and label.

    Raises
    ------
    ValueError
        If there are not two instances, or not two observations.

    Examples
    --------
    >>> from adami.exact import binary_optimum
    >>> partition, value = binary_optimum([0.5, 0.5], [[0.6, 0.3, 0.1], [0.1, 0.2, 0.7]], base=2)
    >>> partition.tolist(), round(value, 4)
    ([0, 0, 1], 0.2958)
    """
    law, kernel = as_pmf(prior, name="prior"), as_kernel(likelihood, name="likelihood")
    if law.shape != (2,) or kernel.shape[0] != 2 or kernel.shape[1] < 2:
        raise ValueError(
            f"prior has shape {law.shape} and likelihood {kernel.shape}: the search is for two "
            "instances and at least two observations; match_channels takes any number"
        )
    cells = law[:, None] * kernel
    order = np.argsort(bayes_invert(law, kernel)[:, 1], kind="stable")
    left = np.cumsum(cells[:, order], axis=1)[:, :-1]
    # one table of instance and label for each threshold
    tables = np.stack([left, law[:, None] - left], axis=-1).transpose(1, 0, 2)
    values = mutual_information(np.clip(tables, 0.0, None), batch_dims=1, check=False)
    at = int(np.argmax(values))
    partition = np.zeros(kernel.shape[1], dtype=int)
    partition[order[at + 1 :]] = 1
    return partition, float(in_base(values[at], base))
