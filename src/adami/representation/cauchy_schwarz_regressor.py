"""Regression by a network with a Cauchy-Schwarz bottleneck.

The regressor follows scikit-learn and needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

import numpy as np

from adami.estimators._gram import Bandwidth
from adami.estimators.cauchy_schwarz import Denominator, cs_qmi
from adami.exact._extras import need_sklearn
from adami.representation.attacks import fgsm, pgd
from adami.representation.cauchy_schwarz_bottleneck import CSIBLoss, CSIBNet

need_sklearn("CSIBRegressor")

import torch  # noqa: E402
from sklearn.base import BaseEstimator, RegressorMixin, TransformerMixin  # noqa: E402
from sklearn.utils.validation import check_is_fitted, validate_data  # noqa: E402
from torch import Tensor, nn  # noqa: E402

from adami.estimators._nets.fit import History, Training, batch, device_of, fit, seeded  # noqa: E402


class BottleneckPoint(NamedTuple):
    """Where a regressor stands between compressing and predicting.

    Attributes
    ----------
    compression : float
        Normalised Cauchy-Schwarz information of the representation about the input.
    prediction : float
        ``½ ln(var y / mean squared error)``: information about the target if the errors were normal; nats.
    """

    compression: float
    prediction: float


class CSIBRegressor(RegressorMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Regression whose representation keeps little of the input, by Cauchy-Schwarz divergences.

    Columns and target are standardised; a part of the rows decides which epoch, and which of several weights
    of the compression, is kept.

    Parameters
    ----------
    beta : float or sequence of float
        Weight of the compression; of several the one with the least validation error.
    latent, hidden : int
        Columns of the representation; units of the hidden layers.
    sigma : float, "median" or "wide"
        Width of the kernels, for standardised columns.
    noise : bool
        Whether normal noise is added to the representation in training.
    denominator : {"sq_sum", "sum_sq"}
    prediction : {"cs", "mse"}
        "mse" with ``beta=0`` is the same network without any bottleneck.
    learning_rate : float
        Falls to 0 along a cosine.
    max_epochs, batch_size : int
    validation_fraction : float
    random_state : int
    device : str
    progress : callable(done, total, what), optional
    checkpoint : str or Path, optional
        Folder; a training that was cut off goes on from there.
    callback : callable(step, numbers), optional

    Attributes
    ----------
    model_ : CSIBNet
    beta_ : float
        The weight that was kept.
    validation_ : dict of float to float
        Root mean squared error on the rows held out, in the unit of the target, for each weight.
    history_ : History
        Of the training that was kept.
    n_features_in_ : int

    References
    ----------
    Yu, Yu, Løkse, Jenssen and Principe, "Cauchy-Schwarz Divergence Information Bottleneck for Regression",
    2024; paper 46 of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.representation import CSIBRegressor
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> y = X[:, 0] - X[:, 1]
    >>> model = CSIBRegressor(max_epochs=60, hidden=32, latent=8, learning_rate=0.01).fit(X, y)
    >>> bool(model.score(X, y) > 0.9)
    True
    """

    def __init__(
        self,
        beta: float | Sequence[float] = 1e-2,
        latent: int = 128,
        hidden: int = 128,
        sigma: Bandwidth = 1.0,
        noise: bool = False,
        denominator: Denominator = "sq_sum",
        prediction: Literal["cs", "mse"] = "cs",
        learning_rate: float = 1e-3,
        max_epochs: int = 200,
        batch_size: int = 128,
        validation_fraction: float = 0.2,
        random_state: int = 0,
        device: str = "auto",
        progress: Callable[[int, int, str], None] | None = None,
        checkpoint: str | Path | None = None,
        callback: Callable[[int, Mapping[str, float]], None] | None = None,
    ) -> None:
        self.beta = beta
        self.latent = latent
        self.hidden = hidden
        self.sigma = sigma
        self.noise = noise
        self.denominator = denominator
        self.prediction = prediction
        self.learning_rate = learning_rate
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.device = device
        self.progress = progress
        self.checkpoint = checkpoint
        self.callback = callback

    def fit(self, X: Any, y: Any) -> Self:
        """Train the network.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)
        y : array of shape (n_samples,)

        Returns
        -------
        CSIBRegressor

        Raises
        ------
        ValueError
            For missing values, a target that never changes, too few rows, or a training that diverges.
        """
        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=True, ensure_min_samples=10)
        if np.ptp(y) == 0:
            raise ValueError("y never changes: there is nothing to regress")
        if not 0 < self.validation_fraction < 1:
            raise ValueError(f"validation_fraction={self.validation_fraction} lies between 0 and 1")
        spread = X.std(axis=0)
        self._centre, self._scale = X.mean(axis=0), np.where(spread > 0, spread, 1.0)
        self._level, self._unit = float(y.mean()), float(y.std())
        device = device_of(self.device)
        rows = np.random.default_rng(self.random_state).permutation(len(X))
        held = max(2, round(self.validation_fraction * len(X)))
        x_all = self._inputs(X, device)
        y_all = torch.as_tensor((y - self._level) / self._unit, dtype=torch.float32, device=device)[:, None]
        parts = [(x_all[part], y_all[part]) for part in (rows[held:].tolist(), rows[:held].tolist())]
        betas = (self.beta,) if isinstance(self.beta, int | float) else tuple(self.beta)
        if not betas:
            raise ValueError("beta holds no weight: give one or several")
        found = {float(beta): self._trained(float(beta), parts, device) for beta in betas}
        self.validation_ = {beta: -history.best * self._unit for beta, (_, history) in found.items()}
        self.beta_ = min(self.validation_, key=self.validation_.__getitem__)
        self.model_, self.history_ = found[self.beta_]
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return predictions, shape (n_samples,), in the unit of the target."""
        return self._passed(X)[1][:, 0] * self._unit + self._level

    def transform(self, X: Any) -> np.ndarray:
        """Return representations, shape (n_samples, latent), without noise."""
        return self._passed(X)[0]

    def plane(self, X: Any, y: Any) -> BottleneckPoint:
        """Return how much the representation of rows keeps of them, and how much it tells about the target.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)
        y : array of shape (n_samples,)

        Returns
        -------
        BottleneckPoint
        """
        t = self._passed(X)[0]
        x = (np.asarray(X, dtype=np.float64) - self._centre) / self._scale
        error = float(np.mean((self.predict(X) - y) ** 2))
        if error == 0:
            raise ValueError("the predictions are exact: their information about the target has no bound")
        told = 0.5 * float(np.log(np.var(y) / error))
        return BottleneckPoint(float(cs_qmi(x, t.astype(np.float64), self.sigma, normalized=True)), told)

    def attack(
        self, X: Any, y: Any, epsilon: float = 0.2, method: Literal["fgsm", "pgd"] = "fgsm"
    ) -> np.ndarray:
        """Return rows changed a little so that the predictions get worse.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)
        y : array of shape (n_samples,)
        epsilon : float
            Largest change, in standard deviations of a column.
        method : {"fgsm", "pgd"}
            One step, or five steps of 0.05 within the box.

        Returns
        -------
        numpy.ndarray of shape (n_samples, n_features)
        """
        if method not in ("fgsm", "pgd"):
            raise ValueError(f"method={method!r}: choose 'fgsm' or 'pgd'")
        check_is_fitted(self, "model_")
        X = validate_data(self, X, dtype=np.float64, reset=False)
        device = next(self.model_.parameters()).device
        target = torch.as_tensor(
            (np.asarray(y) - self._level) / self._unit, dtype=torch.float32, device=device
        )
        how = fgsm if method == "fgsm" else pgd
        moved = how(lambda x: self.model_(x)[1][:, 0], self._inputs(X, device), target, epsilon)
        return np.asarray(moved.cpu().numpy() * self._scale + self._centre)

    def _inputs(self, X: np.ndarray, device: torch.device) -> Tensor:
        return torch.as_tensor((X - self._centre) / self._scale, dtype=torch.float32, device=device)

    def _passed(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        check_is_fitted(self, "model_")
        X = validate_data(self, X, dtype=np.float64, reset=False)
        with torch.no_grad():
            t, said = self.model_(self._inputs(X, next(self.model_.parameters()).device))
        return t.cpu().numpy().astype(np.float64), said.cpu().numpy().astype(np.float64)

    def _trained(
        self, beta: float, parts: list[tuple[Tensor, Tensor]], device: torch.device
    ) -> tuple[CSIBNet, History]:
        (x, y), (x_held, y_held) = parts
        with seeded(self.random_state):
            net = CSIBNet(x.shape[1], latent=self.latent, hidden=self.hidden, noise=self.noise).to(device)
        loss = CSIBLoss(beta, self.sigma, denominator=self.denominator, prediction=self.prediction)
        size = min(self.batch_size, len(x))
        epoch = max(1, len(x) // size)

        def of_batch(generator: torch.Generator) -> Tensor:
            rows = batch(len(x), size, generator).to(device)
            t, said = net(x[rows])
            if beta == 0 and self.prediction == "mse":
                return nn.functional.mse_loss(said, y[rows])
            return loss(x[rows], y[rows], said, t)["total"]

        training = Training(
            what=f"CSIBRegressor: beta {beta:g}",
            device=str(device),
            random_state=self.random_state,
            progress=self.progress,
            checkpoint=None if self.checkpoint is None else Path(self.checkpoint) / f"csib-{beta:g}",
            callback=self.callback,
        )
        history = fit(
            net,
            of_batch,
            steps=epoch * self.max_epochs,
            learning_rate=self.learning_rate,
            clip=None,
            schedule="cosine",
            validate=lambda: -float(nn.functional.mse_loss(net(x_held)[1], y_held) ** 0.5),
            every=epoch,
            training=training,
        )
        return net, history
