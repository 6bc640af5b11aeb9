"""What fitted maps of information tell about rows, old or new."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from adami.estimators._map_reads import MapModel, edited, errors_by_candidate, pointwise_reads, surprise_rows
from adami.estimators._score_based import ScoreEstimator
from adami.variables import Variable, variable

if TYPE_CHECKING:
    from adami.estimators._nets.denoiser_adapter import External

POINTWISE = ("o", "s")


@dataclass(frozen=True, slots=True)
class EditEffect:
    """What the removal of a condition does to rows, and whether their information foretells it.

    Parameters
    ----------
    information : numpy.ndarray of shape (n,)
        Pointwise information of the condition, in nats.
    change : numpy.ndarray of shape (n,)
        Distance between the row rebuilt with the condition and the row rebuilt without it.
    correlation : float
        Pearson correlation of the two.
    rebuilt, edited : numpy.ndarray of shape (n, d)
        The rows with the condition, and after the edit.
    """

    information: np.ndarray
    change: np.ndarray
    correlation: float
    rebuilt: np.ndarray
    edited: np.ndarray


class MapReader(ScoreEstimator):
    """Everything that `InfoDiffusion` reads off its network row by row."""

    denoiser: External | None
    kind: Literal["o", "s"]
    n_alpha: int
    random_state: int
    maps_: MapModel

    @abstractmethod
    def fit(self, x: Any, y: Any = None, given: Any = None) -> Self:
        """Train the network, or take up the denoiser that was given."""

    def pointwise(
        self,
        x: Any,
        y: Any,
        given: Any = None,
        kind: Literal["o", "s"] | None = None,
        per_coordinate: bool = False,
    ) -> np.ndarray:
        """Return the information of each row's condition about it.

        Parameters
        ----------
        x : array of shape (n, d)
        y : array of shape (n,) or (n, k)
        given : same, optional
            i(x;y|given) instead of i(x;y).
        kind : {"o", "s"}, optional
            The estimator's own by default.
        per_coordinate : bool
            One value a column; they add up to the row's value.

        Returns
        -------
        numpy.ndarray of shape (n,) or (n, d)
            In nats.
        """
        model = self._fitted()
        slots = [v for v in slots_of(x, y, given, model) if v is not None]
        maps = pointwise_reads(model, slots, self._kind(kind), self.n_alpha, self.random_state).maps
        return maps if per_coordinate else maps.sum(axis=1)

    def nll(
        self, x: Any, y: Any = None, reference: tuple[np.ndarray, np.ndarray] | None = None
    ) -> np.ndarray:
        """Return minus the log density of each row, given y if there is one.

        Parameters
        ----------
        x : array of shape (n, d)
        y : array of shape (n,) or (n, k), optional
        reference : (mean, covariance), optional
            Gaussian law in the rows' own units against which the guesses are integrated; that of the rows
            of the fit by default, standard normal for a denoiser from outside.

        Returns
        -------
        numpy.ndarray of shape (n,)
            In nats.

        Raises
        ------
        ValueError
            If the rows of the fit have no density: constant columns, or values that repeat.
        """
        if self.denoiser is not None and not hasattr(self, "maps_"):
            self.fit(x, y)
        model = self._fitted()
        slots = [v for v in slots_of(x, y, None, model) if v is not None]
        return surprise_rows(model, slots, reference, self.n_alpha, self.random_state)

    def match_score(self, x: Any, candidates: Any, kind: Literal["o", "s"] | None = None) -> np.ndarray:
        """Return how much each candidate condition tells about each row.

        Parameters
        ----------
        x : array of shape (n, d)
        candidates : array of shape (m,) or (m, k)
        kind : {"o", "s"}, optional

        Returns
        -------
        numpy.ndarray of shape (n, m)
            In nats; every candidate is tried on the same noise.
        """
        model = self._fitted()
        rows, tried = slots_of(x, candidates, None, model)[:2]
        assert tried is not None
        return errors_by_candidate(model, rows, tried, self._kind(kind), self.n_alpha, self.random_state)

    def classify(self, x: Any, labels: Any = None) -> np.ndarray:
        """Return for each row the label that tells most about it: that of the highest ``ln p(x|y)``.

        Parameters
        ----------
        x : array of shape (n, d)
        labels : sequence, optional
            Candidates; all labels of the fit by default.

        Returns
        -------
        numpy.ndarray of shape (n,)
        """
        model = self._fitted()
        if labels is None:
            levels = model.codes[0].levels[0] if model.codes and model.codes[0].labels else None
            if levels is None:
                raise ValueError("labels: the condition of the fit was no label; give the candidates")
            labels = list(levels)
        scores = self.match_score(x, labels, kind="s")
        return np.asarray(np.asarray(labels)[scores.argmax(axis=1)])

    def edit_effect(
        self, x: Any, y: Any, given: Any = None, target: Any = None, n_steps: int = 50
    ) -> EditEffect:
        """Remove the condition y by the deterministic diffusion, and compare the change with the information.

        Parameters
        ----------
        x : array of shape (n, d)
        y : array of shape (n,) or (n, k)
        given : same, optional
            A condition that stays.
        target : same as y, optional
            The condition that takes its place; none by default.
        n_steps : int
            Steps from the row to its latent, and back.

        Returns
        -------
        EditEffect
        """
        if n_steps < 2:
            raise ValueError(f"n_steps={n_steps}: at least two steps are needed")
        model = self._fitted()
        slots = [v for v in slots_of(x, y, given, model) if v is not None]
        goal = None if target is None else variable(target, "target", kinds=model.codes[0].kind)
        information = self.pointwise(x, y, given)
        rebuilt, after = edited(model, slots, goal, n_steps)
        change = np.linalg.norm(after - rebuilt, axis=1)
        moving = change.std() > 0 and information.std() > 0
        correlation = float(np.corrcoef(information, change)[0, 1]) if moving else 0.0
        return EditEffect(information, change, correlation, rebuilt, after)

    def _fitted(self) -> MapModel:
        if not hasattr(self, "maps_"):
            raise ValueError("InfoDiffusion has no network yet: call fit(x, y) first")
        return self.maps_

    def _kind(self, kind: str | None) -> str:
        chosen = self.kind if kind is None else kind
        if chosen not in POINTWISE:
            raise ValueError(f"kind={chosen!r}: choose 'o' or 's'")
        return chosen


def slots_of(
    x: Any, y: Any, given: Any, model: MapModel | None = None
) -> tuple[Variable, Variable | None, Variable | None]:
    """Return checked variables, of the fit's kinds if there was one; x is numbers even where they repeat."""
    rows = variable(x, "x", kinds="continuous")
    if rows.codes is not None:
        raise TypeError(f"{rows} has labels among its numbers; use kinds='continuous' if they are numbers")
    kinds = [code.kind for code in model.codes] if model is not None else []
    kinds += [None] * (2 - len(kinds))
    return (
        rows,
        None if y is None else variable(y, "y", kinds=kinds[0]),
        None if given is None else variable(given, "given", kinds=kinds[1]),
    )
