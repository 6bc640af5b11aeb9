"""Features that spread as a whole and shrink within classes, learned with labels or from views of each row.

The learners follow scikit-learn and need it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

from adami.exact._extras import need_sklearn
from adami.representation.rate_reduction import MCR2Loss
from adami.representation.subspaces import NearestSubspaceClassifier

need_sklearn("MCR2Classifier")

import torch  # noqa: E402
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin  # noqa: E402
from sklearn.utils.multiclass import check_classification_targets  # noqa: E402
from sklearn.utils.validation import check_is_fitted, validate_data  # noqa: E402
from torch import Tensor, nn  # noqa: E402

from adami.estimators._nets.fit import Training, batch, device_of, fit, mlp, seeded  # noqa: E402

Augment = Callable[[np.ndarray, np.random.Generator], np.ndarray]


class _Encoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """What the two learners share: standardised columns, a network, features of length 1."""

    hidden: Sequence[int]
    n_features: int
    eps2: float
    gamma1: float
    gamma2: float
    learning_rate: float
    optimizer: Literal["adam", "adamw", "sgd"]
    weight_decay: float
    random_state: int
    device: str
    progress: Callable[[int, int, str], None] | None
    checkpoint: str | Path | None
    callback: Callable[[int, Mapping[str, float]], None] | None

    def transform(self, X: Any) -> np.ndarray:
        """Return features of length 1, shape (n_samples, n_features)."""
        check_is_fitted(self, "model_")
        X = validate_data(self, X, dtype=np.float64, reset=False)
        with torch.no_grad():
            found = self._features(self._inputs(X))
        return np.asarray(found.cpu().numpy().astype(np.float64))

    def _learn(
        self,
        X: np.ndarray,
        draw: Callable[[torch.Generator], tuple[np.ndarray, np.ndarray]],
        steps: int,
        every: int,
    ) -> None:
        """Train on batches of rows and groups that `draw` gives."""
        spread = X.std(axis=0)
        self._centre, self._scale = X.mean(axis=0), np.where(spread > 0, spread, 1.0)
        device = device_of(self.device)
        with seeded(self.random_state):
            self.model_ = mlp((X.shape[1], *self.hidden, self.n_features)).to(device)
        loss = MCR2Loss(self.eps2, self.gamma1, self.gamma2)

        def of_batch(generator: torch.Generator) -> Tensor:
            rows, groups = draw(generator)
            return loss(self._features(self._inputs(rows)), groups)["total"]

        name = type(self).__name__
        training = Training(
            what=name,
            device=str(device),
            random_state=self.random_state,
            progress=self.progress,
            checkpoint=None if self.checkpoint is None else Path(self.checkpoint) / name.lower(),
            callback=self.callback,
        )
        self.history_ = fit(
            self.model_,
            of_batch,
            steps=steps,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            clip=None,
            schedule="cosine",
            every=every,
            optimizer=self.optimizer,
            training=training,
        )

    def _inputs(self, X: np.ndarray) -> Tensor:
        device = next(self.model_.parameters()).device
        return torch.as_tensor((X - self._centre) / self._scale, dtype=torch.float32, device=device)

    def _features(self, x: Tensor) -> Tensor:
        return nn.functional.normalize(self.model_(x), dim=1)


class MCR2Classifier(ClassifierMixin, _Encoder):  # type: ignore[misc]
    """Learn features by rate reduction from labels, and classify them by the nearest subspace.

    Parameters
    ----------
    hidden : sequence of int
        Units of the hidden layers.
    n_features : int
        Dimensions of the features.
    eps2 : float
        The squared distortion ε².
    gamma1, gamma2 : float
        As in `MCR2Loss`.
    n_components : int, optional
        Directions a class; by default as many as leave room for all classes.
    learning_rate : float
        Falls to 0 along a cosine.
    optimizer : {"adam", "adamw", "sgd"}
        "sgd" has a momentum of 0.9.
    weight_decay : float
    max_epochs, batch_size : int
        Batches should hold more rows of each class than it gets directions.
    random_state : int
    device : str
    progress : callable(done, total, what), optional
    checkpoint : str or Path, optional
        Folder; a training that was cut off goes on from there.
    callback : callable(step, numbers), optional

    Attributes
    ----------
    classes_ : numpy.ndarray
    model_ : torch.nn.Sequential
    subspaces_ : NearestSubspaceClassifier
    history_ : History
    n_features_in_ : int

    References
    ----------
    Yu, Chan, You, Song and Ma, "Learning Diverse and Discriminative Representations via the Principle of
    Maximal Coding Rate Reduction", 2020; paper 53 of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.representation import MCR2Classifier
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(120) % 2
    >>> X = rng.normal(size=(120, 4)) + 3 * y[:, None]
    >>> model = MCR2Classifier(hidden=(16,), n_features=4, max_epochs=20).fit(X, y)
    >>> bool(model.score(X, y) > 0.95), model.transform(X).shape
    (True, (120, 4))
    """

    def __init__(
        self,
        hidden: Sequence[int] = (128,),
        n_features: int = 32,
        eps2: float = 0.5,
        gamma1: float = 1.0,
        gamma2: float = 1.0,
        n_components: int | None = None,
        learning_rate: float = 1e-3,
        optimizer: Literal["adam", "adamw", "sgd"] = "adam",
        weight_decay: float = 5e-4,
        max_epochs: int = 100,
        batch_size: int = 1000,
        random_state: int = 0,
        device: str = "auto",
        progress: Callable[[int, int, str], None] | None = None,
        checkpoint: str | Path | None = None,
        callback: Callable[[int, Mapping[str, float]], None] | None = None,
    ) -> None:
        self.hidden = hidden
        self.n_features = n_features
        self.eps2 = eps2
        self.gamma1 = gamma1
        self.gamma2 = gamma2
        self.n_components = n_components
        self.learning_rate = learning_rate
        self.optimizer = optimizer
        self.weight_decay = weight_decay
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.random_state = random_state
        self.device = device
        self.progress = progress
        self.checkpoint = checkpoint
        self.callback = callback

    def fit(self, X: Any, y: Any) -> Self:
        """Train the network and find the directions of each class.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)
        y : array of shape (n_samples,)

        Returns
        -------
        MCR2Classifier

        Raises
        ------
        ValueError
            For missing values, one class only, or a training that diverges.
        """
        X, y = validate_data(self, X, y, dtype=np.float64, ensure_min_samples=4)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y has one class only, {self.classes_[0]!r}: there is nothing to tell apart")
        size = min(self.batch_size, len(X))
        epoch = max(1, len(X) // size)

        def draw(generator: torch.Generator) -> tuple[np.ndarray, np.ndarray]:
            rows = batch(len(X), size, generator).numpy()
            return X[rows], codes[rows]

        self._learn(X, draw, epoch * self.max_epochs, epoch)
        self.subspaces_ = NearestSubspaceClassifier(self.n_components).fit(self.transform(X), codes)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the class whose directions leave the least of a row's features."""
        return np.asarray(self.classes_[self.subspaces_.predict(self.transform(X))])


