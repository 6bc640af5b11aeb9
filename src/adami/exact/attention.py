"""Entropy of attention: how spread each query looks, how spread the keys are used, and pruning by weight."""

from __future__ import annotations

from typing import Any, Literal, get_args

from adami.exact._arrays import Array, floats
from adami.exact.entropies import entropy
from adami.exact.pmf import as_pmf

AttentionMode = Literal["row", "usage", "information"]
PruneScope = Literal["row", "head"]


def attention_entropy(
    attn: Any,
    mode: AttentionMode = "row",
    *,
    base: float | None = None,
    from_logits: bool = False,
    check: bool = True,
) -> Array:
    """Return how spread the attention of each head is.

    Parameters
    ----------
    attn : array or tensor, shape (..., n_queries, n_keys)
        Attention weights, a law over keys for each query; or scores with ``from_logits=True``, where -inf
        stands for masked keys.
    mode : {"row", "usage", "information"}
        Mean entropy of the rows, low when each query looks at few keys; entropy of the mean row, low when
        all queries look at the same few keys; or the difference of the two, the mutual information of query
        and key for a query drawn at random.
    base : float, optional
        Base of the logarithm; nats by default.
    from_logits : bool
        Whether `attn` holds scores before their softmax.
    check : bool
        Whether to check that rows are laws.

    Returns
    -------
    array or tensor, shape (...)
        With gradients for tensors.

    Raises
    ------
    ValueError
        If rows are no laws, or the mode is unknown.

    Notes
    -----
    Rows sum to one already, so that a plain L1 penalty on weights is constant; these terms are not. The usage
    term is the range entropy whose anchors are the keys.

    A penalty on the row term makes a model attend to few keys, which bears pruning; L1 on scores draws them
    to zero and spreads attention instead. At the same weight of 0.1 the model with entropy is more accurate
    once pruned. Against an L1 penalty whose weight is tuned, down to none, no sure gain was found, and
    with two of eight keys left a small loss.

    References
    ----------
    Differentiable Entropy Regularization for Geometry and Neural Networks, 2025; paper 70 of adami's
    register.

    Examples
    --------
    >>> from adami.exact import attention_entropy
    >>> weights = [[1.0, 0.0], [0.5, 0.5]]
    >>> attention_entropy(weights, base=2), attention_entropy(weights, "usage", base=2).round(4)
    (np.float64(0.5), np.float64(0.8113))
    """
    if mode not in get_args(AttentionMode):
        raise ValueError(f"mode={mode!r}: choose one of {', '.join(get_args(AttentionMode))}")
    xp, weights = floats(attn, name="attn")
    _matrix(weights)
    options: dict[str, Any] = {"axis": -1, "base": base}
    rows = xp.mean(entropy(weights, from_logits=from_logits, check=check, **options), axis=-1)
    if mode == "row":
        return rows
    if from_logits:
        top = xp.max(weights, axis=-1, keepdims=True)
        cells = xp.exp(weights - top)
        weights = cells / xp.sum(cells, axis=-1, keepdims=True)
    usage = entropy(xp.mean(weights, axis=-2), check=check, **options)
    return usage if mode == "usage" else usage - rows


def prune_attention(attn: Any, sparsity: float = 0.8, *, scope: PruneScope = "head") -> Array:
    """Keep the largest attention weights and renormalise each row.

    Parameters
    ----------
    attn : array or tensor, shape (..., n_queries, n_keys)
        Attention weights, a law over keys for each query.
    sparsity : float
        Share of the weights to set to zero, at least; the largest weight of each row always stays.
    scope : {"row", "head"}
        Whether weights compete within their row or within their whole matrix.

    Returns
    -------
    array or tensor
        Of the same shape, rows summing to one.

    Raises
    ------
    ValueError
        If rows are no laws or `sparsity` is not in [0, 1).

    Examples
    --------
    >>> from adami.exact import prune_attention
    >>> prune_attention([[0.75, 0.15, 0.1], [0.1, 0.3, 0.6]], 0.5).round(3)
    array([[1.   , 0.   , 0.   ],
           [0.   , 0.333, 0.667]])
    """
    if not 0 <= sparsity < 1:
        raise ValueError(f"sparsity={sparsity}: give a share from 0 and below 1")
    if scope not in get_args(PruneScope):
        raise ValueError(f"scope={scope!r}: choose one of {', '.join(get_args(PruneScope))}")
    xp, weights = floats(attn, name="attn")
    _matrix(weights)
    weights = as_pmf(weights, axis=-1, name="attn")
    shape = tuple(weights.shape)
    flat = weights if scope == "row" else xp.reshape(weights, (*shape[:-2], shape[-2] * shape[-1]))
    # rounding must not take away one weight more than asked for
    kept = int((1 - sparsity) * flat.shape[-1] + 1e-9)
    order = xp.argsort(-flat, axis=-1, stable=True)
    rank = xp.argsort(order, axis=-1, stable=True)
    keep = xp.reshape(rank < kept, shape) | (_place_in_row(xp, weights) == 0)
    left = xp.where(keep, weights, xp.zeros_like(weights))
    return left / xp.sum(left, axis=-1, keepdims=True)


def _place_in_row(xp: Any, weights: Array) -> Array:
    order = xp.argsort(-weights, axis=-1, stable=True)
    return xp.argsort(order, axis=-1, stable=True)


def _matrix(weights: Array) -> None:
    if weights.ndim < 2 or 0 in weights.shape:
        raise ValueError(
            f"attn has shape {tuple(weights.shape)}: give a matrix of queries and keys, after any axes for "
            "batch and heads"
        )
