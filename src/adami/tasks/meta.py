"""Laws drawn at random, with their information: what an estimator that learns from examples is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from adami.tasks._gaussian import gaussian_information
from adami.tasks._maps import wiggly_x, wiggly_y
from adami.tasks._student import student_correction

Map = Callable[[np.ndarray], np.ndarray]

MAPS: dict[str, tuple[Map, Map]] = {
    "base": (lambda x: x, lambda y: y),
    "halfcube": (lambda x: x * np.sqrt(np.abs(x)), lambda y: y * np.sqrt(np.abs(y))),
    "asinh": (np.arcsinh, np.arcsinh),
    "wiggly": (wiggly_x, wiggly_y),
}
"""Strictly increasing maps of the coordinates of x and of y: information stays as it is."""

TRAINED = (
    *("normal-dense-base", "normal-dense-halfcube", "normal-dense-asinh"),
    *("normal-sparse-wiggly", "normal-sparse-base"),
    *("normal-lvm-wiggly", "normal-lvm-base", "normal-2pair-base"),
    *("student-dense-base", "student-dense-wiggly"),
    *("student-sparse-halfcube", "student-sparse-base", "student-sparse-asinh"),
    *("student-2pair-asinh", "student-2pair-halfcube", "additive-wiggly"),
)
"""Families that the published estimator learnt from."""
SEEN = (
    *("normal-dense-base", "normal-dense-halfcube", "normal-lvm-wiggly"),
    *("student-dense-base", "student-sparse-base", "student-sparse-asinh"),
)
"""Families of its test that it had learnt from."""
UNSEEN = (
    *("normal-dense-wiggly", "normal-sparse-halfcube", "normal-sparse-asinh"),
    *("student-sparse-wiggly", "student-dense-halfcube", "additive-base", "additive-halfcube"),
)
"""Families of its test that it had not."""
ROTATED = ("normal-rotated-base", "student-rotated-base", "independent-base")
"""Further families: random canonical pairs in random directions, and none at all."""


@dataclass(frozen=True, slots=True)
class MetaLaw:
    """One law: a Gaussian or Student-t dispersion, or uniform noise added to each coordinate.

    Parameters
    ----------
    family : str
        ``"base law-transform"``.
    dim_x, dim_y : int
    factor : numpy.ndarray, shape (dim_x + dim_y, dim_x + dim_y)
        Lower triangular root of the dispersion; empty for added noise.
    df : float
        Degrees of freedom; infinite for a Gaussian.
    epsilon : numpy.ndarray, shape (dim_x,)
        Half widths of added uniform noise; empty for the others.
    mi : float
        Information in nats.
    """

    family: str
    dim_x: int
    dim_y: int
    factor: np.ndarray
    df: float
    epsilon: np.ndarray
    mi: float

    def sample(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw n rows of x, shape (n, dim_x), and y, shape (n, dim_y)."""
        if len(self.epsilon):
            x = rng.uniform(size=(n, self.dim_x))
            y = x + rng.uniform(-1, 1, size=x.shape) * self.epsilon
        else:
            xy = rng.standard_normal((n, len(self.factor))) @ self.factor.T
            if np.isfinite(self.df):
                xy /= np.sqrt(rng.chisquare(self.df, size=(n, 1)) / self.df)
            x, y = xy[:, : self.dim_x], xy[:, self.dim_x :]
        of_x, of_y = MAPS[self.family.rsplit("-", 1)[1]]
        return of_x(x), of_y(y)


