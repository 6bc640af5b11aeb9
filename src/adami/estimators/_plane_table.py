"""The curves of an information plane: a table, its compression scores, its figure, its export."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

COLUMNS = ("epoch", "layer", "I_TX", "I_TY", "lower", "upper", "error", "saturated", "edges")


class Compression(NamedTuple):
    """How one layer's information about the input moved, in nats."""

    layer: str
    compression: float
    """Highest I(T;X) minus that of the last epoch."""
    fitting: float
    """Highest I(T;X) minus that of the first epoch."""
    peak_epoch: int
    saturated: bool
    """Whether some epoch is saturated, where a lack of compression means nothing."""


@dataclass(frozen=True, eq=False)
class PlaneTable(Mapping[str, np.ndarray]):
    """Information of every layer at every epoch, as columns of equal length.

    Columns are ``epoch``, ``layer``, ``I_TX`` and ``I_TY`` in nats, ``lower`` and ``upper`` (bounds of I(T;X)
    where the estimator has them, otherwise the value), ``error`` (standard error of I(T;X), NaN without
    one), ``saturated`` and ``edges`` (of the bins; None without any). ``I_TY`` is NaN without labels.

    Parameters
    ----------
    columns : mapping of str -> numpy.ndarray
    estimator : str
    """

    columns: Mapping[str, np.ndarray]
    estimator: str

    def __getitem__(self, name: str) -> np.ndarray:
        return self.columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def records(self) -> list[dict[str, Any]]:
        """Return one mapping an epoch and layer."""
        return [dict(zip(self.columns, row)) for row in zip(*self.columns.values())]

    def to_pandas(self) -> Any:
        """Return a pandas frame, without the edges."""
        try:
            import pandas as pd
        except ImportError as problem:
            raise ImportError("to_pandas() needs pandas: pip install pandas") from problem
        return pd.DataFrame({k: v for k, v in self.columns.items() if k != "edges"})

    def layers(self) -> list[str]:
        """Return the names of the layers, first to last."""
        return list(dict.fromkeys(self["layer"].tolist()))

    def of(self, layer: str) -> dict[str, np.ndarray]:
        """Return the columns of one layer, by epoch."""
        rows = self["layer"] == layer
        if not rows.any():
            raise ValueError(f"no layer {layer!r}: choose one of {', '.join(self.layers())}")
        return {name: values[rows] for name, values in self.columns.items()}

    def compression(self) -> list[Compression]:
        """Return the compression and the fitting of every layer."""
        out = []
        for layer in self.layers():
            part = self.of(layer)
            curve = part["I_TX"]
            peak = int(np.argmax(curve))
            out.append(
                Compression(
                    layer,
                    float(curve[peak] - curve[-1]),
                    float(curve[peak] - curve[0]),
                    int(part["epoch"][peak]),
                    bool(part["saturated"].any()),
                )
            )
        return out

    def export(self, callback: Callable[[int, Mapping[str, float]], None]) -> None:
        """Tell the curves to a callback, epoch by epoch, as ``callback(epoch, {"I_TX/layer": nats, ...})``.

        Parameters
        ----------
        callback : callable
            `to_tensorboard` and `to_mlflow` make such callbacks.
        """
        for epoch in dict.fromkeys(self["epoch"].tolist()):
            numbers = {}
            for i in np.flatnonzero(self["epoch"] == epoch):
                layer = self["layer"][i]
                numbers[f"I_TX/{layer}"] = float(self["I_TX"][i])
                if np.isfinite(self["I_TY"][i]):
                    numbers[f"I_TY/{layer}"] = float(self["I_TY"][i])
            callback(int(epoch), numbers)

    def plot(self, ax: Any = None, smooth: bool = False) -> Any:
        """Draw I(T;Y) over I(T;X), or I(T;X) over epochs where there are no labels.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Drawn into; a new figure is made without it.
        smooth : bool
            Whether the curves are smoothed for display, by a Savitzky-Golay filter.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from adami.estimators._plane_plot import draw

        return draw(self, ax, smooth)


def to_tensorboard(writer: Any) -> Callable[[int, Mapping[str, float]], None]:
    """Return a callback that writes named numbers as TensorBoard scalars.

    Parameters
    ----------
    writer : torch.utils.tensorboard.SummaryWriter
        Anything with ``add_scalar(name, value, step)``.

    Returns
    -------
    callable(step, numbers)
        For `PlaneTable.export` and for ``callback=`` of estimators that train a network.

    Examples
    --------
    >>> from adami.estimators import to_tensorboard
    >>> class Writer:
    ...     def add_scalar(self, name, value, step):
    ...         print(step, name, value)
    >>> to_tensorboard(Writer())(3, {"loss": 0.5})
    3 loss 0.5
    """

    def tell(step: int, numbers: Mapping[str, float]) -> None:
        for name, value in numbers.items():
            writer.add_scalar(name, value, step)

    return tell


def to_mlflow(client: Any = None) -> Callable[[int, Mapping[str, float]], None]:
    """Return a callback that logs named numbers as MLflow metrics of the active run.

    Parameters
    ----------
    client : module or object, optional
        Anything with ``log_metrics(numbers, step=step)``; the package mlflow by default.

    Returns
    -------
    callable(step, numbers)

    Raises
    ------
    ImportError
        If mlflow is not installed and no client is given.

    Examples
    --------
    >>> from adami.estimators import to_mlflow
    >>> class Client:
    ...     def log_metrics(self, numbers, step):
    ...         print(step, numbers)
    >>> to_mlflow(Client())(3, {"loss": 0.5})
    3 {'loss': 0.5}
    """
    if client is None:
        try:
            client = import_module("mlflow")
        except ImportError as problem:
            raise ImportError("to_mlflow() needs MLflow: pip install mlflow") from problem

    def tell(step: int, numbers: Mapping[str, float]) -> None:
        client.log_metrics(dict(numbers), step=step)

    return tell


def compression_correlation(
    runs: Sequence[Sequence[Compression]], accuracy: Sequence[float]
) -> dict[str, float]:
    """Return Spearman's correlation over runs between each layer's compression and the test accuracy.

    Parameters
    ----------
    runs : sequence of list of Compression
        One a seed, as `PlaneTable.compression` returns them.
    accuracy : sequence of float
        Of the same runs.

    Returns
    -------
    dict of layer -> correlation
        NaN where the compression or the accuracy is the same in all runs.

    Raises
    ------
    ValueError
        For fewer than three runs, or runs of other layers.

    Examples
    --------
    >>> from adami.estimators import Compression, compression_correlation
    >>> runs = [[Compression("last", c, 0.0, 1, False)] for c in (0.1, 0.4, 0.2)]
    >>> compression_correlation(runs, [0.8, 0.9, 0.85])
    {'last': 1.0}
    """
    from scipy.stats import rankdata

    if len(runs) != len(accuracy) or len(runs) < 3:
        raise ValueError(f"{len(runs)} runs and {len(accuracy)} accuracies: at least 3 of both are needed")
    layers = [c.layer for c in runs[0]]
    if any([c.layer for c in run] != layers for run in runs):
        raise ValueError("the runs have different layers")
    right = rankdata(accuracy)
    out = {}
    for i, layer in enumerate(layers):
        left = rankdata([run[i].compression for run in runs])
        a, b = left - left.mean(), right - right.mean()
        scale = float(np.sqrt((a @ a) * (b @ b)))
        out[layer] = round(float(a @ b) / scale, 12) if scale else float("nan")
    return out
