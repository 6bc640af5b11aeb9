"""Cauchy-Schwarz divergences between samples, and the dependence that they measure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from adami.estimators._base import Estimator, Measurement
from adami.estimators._common import constant_note, has_levels, standardize, varying
from adami.estimators._gram import (
    Bandwidth,
    as_rows,
    bandwidth,
    log_kernel,
    log_sum_exp,
    refuse_beyond_memory,
)
from adami.exact._arrays import Array, floats
from adami.result import Diagnostic
from adami.variables import Variable

Denominator = Literal["sq_sum", "sum_sq"]
DEGENERATE = 1e-6
"""Mean kernel between different rows below which every row stands alone."""


def cs_divergence(a: Array, b: Array, sigma: Bandwidth = 1.0) -> Array:
    r"""Return the Cauchy-Schwarz divergence between the laws of two samples.

    ``-2 ln ∫pq + ln ∫p² + ln ∫q²``, with Gaussian kernel densities of both: at least 0, symmetric, and
    between normal laws at most the Kullback-Leibler divergence. It compares the laws after smoothing by a
    normal law of variance ``sigma² / 2``.

    Parameters
    ----------
    a, b : array or tensor, shape (n, d) and (m, d), or (n,) and (m,)
    sigma : float, "median" or "wide"
        Width of the kernel; "median" takes the root of the median squared distance of all rows, "wide" ten
        times that squared distance.

    Returns
    -------
    scalar of the same array library
        In nats; gradients flow for tensors.

    Raises
    ------
    ValueError
        For unequal dimensions, missing values, a width that is none, or too many rows for the memory.

    References
    ----------
    Yu, Yu, Løkse, Jenssen and Principe, "Cauchy-Schwarz Divergence Information Bottleneck for Regression",
    2024; paper 46 of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import cs_divergence
    >>> a = np.random.default_rng(0).normal(size=(300, 2))
    >>> round(float(cs_divergence(a, a)), 6), bool(cs_divergence(a, a + 1) > 0.2)
    (0.0, True)
    """
    xp, a, b = floats(a, b, name="the samples")
    a, b = as_rows(xp, a, "a"), as_rows(xp, b, "b")
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"a has {a.shape[1]} column(s) and b has {b.shape[1]}")
    n, m = a.shape[0], b.shape[0]
    refuse_beyond_memory(max(n, m), max(n, m), 6, "the Cauchy-Schwarz divergence")
    s = bandwidth(sigma, xp.concat([a, b]) if isinstance(sigma, str) else a, "a and b")
    own, other, cross = (log_sum_exp(xp, log_kernel(xp, p, q, s)) for p, q in ((a, a), (b, b), (a, b)))
    return own + other - 2.0 * cross


def conditional_cs(
    x: Array,
    y: Array,
    y_hat: Array,
    sigma_x: Bandwidth = 1.0,
    sigma_y: Bandwidth = 1.0,
    *,
    denominator: Denominator = "sq_sum",
) -> Array:
    """Return the Cauchy-Schwarz divergence between the laws of y given x and of a prediction given x.

    Parameters
    ----------
    x : array or tensor, shape (n, d_x) or (n,)
    y, y_hat : array or tensor, shape (n, d_y) or (n,)
        What was seen and what was predicted at the rows of `x`.
    sigma_x, sigma_y : float, "median" or "wide"
        Widths of the kernels; a rule for `sigma_y` looks at `y`.
    denominator : {"sq_sum", "sum_sq"}
        Density of x in the denominator: square of the sum of kernels, as the derivation has it, or the sum of
        squares, as in the code that came with the paper. They nearly agree where that density is flat.

    Returns
    -------
    scalar of the same array library
        In nats; exactly 0 for equal `y` and `y_hat`; gradients flow for tensors.

    Raises
    ------
    ValueError
        For unequal numbers of rows or columns, missing values, or too many rows for the memory.

    References
    ----------
    Yu and others, 2024; paper 46 of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import conditional_cs
    >>> x, noise = np.random.default_rng(0).normal(size=(2, 300))
    >>> float(conditional_cs(x, x + noise, x + noise)) == 0
    True
    >>> bool(conditional_cs(x, x + noise, x + noise + 2) > conditional_cs(x, x + noise, x + noise + 1) > 0.2)
    True
    """
    xp, x, y, y_hat = floats(x, y, y_hat, name="x, y and y_hat")
    x, y, y_hat = as_rows(xp, x, "x"), as_rows(xp, y, "y"), as_rows(xp, y_hat, "y_hat")
    if tuple(y.shape) != tuple(y_hat.shape) or x.shape[0] != y.shape[0]:
        raise ValueError(
            f"x, y and y_hat have shapes {tuple(x.shape)}, {tuple(y.shape)} and {tuple(y_hat.shape)}: "
            "as many rows each, and as many columns in y and y_hat"
        )
    n = x.shape[0]
    refuse_beyond_memory(n, n, 6, "the conditional Cauchy-Schwarz divergence")
    near = log_kernel(xp, x, x, bandwidth(sigma_x, x, "x"))
    if denominator == "sq_sum":
        density = 2.0 * log_sum_exp(xp, near, 1)
    elif denominator == "sum_sq":
        density = log_sum_exp(xp, 2.0 * near, 1)
    else:
        raise ValueError(f"denominator={denominator!r}: choose 'sq_sum' or 'sum_sq'")
    weight = near - density[:, None]
    s = bandwidth(sigma_y, y, "y")
    # sums of logarithms: far predictions do not underflow, so that no logarithm of 0 is ever taken
    seen, said, cross = (
        log_sum_exp(xp, weight + log_kernel(xp, p, q, s)) for p, q in ((y, y), (y_hat, y_hat), (y_hat, y))
    )
    return seen + said - 2.0 * cross


def cs_qmi(
    x: Array,
    t: Array,
    sigma: Bandwidth | tuple[Bandwidth, Bandwidth] = 1.0,
    *,
    normalized: bool = False,
) -> Array:
    """Return the Cauchy-Schwarz quadratic mutual information of two samples of numbers.

    The Cauchy-Schwarz divergence between the joint law and the product of the margins, in kernel densities.
    It is 0 for independent variables, but it is not Shannon information: neither its additivity nor its
    invariance.

    Parameters
    ----------
    x, t : array or tensor, shape (n, d_x) and (n, d_t)
    sigma : float, "median" or "wide", or two of them
        Widths of the kernels of `x` and of `t`.
    normalized : bool
        Divide by the root of the product of both variables' value with themselves.

    Returns
    -------
    scalar of the same array library
        In nats, or a plain ratio; gradients flow for tensors.

    Raises
    ------
    ValueError
        For unequal numbers of rows, missing values, too many rows for the memory, or with `normalized` a
        sample that never changes.

    References
    ----------
    Yu and others, 2024; paper 46 of adami's register. Principe, "Information Theoretic Learning", 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import cs_qmi
    >>> x, noise = np.random.default_rng(0).normal(size=(2, 500))
    >>> bool(cs_qmi(x, noise) < 0.01 < 0.1 < cs_qmi(x, x + 0.3 * noise))
    True
    >>> round(float(cs_qmi(x, -x, normalized=True)), 6)
    1.0
    """
    xp, x, t = floats(x, t, name="x and t")
    x, t = as_rows(xp, x, "x"), as_rows(xp, t, "t")
    n = x.shape[0]
    if t.shape[0] != n:
        raise ValueError(f"x has {n} rows and t has {t.shape[0]}")
    refuse_beyond_memory(n, n, 6, "the Cauchy-Schwarz quadratic mutual information")
    s_x, s_t = sigma if isinstance(sigma, tuple) else (sigma, sigma)
    a = log_kernel(xp, x, x, bandwidth(s_x, x, "x"))
    b = log_kernel(xp, t, t, bandwidth(s_t, t, "t"))
    value = _from_kernels(xp, a, b)
    if not normalized:
        return value
    own = _from_kernels(xp, a, a) * _from_kernels(xp, b, b)
    if not bool(own > 0):
        raise ValueError(
            "x or t never changes at this width of the kernel: its own value is 0, nothing to divide by"
        )
    return value / xp.sqrt(own)


def _from_kernels(xp: Any, a: Array, b: Array) -> Array:
    """Return the quadratic mutual information from the logarithms of two kernel matrices."""
    rows_a, rows_b = log_sum_exp(xp, a, 1), log_sum_exp(xp, b, 1)
    both = log_sum_exp(xp, a + b) + log_sum_exp(xp, rows_a) + log_sum_exp(xp, rows_b)
    # the powers of n cancel: 2 + 4 = 2 * 3
    return both - 2.0 * log_sum_exp(xp, rows_a + rows_b)


class CSQMI(Estimator):
    """Cauchy-Schwarz quadratic mutual information, a dependence in closed form that is not Shannon's.

    Numbers are compared by a Gaussian kernel, labels by whether they are equal, both by the product.

    Parameters
    ----------
    sigma : float, "median" or "wide"
        Width of the kernels, after the transform; see `cs_qmi`.
    normalized : bool
        Divide by the root of the product of both variables' value with themselves: 1 for a copy.
    transform : {"standardize", "none"}
        Columns are brought to unit deviation, so that the width does not depend on their unit.

    Notes
    -----
    The value refers to laws smoothed by the kernels, and is above 0 by about one over n for independent
    samples. Time and memory grow with the square of the rows.

    References
    ----------
    Yu, Yu, Løkse, Jenssen and Principe, "Cauchy-Schwarz Divergence Information Bottleneck for Regression",
    2024; paper 46 of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import CSQMI
    >>> x, noise = np.random.default_rng(0).normal(size=(2, 500))
    >>> found = CSQMI().estimate(x, x + noise)
    >>> found.measure, found.quantity, bool(0.05 < found < 0.1)
    ('cs_qmi', 'Cauchy-Schwarz quadratic mutual information', True)
    """

    name = "cs_qmi"
    measure = "cs_qmi"

    def __init__(
        self,
        sigma: Bandwidth = 1.0,
        normalized: bool = False,
        transform: Literal["standardize", "none"] = "standardize",
    ) -> None:
        self.sigma = sigma
        self.normalized = normalized
        self.transform = transform

    def _named(self, variables: Mapping[str, Variable]) -> str:
        return f"{'normalized ' if self.normalized else ''}Cauchy-Schwarz quadratic mutual information"

    def _information(self, x: Variable, y: Variable) -> Measurement:
        if self.transform not in ("standardize", "none"):
            raise ValueError(f"transform={self.transform!r}: choose 'standardize' or 'none'")
        if not all(varying(v).shape[1] or has_levels(v) for v in (x, y)):
            return Measurement(0.0, diagnostics=constant_note(x, y))
        refuse_beyond_memory(x.n, x.n, 6, f"method {self.name!r}")
        (a, s_a), (b, s_b) = (self._kernel(v) for v in (x, y))
        value = float(_from_kernels(np, a, b))
        if self.normalized:
            value /= float(np.sqrt(_from_kernels(np, a, a) * _from_kernels(np, b, b)))
        notes = constant_note(x, y)
        for v, kernel in ((x, a), (y, b)):
            between = (float(np.exp(kernel).sum()) - x.n) / (x.n * (x.n - 1))
            if between < DEGENERATE:
                message = (
                    f"{v}: the mean kernel between different rows is {between:.1g}, every row stands alone "
                    "and the value says nothing; use a wider kernel, such as sigma='median'"
                )
                notes += (Diagnostic("kernel_degenerate", message, "warning", "unknown"),)
        return Measurement(value, diagnostics=notes, details={"sigma_x": s_a, "sigma_y": s_b})

    def _kernel(self, v: Variable) -> tuple[np.ndarray, float | None]:
        """Return the logarithm of the kernel of all pairs of rows, and the width used for numbers."""
        kernel, s = np.zeros((v.n, v.n)), None
        numbers = varying(v)
        if numbers.shape[1]:
            if self.transform == "standardize":
                numbers = standardize(numbers)[0]
            s = bandwidth(self.sigma, numbers, str(v))
            kernel += log_kernel(np, numbers, numbers, s)
        if v.codes is not None:
            kernel[v.codes[:, None] != v.codes[None, :]] = -np.inf
        return kernel, s
