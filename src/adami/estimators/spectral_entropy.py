"""Diffusion spectral entropy: the logarithm of how many directions a cloud of points spreads in."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from adami.estimators._base import Estimator, Measurement
from adami.estimators._diffusion_spectrum import (
    Normalization,
    Width,
    cloud,
    drawn,
    drawn_note,
    eigenvalues,
    enough_rows,
    operator,
    spectral_entropy_of,
)
from adami.exact._arrays import Array, floats
from adami.variables import Variable


def diffusion_eigenvalues(
    X: Array, sigma: Width = 10.0, normalization: Normalization = "random_walk"
) -> Array:
    """Return the eigenvalues of the diffusion operator of a cloud of points, in descending order.

    Parameters
    ----------
    X : array or tensor, shape (n, d)
    sigma : float, "median" or "knn"
        Width of the Gaussian affinities: a number in the unit of `X`, the root of the median squared
        distance, or for each row the distance to its tenth neighbour.
    normalization : {"random_walk", "anisotropic"}
        ``D^-1 G``, as in the code that came with the paper, or the same with the density divided out first,
        as in its text. Their eigenvalues differ.

    Returns
    -------
    array of shape (n,), of the same array library
        The first is 1. Exact to 1e-12.

    Raises
    ------
    ValueError
        For fewer than 3 rows, missing values, a width that is none, or too many rows for the memory.

    References
    ----------
    Liao, Liu, Christensen, Tong, Huguet, Wolf, Nickel, Adelstein and Krishnaswamy, "Assessing Neural Network
    Representations During Training Using Noise-Resilient Diffusion Spectral Entropy", 2023; paper 23 of
    adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import diffusion_eigenvalues
    >>> diffusion_eigenvalues(np.array([0.0, 0.01, 50.0, 50.01]), sigma=1.0).round(3).tolist()
    [1.0, 1.0, 0.0, 0.0]
    """
    xp, X = floats(X, name="X")
    X = enough_rows(xp, X)
    return eigenvalues(xp, operator(xp, X, sigma, normalization), definite=sigma != "knn")


def diffusion_spectral_entropy(
    X: Array,
    sigma: Width = 10.0,
    t: float = 1.0,
    *,
    normalization: Normalization = "random_walk",
    max_n: int | None = 10_000,
    random_state: int = 0,
) -> Array:
    """Return the entropy of the spectrum of diffusion over a cloud of points.

    The entropy of the eigenvalues of the diffusion operator to the power `t`, made to sum to one: 0 where all
    points are one at this width, ln n where each stands alone, and as `t` grows ln k for k clusters far
    apart.

    Parameters
    ----------
    X : array or tensor, shape (n, d)
    sigma : float, "median" or "knn"
        As in `diffusion_eigenvalues`. Entropies compare at equal widths and equal numbers of rows only.
    t : float
        Steps of diffusion; 2 and more quieten noise.
    normalization : {"random_walk", "anisotropic"}
    max_n : int, optional
        Rows above which a seeded draw stands for all.
    random_state : int

    Returns
    -------
    scalar of the same array library
        In nats. It is not Shannon entropy: it depends on the unit and the coordinates. Gradients flow for
        tensors, and are those of a sum over eigenvalues where some coincide.

    Raises
    ------
    ValueError
        As in `diffusion_eigenvalues`, and if `t` is not positive.

    References
    ----------
    Liao and others, 2023; paper 23 of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import diffusion_spectral_entropy
    >>> three = np.repeat([[0.0, 0.0], [99.0, 0.0], [0.0, 99.0]], 20, axis=0)
    >>> bool(abs(diffusion_spectral_entropy(three) - np.log(3)) < 1e-9)
    True
    """
    xp, X = floats(X, name="X")
    X = enough_rows(xp, X)
    X = drawn(X, max_n, np.random.default_rng(random_state))
    return spectral_entropy_of(xp, X, sigma, t, normalization)


class DSE(Estimator):
    """Diffusion spectral entropy: the logarithm of how many directions a cloud of points spreads in.

    Parameters
    ----------
    sigma : float, "median" or "knn"
        Width of the affinities, in the unit of the columns, which are not scaled.
    t : float
        Steps of diffusion.
    normalization : {"random_walk", "anisotropic"}
    max_n : int, optional
        Rows above which a seeded draw stands for all.
    random_state : int

    References
    ----------
    Liao, Liu, Christensen, Tong, Huguet, Wolf, Nickel, Adelstein and Krishnaswamy, "Assessing Neural Network
    Representations During Training Using Noise-Resilient Diffusion Spectral Entropy", 2023; paper 23 of
    adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import DSE
    >>> cloud = np.repeat([[0.0, 0], [99, 0], [0, 99]], 20, axis=0)
    >>> cloud = cloud + 0.01 * np.random.default_rng(0).normal(size=cloud.shape)
    >>> found = DSE(sigma=1.0, t=10).estimate(cloud)
    >>> found.measure, found.quantity, round(float(found), 4)
    ('dse', 'diffusion spectral entropy', 1.0986)
    """

    name = "dse"
    measure = "dse"

    def __init__(
        self,
        sigma: Width = 10.0,
        t: float = 1.0,
        normalization: Normalization = "random_walk",
        max_n: int | None = 10_000,
        random_state: int = 0,
    ) -> None:
        self.sigma = sigma
        self.t = t
        self.normalization = normalization
        self.max_n = max_n
        self.random_state = random_state

    def _named(self, variables: Mapping[str, Variable]) -> str:
        return "diffusion spectral entropy"

    def _entropy(self, x: Variable) -> Measurement:
        rows = cloud(x, self.name)
        value = diffusion_spectral_entropy(
            rows,
            self.sigma,
            self.t,
            normalization=self.normalization,
            max_n=self.max_n,
            random_state=self.random_state,
        )
        used = x.n if self.max_n is None else min(x.n, self.max_n)
        notes = drawn_note(x.n, self.max_n)
        return Measurement(float(value), diagnostics=notes, details={"sigma": self.sigma, "rows": used})
