"""Entropy as the distance from being deterministic, and information as the distance from independence."""

from __future__ import annotations

from typing import Any

from adami.exact._arrays import Array, floats
from adami.exact._gaps import Divergence, resolve
from adami.exact.informations import marginal
from adami.exact.pmf import as_kernel, as_pmf, check_cells

_NO_DENSITY = (
    "its copies lie on a diagonal without volume, so the gap is infinite and is no differential entropy; "
    "give probabilities of finitely many outcomes"
)


def determinism_gap(
    source_or_kernel: Any, divergence: Divergence = "kl", *, prior: Any = None, base: float | None = None
) -> Array:
    """Return how far a source or a channel is from being deterministic, an entropy for every divergence.

    A source is deterministic when copying its outcome is the same as drawing twice. The gap is the divergence
    of the copied outcome, whose law stands on the diagonal, from two independent draws.

    Parameters
    ----------
    source_or_kernel : array or tensor, shape (n_outcomes,) or (n_inputs, n_outcomes)
        A law, or a Markov kernel with a law in each row.
    divergence : str, tuple or callable
        ``"kl"`` gives Shannon's entropy, ``"tv"`` the Gini-Simpson index ``1 - sum p**2``, ``"chi2"`` the
        number of possible outcomes less one, ``"hellinger"`` (one less the Bhattacharyya coefficient)
        ``1 - sum p**1.5``, ``("renyi", a)`` the Rényi entropy of order 2 - a, ``("tsallis", q)`` the Tsallis
        entropy of order 2 - q. ``("f", phi)`` or ``("f", phi, slope)`` is the f-divergence
        ``sum q phi(p / q)``, where `slope` is the limit of ``phi(t) / t``. Any other divergence is a callable
        that takes two laws as vectors.
    prior : array or tensor, shape (n_inputs,), optional
        Weights of the inputs of a kernel: the gap is then the mean over inputs, which for ``"kl"`` is the
        conditional entropy. Without it the gap of a kernel is that of its worst input.
    base : float, optional
        Base of the logarithm for ``"kl"`` and ``"renyi"``, nats by default; the others have no unit.

    Returns
    -------
    array or tensor
        A single number: 0 for a deterministic source or map, and only for it when the divergence tells laws
        apart.

    Raises
    ------
    ValueError
        If the input is no law or kernel, or the divergence is unknown or has no logarithm to take a base.
        A density is refused: the diagonal has no volume, so every density is infinitely far from
        deterministic, and what is found is not its differential entropy.

    See Also
    --------
    independence_gap : The same for a joint law; the entropy of a source is its value on the diagonal.
    check_enrichment : Whether a divergence of your own may be used here.

    References
    ----------
    P. Perrone, "Markov Categories and Entropy", IEEE Transactions on Information Theory, 2024;
    paper 18 of adami's register.

    Examples
    --------
    >>> from adami.exact import determinism_gap
    >>> determinism_gap([0.5, 0.25, 0.25], base=2).round(6)
    np.float64(1.5)
    >>> determinism_gap([0.5, 0.25, 0.25], "tv").round(6)
    np.float64(0.625)
    >>> determinism_gap([[0.5, 0.5], [1.0, 0.0]], prior=[0.5, 0.5], base=2).round(6)
    np.float64(0.5)
    """
    law = _discrete(source_or_kernel, "the source")
    if law.ndim == 2:
        law = as_kernel(law)
    elif law.ndim == 1:
        law = as_pmf(law)
    else:
        raise ValueError(
            f"the source has shape {tuple(law.shape)}: give a law (one axis) or a kernel (two axes); "
            "flatten a joint table first"
        )
    if prior is not None and law.ndim == 1:
        raise ValueError("a prior weighs the inputs of a kernel, and a source has none: leave it out")
    chosen = resolve(divergence, base)
    if not chosen.closed:
        check_cells(int(law.shape[-1]) ** 2, what="the table of two draws")
    gaps = chosen.gap(law)
    if law.ndim == 1:
        return gaps
    xp, kernel = floats(law)
    if prior is None:
        return xp.max(gaps)
    _, _, weights = floats(kernel, prior, name="the kernel and the prior")
    weights = as_pmf(weights, name="prior")
    if tuple(weights.shape) != (kernel.shape[0],):
        raise ValueError(
            f"prior has shape {tuple(weights.shape)}, but the kernel has {kernel.shape[0]} inputs"
        )
    used = weights > 0
    return xp.sum(xp.where(used, weights, xp.zeros_like(weights)) * xp.where(used, gaps, xp.zeros_like(gaps)))


