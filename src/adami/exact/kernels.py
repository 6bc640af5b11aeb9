"""Markov kernels, ``K[x, y] = P(y | x)``: push, compose, invert, and where a chain settles."""

from __future__ import annotations

from typing import Any

import numpy as np

from adami.exact._arrays import Array, as_numpy, floats, in_base, xlogy
from adami.exact.pmf import as_kernel, as_pmf


def push(p: Any, K: Any) -> Array:
    """Return the law of the output, ``p @ K``.

    Parameters
    ----------
    p : array or tensor, shape (n_inputs,)
    K : array or tensor, shape (n_inputs, n_outputs)

    Returns
    -------
    array or tensor, shape (n_outputs,)

    Raises
    ------
    ValueError
        If `p` is not a law, `K` not a kernel, or their sizes differ.

    Examples
    --------
    >>> from adami.exact import push
    >>> push([0.5, 0.5], [[1.0, 0.0], [0.5, 0.5]])
    array([0.75, 0.25])
    """
    _, law, kernel = _pair(p, K)
    return law @ kernel


def joint(p: Any, K: Any) -> Array:
    """Return the joint law of input and output, ``p[x] K[x, y]``.

    Parameters
    ----------
    p : array or tensor, shape (n_inputs,)
    K : array or tensor, shape (n_inputs, n_outputs)

    Returns
    -------
    array or tensor, shape (n_inputs, n_outputs)

    Examples
    --------
    >>> from adami.exact import joint
    >>> joint([0.5, 0.5], [[1.0, 0.0], [0.5, 0.5]])
    array([[0.5 , 0.  ],
           [0.25, 0.25]])
    """
    _, law, kernel = _pair(p, K)
    return law[:, None] * kernel


def compose(K: Any, L: Any) -> Array:
    """Return the kernel that applies `K` and then `L`.

    Parameters
    ----------
    K : array or tensor, shape (n_inputs, n_between)
    L : array or tensor, shape (n_between, n_outputs)

    Returns
    -------
    array or tensor, shape (n_inputs, n_outputs)

    Examples
    --------
    >>> from adami.exact import compose
    >>> compose([[0.0, 1.0], [1.0, 0.0]], [[0.9, 0.1], [0.2, 0.8]])
    array([[0.2, 0.8],
           [0.9, 0.1]])
    """
    _, first, second = floats(K, L, name="K and L")
    first, second = as_kernel(first, name="K"), as_kernel(second, name="L")
    if first.shape[1] != second.shape[0]:
        raise ValueError(f"K ends in {first.shape[1]} symbols, but L begins with {second.shape[0]}")
    return first @ second


def tensor(K: Any, L: Any) -> Array:
    """Return the kernel that applies `K` and `L` side by side, on pairs in row-major order.

    Parameters
    ----------
    K, L : array or tensor

    Returns
    -------
    array or tensor, shape (n_inputs_K * n_inputs_L, n_outputs_K * n_outputs_L)

    Examples
    --------
    >>> from adami.exact import tensor
    >>> tensor([[0.5, 0.5]], [[0.25, 0.75]])
    array([[0.125, 0.375, 0.125, 0.375]])
    """
    xp, first, second = floats(K, L, name="K and L")
    first, second = as_kernel(first, name="K"), as_kernel(second, name="L")
    cells = first[:, None, :, None] * second[None, :, None, :]
    return xp.reshape(cells, (first.shape[0] * second.shape[0], first.shape[1] * second.shape[1]))


def bayes_invert(p: Any, K: Any) -> Array:
    """Return the posterior kernel ``P(x | y)`` of a prior and a kernel.

    Parameters
    ----------
    p : array or tensor, shape (n_inputs,)
    K : array or tensor, shape (n_inputs, n_outputs)

    Returns
    -------
    array or tensor, shape (n_outputs, n_inputs)
        Where an output cannot happen, nothing was learnt and the row is the prior.

    Examples
    --------
    >>> from adami.exact import bayes_invert
    >>> bayes_invert([0.5, 0.5], [[1.0, 0.0], [0.5, 0.5]]).round(3)
    array([[0.667, 0.333],
           [0.   , 1.   ]])
    """
    xp, law, kernel = _pair(p, K)
    cells = xp.permute_dims(law[:, None] * kernel, (1, 0))
    total = xp.sum(cells, axis=1, keepdims=True)
    seen = total > 0
    return xp.where(seen, cells / xp.where(seen, total, xp.ones_like(total)), law[None, :])


