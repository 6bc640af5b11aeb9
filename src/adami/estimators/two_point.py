"""How the information between two symbols decays with their distance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from adami.estimators._scaling_fits import offset_law
from adami.result import Diagnostic, Estimate

DISTANCES = tuple(2**k for k in range(11))


@dataclass(frozen=True)
class TwoPointLaw:
    """The law ``I(d) = A d**-alpha + C`` through the information at several distances.

    Parameters
    ----------
    distances : tuple of int
    points : tuple of Estimate
        Information at each distance, from counts; in nats.
    alpha, amplitude, offset : float
        Exponent, factor, and the bias of counts that no correction removes.
    r2 : float
        Share of the variance of ``ln(I - C)`` that the law explains.
    corrected : tuple of float
        The points less the offset.
    diagnostics : tuple of Diagnostic
    """

    distances: tuple[int, ...]
    points: tuple[Estimate, ...]
    alpha: float
    amplitude: float
    offset: float
    r2: float
    corrected: tuple[float, ...]
    diagnostics: tuple[Diagnostic, ...] = field(default=(), repr=False)

    def predict(self, distance: float) -> float:
        """Return the information in nats at a distance, without the offset."""
        return float(self.amplitude * float(distance) ** -self.alpha)


@dataclass
class TwoPointMI:
    """Information between symbols at distances of a text, by counts with Grassberger's entropies.

    Parameters
    ----------
    distances : sequence of int

    References
    ----------
    .. [1] Z. Chen et al., "L^2M: Mutual Information Scaling Law for Long-Context Language Modeling", 2025;
       paper 40 of adami's register.

    Examples
    --------
    >>> from adami.estimators import MarkovDensity, TwoPointMI
    >>> text = MarkovDensity([[0.9, 0.1], [0.1, 0.9]]).sample(1, 50000)
    >>> [round(float(p), 1) for p in TwoPointMI((1, 2, 4)).estimate(text).points]
    [0.4, 0.2, 0.1]
    """

    distances: Sequence[int] = DISTANCES

    def estimate(self, tokens: Any) -> TwoPointLaw:
        """Count pairs at every distance and fit the decay.

        Parameters
        ----------
        tokens : array of int, shape (m,) or (n, m)
            One text, or documents as rows; pairs never span two rows.

        Raises
        ------
        ValueError
            If the text is not longer than the distances, or fewer than 3 points are positive.
        """
        from adami.estimators.sequence_models import sequences

        rows = sequences(tokens, name="tokens")
        points = [self.at(rows, d) for d in self.distances]
        places, values = np.asarray(self.distances, dtype=float), np.array([float(p) for p in points])
        fits = values > 0
        if fits.sum() < 3:
            raise ValueError(
                f"{int(fits.sum())} of {len(values)} distances have positive information: a decay with an "
                "offset needs 3; use more text or shorter distances"
            )
        law = offset_law(places[fits], values[fits])
        notes: list[Diagnostic] = []
        if not fits.all():
            left = ", ".join(str(d) for d, f in zip(self.distances, fits) if not f)
            notes.append(
                Diagnostic(
                    "non_positive",
                    f"the values at distances {left} are not positive and not in the fit",
                    "warning",
                )
            )
        return TwoPointLaw(
            tuple(int(d) for d in self.distances),
            tuple(points),
            law.alpha,
            law.amplitude,
            law.offset,
            law.r2,
            tuple((values - law.offset).tolist()),
            tuple(notes),
        )

    def at(self, tokens: Any, distance: int) -> Estimate:
        """Return the information between symbols at one distance."""
        from adami.estimators.grassberger import Grassberger
        from adami.estimators.sequence_models import sequences

        rows = sequences(tokens, name="tokens")
        if not 1 <= distance < rows.shape[1]:
            raise ValueError(f"distance={distance}: it lies between 1 and {rows.shape[1] - 1} for these rows")
        k = int(rows.max()) + 1
        pairs = rows[:, :-distance].ravel() * k + rows[:, distance:].ravel()
        return Grassberger().from_counts(np.bincount(pairs, minlength=k * k).reshape(k, k))
