"""What every layer of a network tells about its input and the label, epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from adami.estimators._plane_table import COLUMNS, Compression, PlaneTable
from adami.estimators.activation_bins import (
    BINNINGS,
    Binning,
    binned_information,
    checked_activations,
    layer_edges,
    quantize,
)
from adami.estimators.activation_kde import Scale, adaptive_variance, kde_label_bounds, kde_mi_bounds

PlaneEstimator = Literal["ebab", "akde", "binning", "lossy"]
PLANE_ESTIMATORS: tuple[PlaneEstimator, ...] = ("ebab", "akde", "binning", "lossy")


class InformationPlane:
    """Record the activations of a network while it trains, and measure I(T;X) and I(T;Y) of every layer.

    Parameters
    ----------
    estimator : {"ebab", "akde", "binning", "lossy"}
        Bins that follow the layer's activity; bounds for noise that follows it; bins of equal width, as a
        baseline; compression and neighbour entropies, for networks with noise inside (`StochasticNet`).
    n_bins : int
        For "ebab" and "binning".
    low : float or "auto"
        Floor of the activation function, for "ebab".
    binning : {"range", "global", "fixed"}
        Range of the bins of "binning": the layer's at that epoch, the whole recording's, or `span`.
    span : tuple of float
        For ``binning="fixed"``.
    width : float, optional
        Width of fixed bins, in place of their number.
    c : float
        For "akde": noise variance by squared largest activity.
    scale : {"max2", "max", "fixed"}
        For "akde": variance ``c m**2`` for the largest activity m, ``c m``, or `c` itself, the fixed
        baseline.
    add_noise : bool
        For "akde": whether that noise, seeded, is also added to the activations before they are measured.
    lossy : LossyMI, optional
        For "lossy"; ``LossyMI()`` by default.
    layers : sequence of str, optional
        Names of the modules whose outputs are recorded. By default the modules that are activation functions,
        and the network's output.
    batch_size : int
        Rows that pass the network at once.
    random_state : int
        For `add_noise`.
    n_jobs : int, optional
        Threads; the values do not depend on it.

    References
    ----------
    Chelombiev, Houghton and O'Donnell, "Adaptive Estimators Show Information Compression in Deep Neural
    Networks", 2019 (paper 2 of adami's register). Butakov et al., "Information Bottleneck Analysis of Deep
    Neural Networks via Lossy Compression", 2024 (paper 55).

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import InformationPlane
    >>> plane = InformationPlane()
    >>> layer = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> plane.add(0, [layer])
    >>> plane.add(1, [np.maximum(layer - 2, 0)])
    >>> table = plane.compute(y=["a", "a", "b", "b"])
    >>> table["I_TX"].round(3).tolist(), table["I_TY"].round(3).tolist()
    ([1.386, 0.562], [0.693, 0.216])
    >>> round(plane.compression()[0].compression, 3)
    0.824
    """

    def __init__(
        self,
        estimator: PlaneEstimator = "ebab",
        n_bins: int = 30,
        low: float | Literal["auto"] = "auto",
        binning: Binning = "range",
        span: tuple[float, float] = (-1.0, 1.0),
        width: float | None = None,
        c: float = 1e-3,
        scale: Scale | Literal["fixed"] = "max2",
        add_noise: bool = False,
        lossy: Any = None,
        layers: Sequence[str] | None = None,
        batch_size: int = 4096,
        random_state: int = 0,
        n_jobs: int | None = 1,
    ) -> None:
        if estimator not in PLANE_ESTIMATORS:
            raise ValueError(f"estimator={estimator!r}: choose one of {', '.join(PLANE_ESTIMATORS)}")
        if binning not in BINNINGS[1:]:
            raise ValueError(f"binning={binning!r}: choose one of {', '.join(BINNINGS[1:])}")
        if scale not in ("max2", "max", "fixed"):
            raise ValueError(f"scale={scale!r}: choose 'max2', 'max' or 'fixed'")
        self.estimator = estimator
        self.n_bins = n_bins
        self.low = low
        self.binning = binning
        self.span = span
        self.width = width
        self.c = c
        self.scale = scale
        self.add_noise = add_noise
        self.lossy = lossy
        self.layers = layers
        self.batch_size = batch_size
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.table_: PlaneTable | None = None
        self._recording: dict[int, dict[str, np.ndarray]] = {}
        self._x: np.ndarray | None = None

    @property
    def epochs(self) -> list[int]:
        """Epochs recorded so far."""
        return sorted(self._recording)

    def record(self, model: Any, X: Any, epoch: int) -> None:
        """Record the activations of a PyTorch network for the inputs `X`.

        The network is in evaluation mode meanwhile, so that dropout is off; noise layers that act in
        evaluation too, as in `StochasticNet`, are part of what is recorded.

        Parameters
        ----------
        model : torch.nn.Module
        X : array or tensor of shape (n, ...)
            The same inputs at every epoch.
        epoch : int
        """
        from adami.estimators._nets.recorder import activations

        x, layers = activations(model, X, self.layers, self.batch_size)
        self.add(epoch, layers, x)

    def add(self, epoch: int, activations: Mapping[str, Any] | Sequence[Any], X: Any = None) -> None:
        """Add one epoch.

        Parameters
        ----------
        epoch : int
        activations : mapping of layer -> array of shape (n, d), or sequence of arrays
            Layers without names are numbered from 0.
        X : array of shape (n, ...), optional
            The inputs, which "lossy" needs once.

        Raises
        ------
        ValueError
            If an epoch is there already, layers or rows differ from earlier epochs, or activations are not
            finite.
        """
        if int(epoch) != epoch or epoch < 0:
            raise ValueError(f"epoch={epoch!r} must be a whole number of at least 0")
        if epoch in self._recording:
            raise ValueError(f"epoch {epoch} is recorded already")
        if not isinstance(activations, Mapping):
            activations = {f"layer {i}": a for i, a in enumerate(activations)}
        layers = {n: checked_activations(a, f"epoch {epoch}, {n}") for n, a in activations.items()}
        shapes = {name: layer.shape for name, layer in layers.items()}
        if not shapes:
            raise ValueError(f"epoch {epoch}: no layers")
        if len({rows for rows, _ in shapes.values()}) > 1:
            raise ValueError(f"epoch {epoch}: layers have different numbers of rows: {shapes}")
        for other, recorded in self._recording.items():
            before = {name: layer.shape for name, layer in recorded.items()}
            if before != shapes:
                raise ValueError(
                    f"epoch {epoch} has layers {shapes}, and epoch {other} has {before}; record the same "
                    "layers for the same inputs at every epoch"
                )
            break
        if X is not None:
            rows = checked_activations(X, "X")
            if self._x is not None and not np.array_equal(rows, self._x):
                raise ValueError(f"epoch {epoch}: the inputs differ from those of earlier epochs")
            self._x = rows
        self._recording[int(epoch)] = layers
        self.table_ = None

    def recorder(self, model: Any, X: Any, last_epoch: int, points: int = 60) -> Callable[[int], bool]:
        """Return a function that is called after every epoch and records the log-spaced ones.

        Parameters
        ----------
        model : torch.nn.Module
        X : array or tensor
        last_epoch : int
        points : int
            Epochs recorded at most; see `log_spaced_epochs`.

        Returns
        -------
        callable(epoch) -> bool
            Whether it recorded.
        """
        chosen = frozenset(log_spaced_epochs(last_epoch, points))

        def after(epoch: int) -> bool:
            if epoch not in chosen:
                return False
            self.record(model, X, epoch)
            return True

        return after

    def compute(self, y: Any = None, x_id: Any = None) -> PlaneTable:
        """Measure every layer at every recorded epoch.

        Parameters
        ----------
        y : labels of shape (n,), optional
        x_id : labels of shape (n,), optional
            Which input a row is, where inputs repeat; all are distinct by default. For bins only.

        Returns
        -------
        PlaneTable
            In nats.

        Raises
        ------
        ValueError
            If nothing is recorded or the labels do not fit.
        """
        from adami._parallel import ordered_map

        if not self._recording:
            raise ValueError(
                "nothing is recorded: call record(model, X, epoch) or add(epoch, activations) first"
            )
        n = len(next(iter(self._recording[self.epochs[0]].values())))
        labels, inputs = _codes(y, "y", n), _codes(x_id, "x_id", n)
        if inputs is not None and self.estimator not in ("ebab", "binning"):
            raise ValueError(f"x_id= is for bins; estimator={self.estimator!r} takes all inputs as distinct")
        measure = self._measurer(labels, inputs)
        jobs = [
            (place, epoch, name, layer)
            for place, (epoch, name, layer) in enumerate(
                (e, name, layer) for e in self.epochs for name, layer in self._recording[e].items()
            )
        ]
        rows = ordered_map(lambda job: (job[1], job[2], *measure(job[0], job[3])), jobs, self.n_jobs)
        columns = {name: _column([row[i] for row in rows], name) for i, name in enumerate(COLUMNS)}
        self.table_ = PlaneTable(columns, self.estimator)
        return self.table_

    def compression(self) -> list[Compression]:
        """Return how far each layer's I(T;X) fell from its peak, by the last `compute`."""
        return self._computed().compression()

    def plot(self, ax: Any = None, smooth: bool = False) -> Any:
        """Draw the plane of the last `compute`; see `PlaneTable.plot`."""
        return self._computed().plot(ax, smooth)

    def _computed(self) -> PlaneTable:
        return self.table_ if self.table_ is not None else self.compute()

    def _measurer(
        self, labels: np.ndarray | None, inputs: np.ndarray | None
    ) -> Callable[[int, np.ndarray], tuple[Any, ...]]:
        """Return a function: number of the piece, activations -> the columns from I_TX on."""
        if self.estimator == "akde":
            return lambda place, layer: self._akde(place, layer, labels)
        if self.estimator == "lossy":
            return self._lossy(labels)
        binning: Binning = "ebab" if self.estimator == "ebab" else self.binning
        span = self.span
        if binning == "global":
            layers = [layer for recorded in self._recording.values() for layer in recorded.values()]
            span = (min(float(v.min()) for v in layers), max(float(v.max()) for v in layers))

        def bins(place: int, layer: np.ndarray) -> tuple[Any, ...]:
            edges = layer_edges(layer, binning, self.n_bins, self.low, span, self.width)
            found = binned_information(quantize(layer, edges), labels, inputs)
            about_y = math.nan if found.about_y is None else found.about_y
            return found.about_x, about_y, found.about_x, found.about_x, math.nan, found.saturated, edges

        return bins

    def _akde(self, place: int, layer: np.ndarray, labels: np.ndarray | None) -> tuple[Any, ...]:
        silent = not layer.any()
        if silent:
            return 0.0, math.nan if labels is None else 0.0, 0.0, 0.0, math.nan, False, None
        variance = self.c if self.scale == "fixed" else adaptive_variance(layer, self.c, self.scale)
        if self.add_noise:
            rng = np.random.default_rng([self.random_state, place])
            layer = layer + math.sqrt(variance) * rng.standard_normal(layer.shape)
        found = kde_mi_bounds(layer, variance)
        about_y = math.nan if labels is None else kde_label_bounds(layer, labels, variance)[1]
        saturated = found.upper > 0.9 * math.log(len(layer))
        return found.upper, about_y, found.lower, found.upper, math.nan, saturated, None

    def _lossy(self, labels: np.ndarray | None) -> Callable[[int, np.ndarray], tuple[Any, ...]]:
        from adami.estimators.lossy import LossyMI
        from adami.variables import variable

        method = LossyMI() if self.lossy is None else self.lossy
        if self._x is None:
            raise ValueError(
                "estimator='lossy' measures against the inputs: use record(), or add(..., X=inputs)"
            )
        # the inputs are the same for all layers and epochs, and compressed once
        x = method.compressed(self._x)
        y = None if labels is None else variable(labels, "y", kinds="discrete")

        def compress(place: int, layer: np.ndarray) -> tuple[Any, ...]:
            t = variable(layer, "t", kinds="continuous")
            found = method.estimate(variable(x, "x", kinds="continuous"), t)
            about_y = math.nan if y is None else float(method.estimate(t, y))
            error = found.details.get("standard_error", math.nan)
            saturated = found.value > 0.9 * math.log(len(layer))
            return found.value, about_y, found.value, found.value, error, saturated, None

        return compress


def log_spaced_epochs(last_epoch: int, points: int = 60) -> list[int]:
    """Return epochs from 0 to the last, evenly spaced in the logarithm, each once.

    Parameters
    ----------
    last_epoch : int
    points : int
        How many at most.

    Examples
    --------
    >>> from adami.estimators import log_spaced_epochs
    >>> log_spaced_epochs(100, 7)
    [0, 1, 4, 9, 21, 46, 100]
    """
    if last_epoch < 0 or points < 2:
        raise ValueError(
            f"last_epoch={last_epoch}, points={points}: at least epoch 0 and two points are needed"
        )
    spaced = np.rint(np.geomspace(1, last_epoch + 1, points)).astype(int) - 1
    return [int(e) for e in np.unique(spaced)]


def _codes(labels: Any, name: str, n: int) -> np.ndarray | None:
    from adami.variables import variable

    if labels is None:
        return None
    found = variable(labels, name, kinds="discrete")
    if found.n != n:
        raise ValueError(f"{name} has {found.n} rows, and the recording has {n}")
    return found.codes


def _column(values: list[Any], name: str) -> np.ndarray:
    if name in ("layer", "edges"):
        out = np.empty(len(values), dtype=object)
        out[:] = values
        return out
    return np.array(values)