def draw_law(family: str, dim_x: int, dim_y: int, rng: np.random.Generator) -> MetaLaw:
    """Draw the parameters of a law of one family.

    Parameters
    ----------
    family : str
        ``"base-transform"`` with a base of ``normal-dense``, ``normal-sparse``, ``normal-lvm``,
        ``normal-2pair``, ``normal-rotated``, their ``student-`` forms, ``additive`` and ``independent``, and
        a transform of ``base``, ``halfcube``, ``asinh`` and ``wiggly``.
    dim_x, dim_y : int
        Added noise needs as many of both.
    rng : numpy.random.Generator

    Returns
    -------
    MetaLaw

    Raises
    ------
    ValueError
        If there is no such family, or added noise is asked for with unequal dimensions.

    References
    ----------
    Gritsai et al., "MIST: Mutual Information Via Supervised Training", 2025; paper 12 of adami's register.
    Czyż et al., "Beyond normal: on the evaluation of mutual information estimators", NeurIPS 2023.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.tasks import draw_law
    >>> law = draw_law("normal-sparse-asinh", 3, 3, np.random.default_rng(0))
    >>> x, y = law.sample(100, np.random.default_rng(1))
    >>> x.shape, law.mi > 0
    ((100, 3), True)
    """
    base, _, transform = family.rpartition("-")
    kind, _, shape = base.partition("-")
    if transform not in MAPS or kind not in ("normal", "student", "additive", "independent"):
        raise ValueError(f"unknown family {family!r}; such as {', '.join((*TRAINED[:4], *ROTATED))}")
    none = np.empty(0)
    if kind == "additive":
        if dim_x != dim_y:
            raise ValueError(f"{family}: noise is added to each coordinate, so dim_x and dim_y must be equal")
        epsilon = rng.uniform(0.1, 2, size=dim_x)
        low = epsilon - np.log(2 * epsilon)
        mi = np.where(epsilon <= 0.5, low, 1 / (4 * epsilon)).sum()
        return MetaLaw(family, dim_x, dim_y, none, np.inf, epsilon, float(mi))
    if kind == "independent":
        matrix = np.eye(dim_x + dim_y)
    elif shape in SHAPES:
        matrix = SHAPES[shape](dim_x, dim_y, rng)
    else:
        raise ValueError(f"unknown family {family!r}; base laws have the shapes {', '.join(SHAPES)}")
    df = float(rng.uniform(1, 10)) if kind == "student" else np.inf
    mi = gaussian_information(matrix, dim_x)
    if kind == "student":
        mi += student_correction(dim_x, dim_y, df)
    return MetaLaw(family, dim_x, dim_y, np.linalg.cholesky(matrix), df, none, float(mi))


def _dense(dim_x: int, dim_y: int, rng: np.random.Generator) -> np.ndarray:
    correlation = rng.uniform(0, 0.5)
    return np.eye(dim_x + dim_y) * (1 - correlation) + correlation


def _sparse(dim_x: int, dim_y: int, rng: np.random.Generator) -> np.ndarray:
    most = min(dim_x, dim_y)
    strength = rng.uniform(0.1, 5)
    return _latent(dim_x, dim_y, int(rng.integers(1, most + 1)), 0.0, strength, 0.0, strength)


def _two_pairs(dim_x: int, dim_y: int, rng: np.random.Generator) -> np.ndarray:
    strength = rng.uniform(0.1, 5)
    return _latent(dim_x, dim_y, min(2, dim_x, dim_y), 0.0, strength, 0.0, strength)


def _lvm(dim_x: int, dim_y: int, rng: np.random.Generator) -> np.ndarray:
    pairs = int(rng.integers(1, min(dim_x, dim_y) + 1))
    alpha, strength = rng.uniform(0, 1), rng.uniform(0.1, 3)
    return _latent(dim_x, dim_y, pairs, alpha, strength, rng.uniform(0, 1.5), rng.uniform(0.1, 5))


def _latent(
    dim_x: int, dim_y: int, pairs: int, alpha: float, strength: float, beta: float, eta: float
) -> np.ndarray:
    """Return the correlations of a model of latents: one of all, one of each side, and one a pair."""
    d = dim_x + dim_y
    matrix = np.full((d, d), float(alpha) ** 2)
    matrix[:dim_x, :dim_x] += beta**2
    matrix[dim_x:, dim_x:] += beta**2
    own = np.full(d, eta**2)
    paired = np.r_[np.arange(pairs), dim_x + np.arange(pairs)]
    own[paired] = strength**2
    matrix[np.arange(d), np.arange(d)] += 1.0 + own
    for i in range(pairs):
        matrix[i, dim_x + i] += strength**2
        matrix[dim_x + i, i] += strength**2
    scale = np.sqrt(np.diag(matrix))
    return np.asarray(matrix / np.outer(scale, scale))