def stationary(K: Any) -> Array:
    """Return the one law that the chain keeps.

    Parameters
    ----------
    K : array or tensor, shape (n_states, n_states)

    Returns
    -------
    array or tensor, shape (n_states,)

    Raises
    ------
    ValueError
        If `K` is not a square kernel or the chain has several closed classes, hence many stationary laws.

    Examples
    --------
    >>> from adami.exact import stationary
    >>> stationary([[0.9, 0.1], [0.2, 0.8]]).round(4)
    array([0.6667, 0.3333])
    """
    xp, kernel = _square(K)
    classes = closed_classes(kernel)
    if len(classes) > 1:
        shown = " and ".join(str(c[:3].tolist()) for c in classes[:2])
        raise ValueError(
            f"the chain is reducible: {len(classes)} closed classes (states {shown} never meet), so its "
            "stationary law is not unique; split the chain or join the classes"
        )
    n = kernel.shape[0]
    one = xp.ones((n,), dtype=kernel.dtype, device=kernel.device)
    # pi (I - K + E) = 1 with E all ones, and the matrix is regular just when pi is unique
    eye = xp.eye(n, dtype=kernel.dtype, device=kernel.device)
    system = xp.permute_dims(eye - kernel + one[:, None], (1, 0))
    pi = xp.linalg.solve(system, one[:, None])[:, 0]
    pi = xp.where(pi > 0, pi, xp.zeros_like(pi))
    return pi / xp.sum(pi)


def closed_classes(K: Any) -> list[np.ndarray]:
    """Return the sets of states that a chain never leaves; one set means one stationary law.

    Parameters
    ----------
    K : array or tensor, shape (n_states, n_states)

    Returns
    -------
    list of numpy.ndarray of int
        States of each closed class.

    Examples
    --------
    >>> from adami.exact import closed_classes
    >>> closed_classes([[1.0, 0.0, 0.0], [0.5, 0.0, 0.5], [0.0, 0.0, 1.0]])
    [array([0]), array([2])]
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    _, kernel = _square(K)
    moves = as_numpy(kernel) > 0
    count, label = connected_components(csr_array(moves), directed=True, connection="strong")
    sources, targets = np.nonzero(moves)
    left = np.unique(label[sources[label[sources] != label[targets]]])
    return [np.flatnonzero(label == c) for c in range(count) if c not in left]


def edge_measure(K: Any, pi: Any = None) -> Array:
    """Return the law of two consecutive states, ``pi[x] K[x, y]``.

    Parameters
    ----------
    K : array or tensor, shape (n_states, n_states)
    pi : array or tensor, shape (n_states,), optional
        The stationary law; found by default.

    Returns
    -------
    array or tensor, shape (n_states, n_states)

    Raises
    ------
    ValueError
        If `pi` is not stationary, or not given and not unique.

    Examples
    --------
    >>> from adami.exact import edge_measure
    >>> edge_measure([[0.5, 0.5], [0.5, 0.5]])
    array([[0.25, 0.25],
           [0.25, 0.25]])
    """
    xp, kernel = _square(K)
    law = stationary(kernel) if pi is None else as_pmf(floats(kernel, pi, name="K and pi")[2], name="pi")
    if tuple(law.shape) != (kernel.shape[0],):
        raise ValueError(f"pi has shape {tuple(law.shape)}, but the chain has {kernel.shape[0]} states")
    drift = xp.max(xp.abs(law @ kernel - law))
    if drift > max(1e-8, 100 * float(xp.finfo(kernel.dtype).eps)):
        raise ValueError(
            f"pi is not stationary: one step moves it by {drift:.3g}; leave pi out to have it found"
        )
    return law[:, None] * kernel


def entropy_rate(K: Any, pi: Any = None, *, base: float | None = None) -> Array:
    """Return the entropy rate of a stationary chain, ``-sum pi[x] K[x, y] log K[x, y]``.

    Parameters
    ----------
    K : array or tensor, shape (n_states, n_states)
    pi : array or tensor, shape (n_states,), optional
        The stationary law; found by default.
    base : float, optional
        Base of the logarithm; nats by default.

    Returns
    -------
    array or tensor
        A single number, per step.

    Raises
    ------
    ValueError
        If `pi` is not stationary, or not given and not unique.

    Examples
    --------
    >>> from adami.exact import entropy_rate
    >>> entropy_rate([[0.5, 0.5], [0.5, 0.5]], base=2).round(6)
    np.float64(1.0)
    """
    xp, kernel = _square(K)
    return in_base(0.0 - xp.sum(xlogy(xp, edge_measure(kernel, pi), kernel)), base)


def _pair(p: Any, K: Any) -> tuple[Any, Array, Array]:
    xp, law, kernel = floats(p, K, name="p and K")
    law, kernel = as_pmf(law), as_kernel(kernel)
    if tuple(law.shape) != (kernel.shape[0],):
        raise ValueError(f"p has shape {tuple(law.shape)}, but K has {kernel.shape[0]} inputs")
    return xp, law, kernel


def _square(K: Any) -> tuple[Any, Array]:
    xp, kernel = floats(K, name="K")
    kernel = as_kernel(kernel)
    if kernel.shape[0] != kernel.shape[1]:
        raise ValueError(
            f"K has shape {tuple(kernel.shape)}: a chain goes from its states to the same states"
        )
    return xp, kernel
