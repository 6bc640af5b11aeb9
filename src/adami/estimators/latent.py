"""Information of many columns between small codes that are learned to predict both sides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np

from adami.estimators._base import Measurement
from adami.estimators._common import ceiling_note, nothing_to_tell, standardize
from adami.estimators._neural import NeuralEstimator
from adami.result import Diagnostic, Estimate
from adami.variables import Variable, variable

PAPER = (1024, 512, 256)
SMALL = (128, 64)
CLIP = 10.0
"""Standard deviations at which outliers are held for the network."""
COLLAPSED = 1e-6
"""Variance of a code coordinate below which it says nothing."""
HELD_OUT = 0.2
"""Share of the training rows that chooses the weights."""


class LMI(NeuralEstimator):
    """Information between the codes of two autoencoders that also predict each other's side.

    Two encoders map x and y to a few coordinates, from which decoders restore each side and, across, the
    other one; so the codes keep what both sides share. The encoders begin at the canonical directions, so
    that linear dependence need not be found by chance among many columns; of the trained codes those
    canonical coordinates are kept that show most on rows held out for that. Nearest neighbours (`KSG`) then
    measure the information between the codes of rows that the networks did not see. Codes cannot share more
    than x and y do: up to the bias of the neighbours, the value is a lower bound.

    Parameters
    ----------
    latent : int or "auto"
        Coordinates of each code; "auto" is 8 with the paper's networks and 4 otherwise.
    hidden : tuple of int, "auto" or "paper"
        Widths of the encoder's layers, which the decoders mirror. "auto" is (128, 64), "paper" is
        (1024, 512, 256).
    split : float
        Share of the rows that train.
    cross_fit : bool
        Whether a second training with the parts exchanged is averaged in; `pointwise` then covers all rows.
    weight : float
        Of the errors across.
    dropout : float
        In the decoders across.
    k : int
        Neighbours.
    epochs, patience : int
        Passes at most, and passes without improvement after which the training stops. The weights of the best
        pass are kept.
    batch_size : int
    learning_rate : float
    device : str
    random_state : int
    progress, checkpoint, callback
        As for every estimator that trains a network.
    n_jobs : int, optional
        Threads of the neighbour search; the value does not depend on it.

    References
    ----------
    Gowri et al., "Approximating mutual information of high-dimensional variables using learned
    representations", 2024.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import LMI
    >>> rng = np.random.default_rng(0)
    >>> shared = rng.normal(size=(600, 1))
    >>> x = np.hstack([shared, rng.normal(size=(600, 5))])
    >>> y = np.hstack([shared + rng.normal(size=(600, 1)), rng.normal(size=(600, 5))])
    >>> found = LMI(epochs=3).estimate(x, y)
    >>> found.details["rows_read"]
    300
    """

    name: ClassVar[str] = "lmi"
    takes: ClassVar[frozenset[str]] = frozenset({"continuous", "mixed"})

    def __init__(
        self,
        latent: int | Literal["auto"] = "auto",
        hidden: tuple[int, ...] | Literal["auto", "paper"] = "auto",
        split: float = 0.5,
        cross_fit: bool = False,
        weight: float = 1.0,
        dropout: float = 0.5,
        k: int = 3,
        epochs: int = 300,
        patience: int = 30,
        batch_size: int = 256,
        learning_rate: float = 1e-3,
        device: str = "auto",
        random_state: int = 0,
        progress: Callable[[int, int, str], None] | None = None,
        checkpoint: str | Path | None = None,
        callback: Callable[[int, Mapping[str, float]], None] | None = None,
        n_jobs: int | None = 1,
    ) -> None:
        self.latent = latent
        self.hidden = hidden
        self.split = split
        self.cross_fit = cross_fit
        self.weight = weight
        self.dropout = dropout
        self.k = k
        self.epochs = epochs
        self.patience = patience
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.device = device
        self.random_state = random_state
        self.progress = progress
        self.checkpoint = checkpoint
        self.callback = callback
        self.n_jobs = n_jobs

    def fit(self, x: Any, y: Any) -> Self:
        """Train the codes on all rows given.

        Parameters
        ----------
        x, y : array of shape (n,) or (n, d)

        Returns
        -------
        LMI
            With `history_`, what the training saw.
        """
        a, b = (_numbers(variable(v, name, kinds="continuous")) for v, name in ((x, "x"), (y, "y")))
        return self._fit(a, b, "all rows")

    def codes(self, x: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return the codes of rows, each of shape (n, latent), by the last training.

        Parameters
        ----------
        x, y : array of shape (n,) or (n, d)

        Raises
        ------
        ValueError
            Before any training.
        """
        a, b = (_numbers(variable(v, name, kinds="continuous")) for v, name in ((x, "x"), (y, "y")))
        return self._codes(a, b)

    def _information(self, x: Variable, y: Variable) -> Measurement:
        if (nothing := nothing_to_tell(x, y)) is not None:
            return nothing
        if not 0 < self.split < 1:
            raise ValueError(f"split={self.split!r}: the share of training rows lies between 0 and 1")
        a, b = _numbers(x), _numbers(y)
        n = len(a)
        cut = round(self.split * n)
        if min(cut, n - cut) < 10 * (self.k + 1):
            raise ValueError(
                f"{n} rows split at {self.split:g} leave {min(cut, n - cut)} in one part; at least "
                f"{10 * (self.k + 1)} are needed to train or to read out"
            )
        order = np.random.default_rng(self.random_state).permutation(n)
        folds = [(order[:cut], order[cut:])]
        if self.cross_fit:
            folds.append((order[cut:], order[:cut]))
        local = np.empty(n)
        notes: list[Diagnostic] = []
        details: dict[str, Any] = {}
        for i, (train, read) in enumerate(folds):
            self._fit(a[train], b[train], f"fold {i}")
            found, told = self._read(*self._codes(a[read], b[read]))
            local[read] = found
            notes += told
            details[f"fold {i}"] = float(found.mean())
            details["best_step"] = self.history_.best_step
            details["stopped"] = self.history_.stopped
            details["kept"] = self.kept_
        used = np.concatenate([read for _, read in folds])
        value = float(local[used].mean())
        return Measurement(
            value,
            pointwise=local if self.cross_fit else None,
            diagnostics=(*dict.fromkeys(notes), *ceiling_note(value, n)),
            details={**details, "rows_read": len(used), "latent": self._latent()},
        )

    def _latent(self) -> int:
        if self.latent == "auto":
            return 8 if self.hidden == "paper" else 4
        return int(self.latent)

    def _fit(self, x: np.ndarray, y: np.ndarray, tag: str) -> Self:
        from adami.estimators._nets.cross_autoencoder import train_pair

        if isinstance(self.hidden, str) and self.hidden not in ("auto", "paper"):
            raise ValueError(f"hidden={self.hidden!r}: widths of layers, 'auto' or 'paper'")
        hidden = PAPER if self.hidden == "paper" else SMALL if self.hidden == "auto" else tuple(self.hidden)
        self._scales = [_scale(v) for v in (x, y)]
        a, b = (_scaled(v, scale) for v, scale in zip((x, y), self._scales))
        rng = np.random.default_rng([self.random_state, len(x)])
        held = np.sort(rng.permutation(len(x))[: max(1, round(HELD_OUT * len(x)))])
        self._net, self.history_ = train_pair(
            a,
            b,
            held,
            hidden=hidden,
            latent=self._latent(),
            weight=self.weight,
            dropout=self.dropout,
            epochs=self.epochs,
            patience=self.patience,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            training=self._training(tag),
        )
        self._choose(x, y, held)
        return self

    def _codes(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the canonical coordinates of the codes, those that were chosen."""
        if not hasattr(self, "_net"):
            raise ValueError("the codes are not trained yet; call fit(x, y) first")
        first, second = (axes.transform(code) for axes, code in zip(self._axes, self._raw(x, y)))
        return first[:, : self.kept_], second[:, : self.kept_]

    def _raw(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        from adami.estimators._nets.cross_autoencoder import encoded

        return encoded(self._net, *(_scaled(v, scale) for v, scale in zip((x, y), self._scales)))

    def _choose(self, x: np.ndarray, y: np.ndarray, held: np.ndarray) -> None:
        """Turn the codes to canonical coordinates, and keep as many as show most on the held-out rows.

        Coordinates that share nothing would only blunt the neighbour search.
        """
        from adami.estimators.compressors import CCACompressor

        raw = self._raw(x, y)
        self._collapsed = [self._count_collapsed(code, side) for code, side in zip(raw, "xy")]
        used = np.setdiff1d(np.arange(len(x)), held)
        sides = [variable(code[used], side, kinds="continuous") for code, side in zip(raw, "xy")]
        latent = self._latent()
        self._axes = [CCACompressor(latent, latent).fit(raw[i][used], sides[1 - i]) for i in (0, 1)]
        first, second = (axes.transform(code[held]) for axes, code in zip(self._axes, raw))
        most = min(first.shape[1], second.shape[1])
        found = [self._shared(first[:, :m], second[:, :m]).value for m in range(1, most + 1)]
        self.kept_ = int(np.argmax(found)) + 1

    def _count_collapsed(self, code: np.ndarray, side: str) -> int:
        count = int(np.count_nonzero(code.var(axis=0) <= COLLAPSED))
        if count == code.shape[1]:
            raise ValueError(
                f"every coordinate of the code of {side} collapsed to a constant; lower learning_rate, train "
                "for more epochs, or set another random_state"
            )
        return count

    def _shared(self, x: np.ndarray, y: np.ndarray) -> Estimate:
        from adami.estimators.ksg import KSG

        sides = (variable(code, side, kinds="continuous") for code, side in zip((x, y), "xy"))
        return KSG(self.k, n_jobs=self.n_jobs).estimate(*sides)

    def _read(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, list[Diagnostic]]:
        """Return the local information of held-out codes."""
        found = self._shared(x, y)
        if found.pointwise is None:
            raise ValueError("the codes are constant; train for more epochs")
        notes = [
            Diagnostic(
                "collapsed_code",
                f"{count} of {self._latent()} coordinates of the code of {side} are constant, so the code "
                "holds less than it could",
                "warning",
                "low",
            )
            for count, side in zip(self._collapsed, "xy")
            if count
        ]
        return found.pointwise, notes


def _numbers(v: Variable) -> np.ndarray:
    """Return the number columns, none left out: constant ones become zeros later."""
    if v.codes is not None:
        raise TypeError(f"{v} has labels, and method 'lmi' takes numbers; use method='auto'")
    return v.numbers


def _scale(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and deviation of each column; constant columns get an infinite one."""
    _, log_scale = standardize(rows)
    deviation = np.where(np.isfinite(log_scale), np.exp(log_scale), np.inf)
    return rows.mean(axis=0), deviation


def _scaled(rows: np.ndarray, scale: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    mean, deviation = scale
    if rows.shape[1] != len(mean):
        raise ValueError(f"{rows.shape[1]} columns where the training had {len(mean)}")
    return np.asarray(np.clip((rows - mean) / deviation, -CLIP, CLIP))