def _rotated(dim_x: int, dim_y: int, rng: np.random.Generator) -> np.ndarray:
    """Return canonical pairs that share a drawn information, turned in random directions."""
    most = min(dim_x, dim_y)
    pairs = int(rng.integers(1, most + 1))
    shares = rng.dirichlet(np.ones(pairs)) * rng.gamma(1.0, 0.7 * np.sqrt(pairs))
    middle = np.zeros((dim_x, dim_y))
    middle[np.arange(pairs), np.arange(pairs)] = np.sqrt(-np.expm1(-2 * np.minimum(shares, 4.0)))
    cross = _orthogonal(dim_x, rng) @ middle @ _orthogonal(dim_y, rng).T
    return np.block([[np.eye(dim_x), cross], [cross.T, np.eye(dim_y)]])


def _orthogonal(dim: int, rng: np.random.Generator) -> np.ndarray:
    q, r = np.linalg.qr(rng.standard_normal((dim, dim)))
    return np.asarray(q * np.sign(np.diag(r)))


SHAPES: dict[str, Callable[[int, int, np.random.Generator], np.ndarray]] = {
    "dense": _dense,
    "sparse": _sparse,
    "lvm": _lvm,
    "2pair": _two_pairs,
    "rotated": _rotated,
}


@dataclass(frozen=True, slots=True)
class MetaDataset:
    """An endless, seeded stream of samples with their information, in batches of one size and shape.

    Parameters
    ----------
    families : sequence of str
        Drawn with equal chances, as in `draw_law`.
    dims : tuple of int
        Lowest and highest dimension of x and of y.
    n_range : tuple of int
        Lowest and highest number of rows; drawn evenly on a logarithmic scale.
    equal_dims : bool
        Whether x and y have the same dimension; families of added noise always have.
    seed : int

    Examples
    --------
    >>> from adami.tasks import MetaDataset
    >>> x, y, mi = MetaDataset(dims=(1, 3), n_range=(50, 60), seed=0).batch(8, 0)
    >>> x.shape[0], y.shape[1] == x.shape[1], mi.shape
    (8, True, (8,))
    """

    families: Sequence[str] = (*TRAINED, *ROTATED)
    dims: tuple[int, int] = (1, 32)
    n_range: tuple[int, int] = (10, 500)
    equal_dims: bool = False
    seed: int = 0

    def batch(
        self, size: int, index: int, dims: tuple[int, int] | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return batch number `index`: x (size, n, dim_x), y (size, n, dim_y) and the information (size,).

        `dims` gives the dimensions of x and y rather than drawing them.
        """
        rng = np.random.default_rng([self.seed, index])
        low, high = np.log(self.n_range[0]), np.log(self.n_range[1] + 1)
        n = min(int(np.exp(rng.uniform(low, high))), self.n_range[1])
        dim_x = int(rng.integers(self.dims[0], self.dims[1] + 1))
        equal = self.equal_dims or rng.random() < 0.5
        dim_y = dim_x if equal else int(rng.integers(self.dims[0], self.dims[1] + 1))
        if dims is not None:
            dim_x, dim_y = dims
        usable = [f for f in self.families if dim_x == dim_y or not f.startswith("additive")]
        if not usable:
            raise ValueError("additive families need as many dimensions of x as of y; add another family")
        laws = [draw_law(usable[int(rng.integers(len(usable)))], dim_x, dim_y, rng) for _ in range(size)]
        drawn = [law.sample(n, rng) for law in laws]
        x, y = (np.stack(part) for part in zip(*drawn))
        return x, y, np.array([law.mi for law in laws])

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        index = 0
        while True:
            yield self.batch(32, index)
            index += 1
