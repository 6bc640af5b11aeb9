"""One law of a pair of variables whose mutual information is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

Sampler = Callable[[int, np.random.Generator], tuple[np.ndarray, np.ndarray]]
LogRatio = Callable[[np.ndarray, np.ndarray], np.ndarray]
Map = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True)
class Task:
    """A pair of variables with known mutual information.

    Parameters
    ----------
    name : str
        Unique name, such as ``"multinormal-dense-3-3-0.5"``.
    mi : float
        True mutual information in nats.
    draw : callable
        ``draw(n, rng) -> (x, y)``; numbers of shape (n, d) or integer labels of shape (n,).
    dim_x, dim_y : int
        Number of columns of x and y.
    kinds : tuple of str
        Kinds of x and y.
    log_ratio : callable, optional
        ``log_ratio(x, y)``, the pointwise ln p(x, y) / (p(x) p(y)) of shape (n,), where it is simple.
    mi_error : float
        Bound on the numerical error of `mi`, 0 for closed forms.

    Examples
    --------
    >>> from adami import tasks
    >>> task = tasks.get("1v1-normal-0.75")
    >>> x, y = task.sample(500, random_state=0)
    >>> x.shape, round(task.mi, 4)
    ((500, 1), 0.4133)
    """

    name: str
    mi: float
    draw: Sampler
    dim_x: int = 1
    dim_y: int = 1
    kinds: tuple[str, str] = ("continuous", "continuous")
    log_ratio: LogRatio | None = None
    mi_error: float = 0.0

    def sample(
        self, n: int, random_state: int | np.random.Generator | None = 0
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draw n independent rows.

        Parameters
        ----------
        n : int
            Number of rows.
        random_state : int, numpy.random.Generator or None

        Returns
        -------
        x, y : numpy.ndarray
            Shape (n, d) for numbers, (n,) for labels.
        """
        if n < 1:
            raise ValueError(f"n={n}: a sample has at least one row")
        return self.draw(n, np.random.default_rng(random_state))

    def density_ratio(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the pointwise information ln p(x, y) / (p(x) p(y)) in nats, whose mean is `mi`.

        Parameters
        ----------
        x, y : numpy.ndarray
            Rows of the law, as `sample` gives them.

        Raises
        ------
        ValueError
            If this law has no simple form for it.
        """
        if self.log_ratio is None:
            raise ValueError(f"task {self.name!r} has no simple density ratio")
        return self.log_ratio(x, y)

    def transformed(
        self,
        prefix: str,
        map_x: Map,
        map_y: Map,
        inverse_x: Map | None = None,
        inverse_y: Map | None = None,
    ) -> Task:
        """Return the law of ``map_x(x), map_y(y)``; one-to-one maps leave the information as it is.

        Parameters
        ----------
        prefix : str
            Goes before the name, with a hyphen.
        map_x, map_y : callable
            One-to-one on the support; may change the number of columns.
        inverse_x, inverse_y : callable, optional
            Their inverses, for the pointwise information.
        """
        draw, ratio = self.draw, self.log_ratio

        def drawn(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
            x, y = draw(n, rng)
            return map_x(x), map_y(y)

        log_ratio: LogRatio | None = None
        if ratio is not None and inverse_x is not None and inverse_y is not None:
            inner, back_x, back_y = ratio, inverse_x, inverse_y

            def log_ratio(x: np.ndarray, y: np.ndarray) -> np.ndarray:
                return inner(back_x(x), back_y(y))

        x, y = drawn(2, np.random.default_rng(0))
        return replace(
            self,
            name=f"{prefix}-{self.name}",
            draw=drawn,
            dim_x=x.shape[1],
            dim_y=y.shape[1],
            log_ratio=log_ratio,
        )
