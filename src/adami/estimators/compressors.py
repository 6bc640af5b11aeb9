"""Compressors for `LossyMI`: many columns in, a few coordinates out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

import numpy as np

from adami.estimators._common import standardized
from adami.variables import Variable

NULL = 1e-7
"""Deviation of a direction by the largest one below which it holds rounding only."""


class Compressor(Protocol):
    """What `LossyMI` asks of a compressor; any object that has it will do."""

    supervised: bool
    """Whether `fit` looks at the other variable; `LossyMI` then reads out on rows that it did not see."""

    def fit(self, numbers: np.ndarray, other: Variable) -> Self:
        """Learn from rows, shape ``(n, d)``, and the other variable."""
        ...

    def transform(self, numbers: np.ndarray) -> np.ndarray:
        """Return the coordinates of rows, shape ``(n, components)``."""
        ...


class PCACompressor:
    """The directions of largest variance.

    Fast and blind: an informative direction of small variance is lost. `LossyMI` looks for that.

    Parameters
    ----------
    components : int
        Fewer are kept where the rows have fewer directions.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import PCACompressor
    >>> rows = np.random.default_rng(0).normal(size=(100, 3)) * [5.0, 1.0, 0.1]
    >>> PCACompressor(2).fit(rows).transform(rows).shape
    (100, 2)
    """

    supervised: ClassVar[bool] = False

    def __init__(self, components: int = 4) -> None:
        self.components = components

    def fit(self, numbers: np.ndarray, other: Any = None) -> Self:
        """Find the directions of rows of shape (n, d)."""
        _check_components(self.components)
        self.mean_ = numbers.mean(axis=0)
        centred = numbers - self.mean_
        n, d = centred.shape
        # the smaller of the two Gram matrices has the same spectrum
        if d <= n:
            squares, axes = np.linalg.eigh(centred.T @ centred)
            axes = axes[:, ::-1]
        else:
            squares, left = np.linalg.eigh(centred @ centred.T)
            left = left[:, ::-1]
            axes = centred.T @ left
            axes /= np.maximum(np.linalg.norm(axes, axis=0), np.finfo(float).tiny)
        squares = np.maximum(squares[::-1], 0.0)
        rank = int(np.count_nonzero(np.sqrt(squares) > NULL * np.sqrt(squares[0])))
        axes = axes[:, :rank]
        # signs are arbitrary; the largest entry of each direction is made positive
        axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(rank)])
        self.variances_ = squares[:rank] / n
        self.axes_ = axes
        self.kept_ = min(self.components, rank)
        return self

    def transform(self, numbers: np.ndarray) -> np.ndarray:
        """Return the kept coordinates of rows."""
        return np.asarray((numbers - self.mean_) @ self.axes_[:, : self.kept_])

    def discarded(self, numbers: np.ndarray) -> np.ndarray:
        """Return the coordinates that `transform` leaves out, those of largest variance first."""
        return np.asarray((numbers - self.mean_) @ self.axes_[:, self.kept_ :])


class CCACompressor:
    """The directions most correlated with the other variable, label or numbers.

    Parameters
    ----------
    components : int
        Fewer are kept where the other variable has fewer dimensions.
    within : int, optional
        Principal directions of either side that are searched; by default a twentieth of the rows, so that
        correlations by chance stay small.
    """

    supervised: ClassVar[bool] = True

    def __init__(self, components: int = 4, within: int | None = None) -> None:
        self.components = components
        self.within = within

    def fit(self, numbers: np.ndarray, other: Variable) -> Self:
        """Find the directions of rows, given the other variable for the same rows."""
        _check_components(self.components)
        most = max(2, len(numbers) // 20) if self.within is None else self.within
        # equal scales first: the directions of largest variance are not what is looked for here
        self.mean_ = numbers.mean(axis=0)
        deviation = numbers.std(axis=0)
        self.scale_ = np.where(deviation > 0, deviation, 1.0)
        search = PCACompressor(most).fit((numbers - self.mean_) / self.scale_)
        theirs = PCACompressor(most).fit(targets(other))
        ours_scale = np.sqrt(search.variances_[: search.kept_])
        ours = search.transform((numbers - self.mean_) / self.scale_) / ours_scale
        right = theirs.transform(targets(other)) / np.sqrt(theirs.variances_[: theirs.kept_])
        axes, correlations, _ = np.linalg.svd(ours.T @ right / len(numbers), full_matrices=False)
        kept = min(self.components, len(correlations))
        self.correlations_ = np.minimum(correlations[:kept], 1.0)
        self.axes_ = (search.axes_[:, : search.kept_] / ours_scale) @ axes[:, :kept]
        return self

    def transform(self, numbers: np.ndarray) -> np.ndarray:
        """Return the canonical coordinates of rows."""
        return np.asarray(((numbers - self.mean_) / self.scale_) @ self.axes_)


class _NetCompressor:
    """What the trained compressors share."""

    supervised: ClassVar[bool]

    def __init__(
        self,
        components: int = 4,
        hidden: tuple[int, ...] = (128, 64),
        shape: tuple[int, int] | None = None,
        steps: int = 2000,
        batch_size: int = 256,
        learning_rate: float = 1e-3,
        device: str = "auto",
        random_state: int = 0,
        progress: Callable[[int, int, str], None] | None = None,
        checkpoint: str | Path | None = None,
        callback: Callable[[int, Mapping[str, float]], None] | None = None,
    ) -> None:
        self.components = components
        self.hidden = hidden
        self.shape = shape
        self.steps = steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.device = device
        self.random_state = random_state
        self.progress = progress
        self.checkpoint = checkpoint
        self.callback = callback

    def _train(self, numbers: np.ndarray, target: np.ndarray | None, classes: bool) -> Self:
        from adami.estimators._nets.bottleneck import train_bottleneck
        from adami.estimators._nets.fit import Training

        _check_components(self.components)
        if self.shape is not None and self.shape[0] * self.shape[1] != numbers.shape[1]:
            raise ValueError(f"shape={self.shape} does not make {numbers.shape[1]} columns")
        self.mean_ = numbers.mean(axis=0)
        # one scale for all columns, so that their proportions stay
        self.scale_ = float(np.sqrt(numbers.var(axis=0).mean())) or 1.0
        what = type(self).__name__
        self.net_, self.history_ = train_bottleneck(
            (numbers - self.mean_) / self.scale_,
            target,
            classes=classes,
            components=self.components,
            hidden=self.hidden,
            shape=self.shape,
            steps=self.steps,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            training=Training(
                what=what,
                device=self.device,
                random_state=self.random_state,
                progress=self.progress,
                checkpoint=None if self.checkpoint is None else Path(self.checkpoint) / what,
                callback=self.callback,
            ),
        )
        return self

    def transform(self, numbers: np.ndarray) -> np.ndarray:
        """Return the codes of rows."""
        from adami.estimators._nets.bottleneck import encode

        return encode(self.net_, (numbers - self.mean_) / self.scale_)


class AutoencoderCompressor(_NetCompressor):
    """The code of an autoencoder, trained on mean absolute errors of what it restores.

    A tenth of the rows is held out; the weights with the smallest error there are kept.

    Parameters
    ----------
    components : int
    hidden : tuple of int
        Widths of the encoder's layers; the decoder mirrors them.
    shape : (height, width), optional
        Makes the encoder convolutional, for images laid out row by row.
    steps, batch_size, learning_rate
        Of the training.
    device : str
    random_state : int
    progress, checkpoint, callback
        As for every estimator that trains a network.
    """

    supervised: ClassVar[bool] = False

    def fit(self, numbers: np.ndarray, other: Any = None) -> Self:
        """Train on rows of shape (n, d)."""
        return self._train(numbers, None, False)


class SupervisedCompressor(_NetCompressor):
    """The narrow layer of a network that predicts the other variable, label or numbers.

    Parameters
    ----------
    components, hidden, shape, steps, batch_size, learning_rate, device, random_state
        As for `AutoencoderCompressor`.
    progress, checkpoint, callback
        As for every estimator that trains a network.
    """

    supervised: ClassVar[bool] = True

    def fit(self, numbers: np.ndarray, other: Variable) -> Self:
        """Train on rows and the other variable for the same rows."""
        classes = other.dim == 0
        return self._train(numbers, other.codes if classes else targets(other), classes)


COMPRESSORS = {
    "pca": PCACompressor,
    "cca": CCACompressor,
    "autoencoder": AutoencoderCompressor,
    "supervised": SupervisedCompressor,
}
"""Compressors by name."""


def targets(other: Variable) -> np.ndarray:
    """Return standardised numbers, or one column a label."""
    if other.dim:
        return standardized(other.numbers)
    return np.asarray(np.eye(other.n_levels)[other.codes])


def _check_components(components: int) -> None:
    if int(components) != components or components < 1:
        raise ValueError(f"components={components!r} must be a whole number of at least 1")
