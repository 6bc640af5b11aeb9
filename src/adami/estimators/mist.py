"""Information read off a whole sample by a network that has seen many laws (MIST, 2025)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from adami.estimators._base import Measurement
from adami.estimators._neural import Callback, NeuralEstimator, Progress, continuous_block
from adami.result import Diagnostic
from adami.variables import Variable, variable

if TYPE_CHECKING:
    from torch import Tensor

    from adami.estimators._nets.set_network import SetNetwork
    from adami.tasks import MetaDataset

SHIPPED = Path(__file__).parent / "weights" / "mist.safetensors"
LEAST_ROWS = 10
MOST_COLUMNS = 32
MOST_ROWS = 500
"""Rows of the largest samples that were learnt from; larger ones are read in pieces."""


class MIST(NeuralEstimator):
    """Mutual information by a network trained on samples of laws whose information is known.

    The network sees the normal scores of the columns, so that increasing maps of single columns change
    nothing, and answers with quantiles: its interval says what laws like those it learnt from would leave
    open. It bounds nothing, and on laws unlike those it may be wrong without knowing it; samples that look
    unfamiliar get the flag ``out_of_meta``.

    Parameters
    ----------
    weights : str or Path
        ``"mist"`` for the weights that come with adami, or a safetensors file written by `save`.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"``, ...
    random_state : int
        Seed of the training and of the pieces that samples of more than 500 rows are read in.
    progress, checkpoint, callback
        For `fit`, as in the other neural estimators.

    References
    ----------
    Gritsai et al., "MIST: Mutual Information Via Supervised Training", 2025; paper 12 of adami's register.
    Lee et al., "Set transformer: a framework for attention-based permutation-invariant neural networks", ICML
    2019. Romano, Patterson and Candès, "Conformalized quantile regression", NeurIPS 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import MIST
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(300, 2))
    >>> found = MIST().estimate(x, x + rng.normal(size=(300, 2)))
    >>> bool(found.interval[0] < 2 * 0.5 * np.log(2) < found.interval[1])
    True
    """

    name: ClassVar[str] = "mist"
    takes: ClassVar[frozenset[str]] = frozenset({"continuous", "mixed"})

    def __init__(
        self,
        weights: str | Path = "mist",
        *,
        device: str = "auto",
        random_state: int = 0,
        progress: Progress = None,
        checkpoint: str | Path | None = None,
        callback: Callback = None,
    ) -> None:
        self.weights = weights
        self.device = device
        self.random_state = random_state
        self.progress = progress
        self.checkpoint = checkpoint
        self.callback = callback

    def fit(
        self,
        meta: MetaDataset,
        *,
        batches: int = 1000,
        answer_steps: int = 4000,
        steps: int = 2000,
        size: int = 32,
        settings: Mapping[str, int] | None = None,
        start: SetNetwork | None = None,
    ) -> MIST:
        """Train a network on laws of one's own; `estimate` uses it from then on.

        Parameters
        ----------
        meta : MetaDataset
            The laws, dimensions and numbers of rows to learn from; `adami.tasks.MetaDataset`, or anything
            with its ``batch(size, index)``.
        batches : int
            Batches whose closed-form descriptions the answering layers learn from first.
        answer_steps : int
            Steps on those descriptions.
        steps : int
            Steps of the whole network on fresh samples.
        size : int
            Samples a batch.
        settings : mapping, optional
            Sizes of the network: width, blocks, points, heads, hidden.
        start : SetNetwork, optional
            A network to go on from, such as `network` of another MIST; it skips the first stage.

        Returns
        -------
        MIST
            Itself.
        """
        from adami.estimators._nets.fit import seeded
        from adami.estimators._nets.set_network import SetNetwork
        from adami.estimators._nets.set_training import calibrate, describe, train_answer, train_network

        if start is None:
            with seeded(self.random_state):
                net = SetNetwork(**dict(settings or {}))
            table = describe(meta, batches, size)
            train_answer(net, table, steps=answer_steps, training=self._training("answer"))
        else:
            net = start
        train_network(net, meta, steps=steps, size=size, training=self._training("network"))
        calibrate(net, meta)
        self._network = net.eval()
        return self

    @property
    def network(self) -> SetNetwork:
        """The network in use: the one of `fit`, or that of `weights`."""
        net = getattr(self, "_network", None)
        if net is None:
            net = self._network = _load(self.weights)
        return net

    def save(self, path: str | Path) -> None:
        """Write the weights in use to a safetensors file."""
        from adami.estimators._nets.checkpoints import save_tensors

        save_tensors(Path(path), self.network.state_dict(), {"mist": self.network.settings})

    def quantiles(self, x: Any, y: Any, levels: Sequence[float]) -> np.ndarray:
        """Return quantiles of the information, in nats, shape (len(levels),).

        Parameters
        ----------
        x, y : array of shape (n,) or (n, d)
        levels : sequence of float
            Between 0.01 and 0.99.
        """
        if not all(0.01 <= level <= 0.99 for level in levels):
            raise ValueError(f"levels={list(levels)}: the network answers between 0.01 and 0.99")
        known = self._read(variable(x, "x"), variable(y, "y"))[0]
        return self._between(known, np.asarray(levels, dtype=float))

    def differentiable(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the median answer for tensors, with gradients.

        Ranks have no derivative: gradients pass as if the normal scores were the standardised columns, which
        is exact in direction where the columns are near Gaussian.

        Parameters
        ----------
        x, y : tensor of shape (n, d)

        Returns
        -------
        tensor, scalar, in nats
        """
        from adami.estimators._nets.set_network import MIDDLE

        answer = self.network(_passed(x), _passed(y))[0, MIDDLE]
        return 0.5 * answer * answer.abs()

    def _information(self, x: Variable, y: Variable) -> Measurement:
        known, strangeness, blocks = self._read(x, y)
        net = self.network
        details = {"strangeness": strangeness, "blocks": blocks, "levels": _levels(), "quantiles": known}
        notes: tuple[Diagnostic, ...] = ()
        if strangeness > float(net.familiar):
            said = "the sample looks unlike those that the network learnt from: compare with method='ksg'"
            notes = (Diagnostic("out_of_meta", said, "warning", "unknown"),)

        def interval(confidence: float) -> tuple[float, float]:
            low, high = self._between(known, np.array([0.5 - confidence / 2, 0.5 + confidence / 2]))
            return float(low), float(high)

        value = float(self._between(known, np.array([0.5]))[0])
        return Measurement(
            value,
            interval=interval,
            interval_kind="quantile-regression",
            diagnostics=notes,
            details=details,
        )

    def _read(self, x: Variable, y: Variable) -> tuple[np.ndarray, float, int]:
        """Return the network's quantiles on its own scale, how strange the sample is, and pieces read."""
        import torch

        from adami.estimators._nets.fit import device_of, one_thread, to_tensor
        from adami.estimators._nets.sample_summary import summarize

        if x.n < LEAST_ROWS:
            raise ValueError(f"method 'mist' reads at least {LEAST_ROWS} rows, and there are {x.n}")
        blocks = [continuous_block(v, "normal_score") for v in (x, y)]
        for v, block in zip((x, y), blocks):
            if block.shape[1] > MOST_COLUMNS:
                raise ValueError(
                    f"{v} has {block.shape[1]} columns, and method 'mist' has learnt up to {MOST_COLUMNS}; "
                    "reduce them first, or use method='auto'"
                )
        net, device = self.network, device_of(self.device)
        net = net.to(device)
        pieces = -(-x.n // MOST_ROWS)
        order = np.arange(x.n)
        if pieces > 1:
            order = np.random.default_rng(self.random_state).permutation(x.n)
            blocks = [continuous_block(v, "none") for v in (x, y)]
        answers, strangeness = [], 0.0
        with torch.no_grad(), one_thread(self.device):
            for rows in np.array_split(order, pieces):
                parts = [to_tensor(_scores(b[rows]) if pieces > 1 else b, device)[None] for b in blocks]
                summary = summarize(*parts)
                embedding = net.embed(summary.tokens)
                answers.append(net.quantiles(summary.features, summary.gaussian, embedding)[0].cpu().numpy())
                strangeness = max(strangeness, float(net.strangeness(embedding)))
        return np.mean(answers, axis=0).astype(float), strangeness, pieces

    @staticmethod
    def _between(known: np.ndarray, levels: np.ndarray) -> np.ndarray:
        """Interpolate between the quantiles that the network gives, and turn them into nats."""
        roots = np.interp(levels, _levels(), known)
        return np.asarray(0.5 * roots * np.abs(roots))


def _levels() -> tuple[float, ...]:
    from adami.estimators._nets.set_network import LEVELS

    return LEVELS


def _scores(rows: np.ndarray) -> np.ndarray:
    from adami.estimators._common import normal_scores

    return normal_scores(rows)


def _passed(columns: Tensor) -> Tensor:
    """Return normal scores (1, n, d) whose gradients are those of standardised columns."""
    from adami.estimators._nets.fit import to_tensor

    if columns.ndim != 2 or len(columns) < LEAST_ROWS:
        raise ValueError(
            f"a tensor of at least {LEAST_ROWS} rows, shape (n, d), is needed, got {tuple(columns.shape)}"
        )
    columns = columns.float()
    spread = columns - columns.mean(0)
    standard = spread / spread.pow(2).mean(0).sqrt().clamp_min(1e-12)
    ranked = to_tensor(_scores(columns.detach().cpu().numpy()), columns.device)
    return (ranked + standard - standard.detach())[None]


def _load(weights: str | Path) -> SetNetwork:
    from adami.estimators._nets.checkpoints import load_tensors
    from adami.estimators._nets.set_network import SetNetwork

    path = SHIPPED if weights == "mist" else Path(weights)
    if not path.exists():
        raise FileNotFoundError(
            f"weights={str(weights)!r}: no such file; 'mist' names those that come with adami"
        )
    tensors, told = load_tensors(path)
    if "mist" not in told:
        raise ValueError(f"{path} holds no network of MIST; write one with MIST(...).fit(...).save(path)")
    net = SetNetwork(**told["mist"])
    net.load_state_dict(tensors)
    net.eval()
    return net
