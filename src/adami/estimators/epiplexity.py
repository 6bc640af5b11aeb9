"""Structure that a learner with bounded compute finds in data, and the noise that it leaves."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from adami.estimators._code_lengths import code_points, curve_notes, naming_cost
from adami.estimators._neural import Callback, NeuralEstimator, Progress
from adami.estimators._token_rows import TokenRows, token_rows
from adami.estimators.epiplexity_frontier import CodePoint, Frontier, lower_frontier
from adami.result import Estimate

if TYPE_CHECKING:
    from torch import nn

    from adami.estimators._nets.token_codes import Codes
    from adami.estimators._nets.token_learner import Control, Recipe

Family = Literal["mlp", "gru", "transformer"]


@dataclass(frozen=True, slots=True)
class EpiplexityResult:
    """The two parts of a data set's information; all in nats.

    Parameters
    ----------
    S : Estimate
        Epiplexity: length of the model's code.
    H : Estimate
        Time-bounded entropy: length of the test tokens' code under that model.
    curve : numpy.ndarray, shape (steps, 2)
        Tokens seen, and loss a token before the model learnt from the step.
    frontier : Frontier
        All models at several moments of their training, and the best at each compute.
    readings : tuple of CodePoint
        The frontier at each of the budgets asked for.
    test_tokens : int
        Tokens that H counts.
    """

    S: Estimate
    H: Estimate
    curve: np.ndarray = field(repr=False)
    frontier: Frontier = field(repr=False)
    readings: tuple[CodePoint, ...] = ()
    test_tokens: int = 0
    unit: str = "nats"

    @property
    def total(self) -> float:
        """Length of the whole code, S + H."""
        return self.S + self.H

    @property
    def flags(self) -> frozenset[str]:
        """Machine-readable names of the diagnostics."""
        return self.S.flags

    def plot(self, ax: Any = None) -> Any:
        """Draw the learning curve and the area above its end; return the axes.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
        """
        from adami.estimators._code_plot import draw

        return draw(self, ax)


class Epiplexity(NeuralEstimator):
    """Split the information in a stream of tokens into learnable structure and time-bounded entropy.

    A network is trained once over the stream. What its predictions cost before it learns from each batch,
    beyond what they would have cost in the end, is structure; what the end costs is entropy to a learner of
    this size and time. Pseudo-random data is then all noise; deterministic data can be all structure.

    Parameters
    ----------
    method : {"prequential", "requential"}
        The area between the learning curve and its end: cheap, several times too long, in the right order
        within one recipe. Or a code that can be sent: a student learns only from samples of a teacher, each
        of which costs the divergence of the student's law from the teacher's.
    model : {"mlp", "gru", "transformer"} or callable
        Family of the network, or a factory ``(n_symbols, length, given_symbols, n_given) -> module`` whose
        ``forward(given, tokens)`` gives the logits of each token from those before it. A factory is seeded.
    width, depth : int, sequence of int or None
        Size of the network; several sizes are trained each, for the frontier.
    budgets : sequence of float, optional
        Operations at which the frontier is read; S and H are then those at the largest. Without, they are
        those of the whole stream (of the shortest code among several sizes).
    ema : float
        Time constant of the moving average of the weights, in steps.
    max_kl : float or None
        Requential: the teacher pauses while the last divergence a token is larger; nats.
    control : {"max_kl", "iso_loss"}
        Requential: the pauses, or resets of the teacher to the student at steps that grow by half, after
        which the teacher alone regains its loss.
    rigorous : bool
        Requential: whether the cost of naming each sample is added.
    reference : {"apart", "stream"}
        Prequential: whether the end of the curve is the final model's loss on rows kept apart, or on the
        stream itself.
    learning_rate : float
    warmup : int
        Steps until the full learning rate, constant from there.
    batch_size : int
        Rows of a step.
    length : int
        Tokens of a row, where the stream is one sequence.
    n_symbols : int, optional
        Size of the alphabet; by default the largest token and one.
    test_tokens : float, optional
        Tokens that H counts; by default those of the stream. With more of them, larger models pay.
    apart : float
        Share of the rows kept apart, evenly over the stream.
    epochs : int
        More than one inflates S by memory, and is flagged.
    looks : int
        Moments of each training at which the model is read, at evenly growing steps.
    device, random_state, progress, checkpoint, callback
        As in `NeuralEstimator`.

    Notes
    -----
    Values depend on the recipe: compare data sets under one recipe only. They are no Shannon information and
    refuse to be mixed with it.

    References
    ----------
    Finzi, Qiu, Jiang, Izmailov, Kolter and Wilson, "From Entropy to Epiplexity: Rethinking Information for
    Computationally Bounded Intelligence", 2026; paper 15 of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import Epiplexity
    >>> alternating = np.arange(2000).reshape(250, 8) % 2
    >>> found = Epiplexity(width=16, batch_size=10, warmup=5, ema=5, learning_rate=0.03).estimate(alternating)
    >>> found.S > found.H / 20 > 0, round(found.S + found.H == found.total)
    (True, 1)
    """

    name: ClassVar[str] = "epiplexity"
    measure: ClassVar[str] = "epiplexity"
    takes: ClassVar[frozenset[str]] = frozenset({"discrete"})

    def __init__(
        self,
        method: Literal["prequential", "requential"] = "prequential",
        model: Family | Callable[[int, int, int, int], nn.Module] = "mlp",
        width: int | Sequence[int] | None = None,
        depth: int | None = None,
        budgets: Sequence[float] | None = None,
        ema: float = 50,
        max_kl: float | None = 0.1,
        control: Control = "max_kl",
        rigorous: bool = False,
        reference: Literal["apart", "stream"] = "apart",
        learning_rate: float = 0.003,
        warmup: int = 100,
        batch_size: int = 64,
        length: int = 64,
        n_symbols: int | None = None,
        test_tokens: float | None = None,
        apart: float = 0.05,
        epochs: int = 1,
        looks: int = 10,
        device: str = "auto",
        random_state: int = 0,
        progress: Progress = None,
        checkpoint: str | Path | None = None,
        callback: Callback = None,
    ) -> None:
        self.method = method
        self.model = model
        self.width = width
        self.depth = depth
        self.budgets = budgets
        self.ema = ema
        self.max_kl = max_kl
        self.control = control
        self.rigorous = rigorous
        self.reference = reference
        self.learning_rate = learning_rate
        self.warmup = warmup
        self.batch_size = batch_size
        self.length = length
        self.n_symbols = n_symbols
        self.test_tokens = test_tokens
        self.apart = apart
        self.epochs = epochs
        self.looks = looks
        self.device = device
        self.random_state = random_state
        self.progress = progress
        self.checkpoint = checkpoint
        self.callback = callback

    def estimate(  # type: ignore[override]  # two numbers and their curve, where others give one
        self, x: Any, y: None = None, given: Any = None
    ) -> EpiplexityResult:
        """Measure a stream.

        Parameters
        ----------
        x : str, array of int, shape (n_tokens,) or (n_rows, length)
            The stream, in the order in which it is learnt. A row is a sequence of its own.
        y : None
            A stream has no second variable.
        given : array of int, shape (n_rows, n_given), optional
            Free input of each row: then it is S(X|given) and H(X|given).

        Returns
        -------
        EpiplexityResult

        Raises
        ------
        ValueError
            For tokens that are no whole numbers, too few rows, a setting out of its range, a training that
            diverges, or a teacher that hardly ever moves.
        """
        if y is not None:
            raise ValueError("epiplexity belongs to one stream; what is known of each row goes to given=")
        recipe = self._recipe()
        data = token_rows(x, given, self.length, self.n_symbols)
        learnt, apart = data.split(self.apart)
        test_tokens = data.tokens.size if self.test_tokens is None else self.test_tokens
        if not (test_tokens > 0 and math.isfinite(test_tokens)):
            raise ValueError(f"test_tokens={test_tokens}: a positive number of tokens")
        runs = [self._train(width, learnt, apart, recipe) for width in self._widths()]
        points = [code_points(self, codes, learnt, test_tokens) for codes in runs]
        frontier = lower_frontier([p for run in points for p in run])
        readings = tuple(frontier.at(budget) for budget in sorted(self.budgets or ()))
        ends = [run[-1] for run in points]
        best = readings[-1] if readings else min(ends, key=lambda p: p.total)
        chosen = runs[next(i for i, run in enumerate(points) if best in run)]
        return self._result(best, chosen, data, frontier, readings, test_tokens)

    def _recipe(self) -> Recipe:
        from adami.estimators._nets.token_learner import Recipe

        for name, value, known in (
            ("method", self.method, ("prequential", "requential")),
            ("control", self.control, ("max_kl", "iso_loss")),
            ("reference", self.reference, ("apart", "stream")),
        ):
            if value not in known:
                raise ValueError(f"{name}={value!r}: choose {known[0]!r} or {known[1]!r}")
        for name in ("batch_size", "epochs", "looks"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)}: at least 1")
        if not (self.ema > 0 and self.learning_rate >= 0 and 0 < self.apart <= 0.5 and self.warmup >= 0):
            raise ValueError(
                f"ema={self.ema}, learning_rate={self.learning_rate}, apart={self.apart}, "
                f"warmup={self.warmup}: ema is positive, apart lies between 0 and 0.5, the others are not "
                "negative"
            )
        if self.max_kl is not None and not self.max_kl > 0:
            raise ValueError(f"max_kl={self.max_kl}: a positive number of nats a token, or None")
        return Recipe(
            self.method == "requential",
            self.learning_rate,
            self.warmup,
            self.batch_size,
            self.ema,
            self.max_kl,
            self.control,
            self.epochs,
        )

    def _widths(self) -> Sequence[int | None]:
        return [*self.width] if isinstance(self.width, Sequence) else [self.width]

    def _train(self, width: int | None, learnt: TokenRows, apart: TokenRows, recipe: Recipe) -> Codes:
        from adami.estimators._nets.fit import seeded
        from adami.estimators._nets.token_codes import train
        from adami.estimators._nets.token_nets import made

        n_given = 0 if learnt.given is None else learnt.given.shape[1]
        shape = (learnt.n_symbols, learnt.tokens.shape[1], learnt.given_symbols, n_given)
        with seeded(self.random_state):
            network = made(self.model, shape, width, self.depth)
        tag = "stream" if width is None else f"width{width}"
        stream, kept = (learnt.tokens, learnt.given), (apart.tokens, apart.given)
        return train(network, stream, kept, self.looks, recipe, self._training(tag))

    def _result(
        self,
        best: CodePoint,
        codes: Codes,
        data: TokenRows,
        frontier: Frontier,
        readings: tuple[CodePoint, ...],
        test_tokens: float,
    ) -> EpiplexityResult:
        sizes = np.array([k for k, _ in codes.losses], dtype=float)
        curve = np.column_stack([sizes.cumsum(), [v / k for k, v in codes.losses]])
        last = codes.looks[-1]
        details = {
            "method": self.method,
            "compute": best.compute,
            "parameters": best.parameters,
            "tokens_trained": best.tokens,
            "test_tokens": test_tokens,
            "loss": best.noise / test_tokens,
            "teacher_loss": last[2],
            "prequential": sum(v for _, v in codes.losses) - sizes.sum() * last[2],
            "requential": sum(v for _, v in codes.messages) if codes.messages else None,
            "overhead": sum(naming_cost(v) for _, v in codes.messages) if codes.messages else None,
            "paused": codes.paused / (codes.paused + len(codes.losses)),
            "alone": codes.alone,
        }
        notes = (*data.notes, *curve_notes(curve, codes, best, self.epochs))

        def estimate(value: float, quantity: str) -> Estimate:
            return Estimate(
                value,
                quantity=quantity + (" given input" if data.given is not None else ""),
                method=self.method,
                n=len(data.tokens),
                kinds=("discrete",),
                measure=self.measure,
                diagnostics=notes,
                details=details,
            )

        return EpiplexityResult(
            estimate(best.structure, "epiplexity"),
            estimate(best.noise, "time-bounded entropy"),
            curve,
            frontier,
            readings,
            round(test_tokens),
        )