class MCR2Encoder(_Encoder):
    """Learn features without labels: the views of one row are a group of their own.

    Parameters
    ----------
    augment : callable(rows, rng) -> rows, optional
        Makes other views of rows, shape ``(k, d)``, with a `numpy.random.Generator`; by default each column
        is jittered by `jitter` of its standard deviation.
    jitter : float
    n_rows, n_views : int
        Rows of a batch, and views of each.
    hidden, n_features, eps2, gamma1, gamma2, learning_rate, optimizer, weight_decay
        As in `MCR2Classifier`, with the weights of the paper's controlled variant by default.
    n_steps : int
        Batches.
    random_state, device, progress, checkpoint, callback
        As in `MCR2Classifier`.

    Attributes
    ----------
    model_ : torch.nn.Sequential
    history_ : History
    n_features_in_ : int

    References
    ----------
    Yu, Chan, You, Song and Ma, "Learning Diverse and Discriminative Representations via the Principle of
    Maximal Coding Rate Reduction", 2020, section 3.2; paper 53 of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.representation import MCR2Encoder
    >>> X = np.random.default_rng(0).normal(size=(60, 4))
    >>> MCR2Encoder(hidden=(8,), n_features=3, n_steps=5, n_rows=10, n_views=5).fit_transform(X).shape
    (60, 3)
    """

    def __init__(
        self,
        augment: Augment | None = None,
        jitter: float = 0.3,
        n_rows: int = 20,
        n_views: int = 50,
        hidden: Sequence[int] = (128,),
        n_features: int = 32,
        eps2: float = 0.5,
        gamma1: float = 20.0,
        gamma2: float = 0.05,
        learning_rate: float = 1e-3,
        optimizer: Literal["adam", "adamw", "sgd"] = "adam",
        weight_decay: float = 5e-4,
        n_steps: int = 300,
        random_state: int = 0,
        device: str = "auto",
        progress: Callable[[int, int, str], None] | None = None,
        checkpoint: str | Path | None = None,
        callback: Callable[[int, Mapping[str, float]], None] | None = None,
    ) -> None:
        self.augment = augment
        self.jitter = jitter
        self.n_rows = n_rows
        self.n_views = n_views
        self.hidden = hidden
        self.n_features = n_features
        self.eps2 = eps2
        self.gamma1 = gamma1
        self.gamma2 = gamma2
        self.learning_rate = learning_rate
        self.optimizer = optimizer
        self.weight_decay = weight_decay
        self.n_steps = n_steps
        self.random_state = random_state
        self.device = device
        self.progress = progress
        self.checkpoint = checkpoint
        self.callback = callback

    def fit(self, X: Any, y: Any = None) -> Self:
        """Train the network.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)
        y : ignored

        Returns
        -------
        MCR2Encoder

        Raises
        ------
        ValueError
            For missing values, fewer than two rows or views, or a training that diverges.
        """
        X = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        if self.n_rows < 2 or self.n_views < 2:
            raise ValueError(f"n_rows={self.n_rows}, n_views={self.n_views}: at least two of both are needed")
        size = min(self.n_rows, len(X))
        spread = X.std(axis=0)

        def draw(generator: torch.Generator) -> tuple[np.ndarray, np.ndarray]:
            rows = np.repeat(batch(len(X), size, generator).numpy(), self.n_views)
            rng = np.random.default_rng(int(torch.randint(2**31, (1,), generator=generator)))
            if self.augment is None:
                views = X[rows] + self.jitter * spread * rng.normal(size=(len(rows), X.shape[1]))
            else:
                views = np.asarray(self.augment(X[rows], rng), dtype=np.float64)
                if views.shape != (len(rows), X.shape[1]):
                    raise ValueError(f"augment gave shape {views.shape} for {(len(rows), X.shape[1])}")
            return views, np.repeat(np.arange(size), self.n_views)

        self._learn(X, draw, self.n_steps, min(50, self.n_steps))
        return self
