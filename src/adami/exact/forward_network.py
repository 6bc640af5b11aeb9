"""A sigmoid network that learns forward only; not a classifier.

This class follows scikit-learn and needs it.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, Self

import numpy as np

from adami.exact._arrays import Array, floats, in_base, unit_name
from adami.exact._extras import need_sklearn
from adami.exact.forward_entropy import alignment, sigmoid

need_sklearn("SKANetwork")

from sklearn.base import BaseEstimator  # noqa: E402


class SKANetwork(BaseEstimator):  # type: ignore[misc]
    """A sigmoid network whose layers lower their own entropy by forward passes alone; not a classifier.

    **This is not a classifier, and no feature learner to rely on.** The update pushes every pre-activation
    away from zero, whatever it means, so deep layers saturate and lose what the input said. On scikit-learn's
    digits a linear probe reads 0.90 of the labels off raw pixels, and 0.90, 0.89, 0.39 and 0.22 off the four
    layers after 50 steps of the defaults; with `stop_at_minimum` 0.90, 0.90, 0.79 and 0.43. Use it to watch
    entropies and alignments.

    The layers' entropies come to a common level near step 50, as the paper says, but only pass through it: by
    step 100 the largest is more than ten times the smallest again.

    Parameters
    ----------
    layer_sizes : sequence of int
        Units of every layer.
    n_steps : int
        Forward passes over the whole data; nothing is learnt in the first.
    lr : float
        Rate of the update. From about 0.5 on the layers saturate within a few steps. A negative rate turns
        the update around: the control that unlearns.
    init_std : float
        Standard deviation of the first weights; biases begin at zero.
    fresh : bool
        Whether a layer learns from the present output of the layer below; by default from that of the step
        before, as the authors' script does.
    stop_at_minimum : bool
        Whether a layer goes back to the weights of the step before, and keeps them, when its entropy rises
        for the first time.
    base : float, optional
        Base of the logarithm of all reported entropies; nats by default. The update is the paper's in any
        case.
    random_state : int, Generator or None
        Seed of the first weights.

    Attributes
    ----------
    weights_, biases_ : list of array
    entropy_history_ : array, shape (n_steps - 1, n_layers)
        Entropy of every layer at the steps 2 to `n_steps`, summed over samples and units. Negative when
        pre-activations and the change of the outputs are aligned.
    cosine_history_ : array, shape (n_steps - 1, n_layers)
        Cosine between the two.
    frobenius_history_ : array, shape (n_steps, n_layers)
        Norm of the pre-activations, from the first step.
    tensor_net_history_ : array, shape (n_steps - 1, n_layers)
        The authors' optional "tensor net": ``sum (Z_k - Z_{k-1}) (D_k + gradient of the entropy by Z)``, in
        the paper's bits.
    layer_entropy_ : array, shape (n_layers,)
        Sum of the history of each layer.
    network_entropy_ : float
        Sum over layers.
    saturation_ : array, shape (n_layers,)
        Mean of ``1 - 4 D (1 - D)`` in the last step: 0 when all outputs are one half, 1 when all are 0 or 1.
    stopped_at_ : list of (int or None)
        The step whose weights each layer kept, when `stop_at_minimum` stopped it.
    unit_ : str
    n_samples_ : int
        Divide the entropies by it to compare data sets of different sizes.

    References
    ----------
    Structured Knowledge Accumulation: An Autonomous Framework for Layer-Wise Entropy Reduction in Neural
    Learning, 2025. Paper 41 of adami's register. The paper prints the gradient of a step with the change of
    the outputs once inside and once outside of the factor 1/ln 2; its script has it inside, and so has this
    class.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.exact import SKANetwork
    >>> X = np.random.default_rng(0).random((20, 5))
    >>> network = SKANetwork((4, 3), n_steps=10, random_state=0).fit(X)
    >>> network.entropy_history_.shape, network.transform(X).shape
    ((9, 2), (20, 3))
    >>> bool((network.entropy_history_[-1] < 0).all())
    True
    """

    def __init__(
        self,
        layer_sizes: tuple[int, ...] = (256, 128, 64, 10),
        n_steps: int = 50,
        lr: float = 0.01,
        init_std: float = 0.01,
        *,
        fresh: bool = False,
        stop_at_minimum: bool = False,
        base: float | None = None,
        random_state: int | np.random.Generator | None = None,
    ) -> None:
        self.layer_sizes = layer_sizes
        self.n_steps = n_steps
        self.lr = lr
        self.init_std = init_std
        self.fresh = fresh
        self.stop_at_minimum = stop_at_minimum
        self.base = base
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from all rows at once.

        Parameters
        ----------
        X : array, shape (n_samples, n_features)
            Inputs; the defaults expect values between 0 and 1.
        y : ignored
            There for pipelines only: labels are not used.

        Returns
        -------
        SKANetwork

        Raises
        ------
        ValueError
            If `X` is no finite matrix or a parameter is out of range.
        """
        X = _rows(X)
        self._check()
        sizes = (X.shape[1], *self.layer_sizes)
        rng = np.random.default_rng(self.random_state)
        self.weights_ = [rng.normal(0.0, self.init_std, size=s) for s in pairwise(sizes)]
        self.biases_ = [np.zeros(n) for n in sizes[1:]]
        self.unit_, self.n_samples_ = unit_name(self.base), len(X)
        self.stopped_at_: list[int | None] = [None] * len(self.layer_sizes)
        kept = list(zip(self.weights_, self.biases_, strict=True))
        Z, D = self._forward(X)
        entropies, cosines, nets = [], [], []
        norms = [[float(np.linalg.norm(z)) for z in Z]]
        for step in range(2, self.n_steps + 1):
            Z_before, D_before = Z, D
            Z, D = self._forward(X)
            moved = [now - before for now, before in zip(D, D_before, strict=True)]
            entropies.append(
                [float(in_base(-np.vdot(z, d), self.base)) for z, d in zip(Z, moved, strict=True)]
            )
            cosines.append([alignment(z, d) for z, d in zip(Z, moved, strict=True)])
            norms.append([float(np.linalg.norm(z)) for z in Z])
            nets.append([_tensor_net(z, b, d) for z, b, d in zip(Z, Z_before, D, strict=True)])
            if self.stop_at_minimum:
                self._stop(step, entropies, kept)
            kept = list(zip(self.weights_, self.biases_, strict=True))
            below = D if self.fresh else D_before
            self._learn([X, *below[:-1]], Z, D, moved)
        self.entropy_history_ = np.array(entropies)
        self.cosine_history_ = np.array(cosines)
        self.frobenius_history_ = np.array(norms)
        self.tensor_net_history_ = np.array(nets)
        self.layer_entropy_ = self.entropy_history_.sum(axis=0)
        self.network_entropy_ = float(self.layer_entropy_.sum())
        self.saturation_ = np.array([float((1 - 4 * d * (1 - d)).mean()) for d in D])
        return self

    def layer_outputs(self, X: Any) -> list[Array]:
        """Return the outputs of every layer, each of shape (n_samples, n_units).

        Raises
        ------
        ValueError
            If the network was not fitted or `X` does not have its columns.
        """
        if not hasattr(self, "weights_"):
            raise ValueError("this SKANetwork has no weights yet: call fit first")
        X = _rows(X)
        if X.shape[1] != len(self.weights_[0]):
            raise ValueError(
                f"X has {X.shape[1]} columns, but the network was fitted to {len(self.weights_[0])}"
            )
        return self._forward(X)[1]

    def transform(self, X: Any) -> Array:
        """Return the outputs of the last layer, shape (n_samples, n_units)."""
        return self.layer_outputs(X)[-1]

    def fit_transform(self, X: Any, y: Any = None) -> Array:
        """Fit and return the outputs of the last layer."""
        return self.fit(X).transform(X)

    def _forward(self, X: Array) -> tuple[list[Array], list[Array]]:
        Z, D = [], []
        for W, b in zip(self.weights_, self.biases_, strict=True):
            Z.append(X @ W + b)
            X = sigmoid(Z[-1])
            D.append(X)
        return Z, D

    def _learn(self, inputs: list[Array], Z: list[Array], D: list[Array], moved: list[Array]) -> None:
        for layer, (x, z, d, shift) in enumerate(zip(inputs, Z, D, moved, strict=True)):
            if self.stopped_at_[layer] is not None:
                continue
            G = -(z * d * (1 - d) + shift) / math.log(2)
            self.weights_[layer] = self.weights_[layer] - self.lr * (x.T @ G) / len(x)
            self.biases_[layer] = self.biases_[layer] - self.lr * G.mean(axis=0)

    def _stop(self, step: int, entropies: list[list[float]], kept: list[tuple[Array, Array]]) -> None:
        if len(entropies) < 2:
            return
        for layer, (before, now) in enumerate(zip(*entropies[-2:], strict=True)):
            if self.stopped_at_[layer] is None and now > before and before < 0:
                self.weights_[layer], self.biases_[layer] = kept[layer]
                self.stopped_at_[layer] = step - 1

    def _check(self) -> None:
        if not len(self.layer_sizes) or any(int(n) != n or n < 1 for n in self.layer_sizes):
            raise ValueError(
                f"layer_sizes={self.layer_sizes}: give at least one layer, each of at least one unit"
            )
        if int(self.n_steps) != self.n_steps or self.n_steps < 2:
            raise ValueError(
                f"n_steps={self.n_steps}: nothing is learnt in the first step, so take at least two"
            )
        if not (math.isfinite(self.lr) and self.lr != 0):
            raise ValueError(f"lr={self.lr} is no rate: give a finite number other than 0")
        if not (math.isfinite(self.init_std) and self.init_std >= 0):
            raise ValueError(f"init_std={self.init_std} is no standard deviation")


def _rows(X: Any) -> Array:
    array = np.asarray(floats(X, name="X")[1], dtype=np.float64)
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"X has shape {array.shape}: give a matrix of samples and features")
    if not np.isfinite(array).all():
        row, column = (int(i[0]) for i in np.nonzero(~np.isfinite(array)))
        raise ValueError(f"X[{row}, {column}] is {array[row, column]}: fill or drop missing values first")
    return array


def _tensor_net(z: Array, before: Array, d: Array) -> float:
    return float(np.vdot(z - before, d - z * d * (1 - d) / math.log(2)))