def independence_gap(joint: Any, divergence: Divergence = "kl", *, base: float | None = None) -> Array:
    """Return how far the variables of a joint law are from independent, an information for every divergence.

    Parameters
    ----------
    joint : array or tensor
        Joint probabilities, one axis a variable, at least two.
    divergence : str, tuple or callable
        As in `determinism_gap`.
    base : float, optional
        Base of the logarithm for ``"kl"`` and ``"renyi"``; nats by default.

    Returns
    -------
    array or tensor
        The divergence of the joint law from the product of its marginals. For ``"kl"`` and two variables it
        is the mutual information, for more the total correlation. It never grows when each variable passes
        through a kernel of its own.

    Raises
    ------
    ValueError
        If `joint` is no law of at least two variables, or the divergence is unknown.

    References
    ----------
    P. Perrone, "Markov Categories and Entropy", IEEE Transactions on Information Theory, 2024;
    paper 18 of adami's register.

    Examples
    --------
    >>> from adami.exact import independence_gap
    >>> independence_gap([[0.5, 0.0], [0.0, 0.5]], base=2).round(6)
    np.float64(1.0)
    >>> independence_gap([[0.4, 0.1], [0.1, 0.4]], "tv").round(6)
    np.float64(0.3)
    """
    table = as_pmf(_discrete(joint, "joint"), name="joint")
    if table.ndim < 2:
        raise ValueError("joint has one axis: independence is between at least two variables")
    xp, table = floats(table)
    product = xp.ones_like(table)
    for axis in range(table.ndim):
        shape = tuple(int(n) if i == axis else 1 for i, n in enumerate(table.shape))
        product = product * xp.reshape(marginal(table, axis, check=False), shape)
    return resolve(divergence, base).between(xp.reshape(table, (-1,)), xp.reshape(product, (-1,)))


def kernel_divergence(f: Any, g: Any, divergence: Divergence = "kl", *, base: float | None = None) -> Array:
    """Return the divergence of two kernels at the input where they differ most.

    Parameters
    ----------
    f, g : array or tensor, shape (n_inputs, n_outputs)
    divergence : str, tuple or callable
        As in `determinism_gap`.
    base : float, optional
        Base of the logarithm for ``"kl"`` and ``"renyi"``; nats by default.

    Returns
    -------
    array or tensor
        A single number; infinite where at some input `g` rules out what `f` allows and the divergence minds.

    Raises
    ------
    ValueError
        If `f` or `g` is no kernel, their shapes differ, or the divergence is unknown.

    References
    ----------
    P. Perrone, "Markov Categories and Entropy", IEEE Transactions on Information Theory, 2024;
    paper 18 of adami's register.

    Examples
    --------
    >>> from adami.exact import kernel_divergence
    >>> kernel_divergence([[0.5, 0.5], [1.0, 0.0]], [[0.5, 0.5], [0.75, 0.25]], "tv")
    np.float64(0.25)
    """
    xp, first, second = floats(f, g, name="f and g")
    first, second = as_kernel(first, name="f"), as_kernel(second, name="g")
    if tuple(first.shape) != tuple(second.shape):
        raise ValueError(f"f has shape {tuple(first.shape)} and g {tuple(second.shape)}")
    return xp.max(resolve(divergence, base).between(first, second))


def _discrete(values: Any, name: str) -> Array:
    """Turn away what is a density before it is told to sum to one."""
    if callable(values) or hasattr(values, "pdf") or hasattr(values, "log_prob"):
        raise ValueError(f"{name} is a continuous law: {_NO_DENSITY}")
    xp, array = floats(values, name=name)
    if bool(xp.any(array > 1 + 1e-6)):
        raise ValueError(f"{name} holds values above 1, as densities and counts do: {_NO_DENSITY}")
    return array
