"""The account of a training run: bits moved from data into a model, and what it had to learn."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from adami.exact._arrays import as_numpy
from adami.exact._capacity_laws import CapacityUnit, bits_per_unit, landauer_joules


@dataclass(frozen=True, slots=True, eq=False)
class LedgerCurve:
    """The account along training, one point for each update.

    Attributes
    ----------
    tokens : numpy.ndarray of int
        Tokens seen so far, each counted once.
    loss_bits : numpy.ndarray
        Mean loss of those tokens, each taken when it was seen first.
    eta : numpy.ndarray
        Information per bit of parameters.
    """

    tokens: np.ndarray
    loss_bits: np.ndarray
    eta: np.ndarray


class InformationLedger:
    """Count the bits that training moves from data into a model, ``eta N = D (H - L)``.

    Parameters
    ----------
    n_params : int
        Number of parameters.
    bits_per_param : float
        Bits of each; their product is N.
    vocab_size : int, optional
        Number of different tokens. It sets `H` when that is not given: a model that knows nothing spreads
        its guess evenly.
    H : float, optional
        Entropy of a token without a model, in `unit`; the loss of an untrained model is near it. A model that
        was trained before does not show it.
    unit : {"bits", "nats", "paper"}
        Unit of `H` and of the losses. ``"paper"`` sets nats next to bits of parameters as the paper does;
        every name that says bits then holds nats.

    Raises
    ------
    ValueError
        If a size is not positive, or neither `vocab_size` nor `H` is given.

    Warns
    -----
    UserWarning
        When `eta` rises above 1: then what was predicted cannot all sit in the parameters.

    Notes
    -----
    The account is an identity that defines `eta`: it counts what was predicted, over and over, not what was
    learnt. What was learnt is the regret, `regret_bits`: the losses while learning less those of the model
    that came out. It grows with the logarithm of the tokens, see `parametric_regret_bits`.

    References
    ----------
    H. An, Y. Song and X. Li, "Physics in Next-token Prediction", 2024; paper 114 of adami's register.

    Examples
    --------
    >>> from adami.exact import InformationLedger
    >>> ledger = InformationLedger(n_params=1000, bits_per_param=16, vocab_size=256)
    >>> ledger.update([8.0, 6.0, 5.0, 5.0])
    >>> ledger.tokens, ledger.loss_bits, ledger.transferred_bits, ledger.eta
    (4, 6.0, 8.0, 0.0005)
    >>> ledger.regret_bits([4.0, 4.0, 4.0, 4.0])
    8.0
    """

    def __init__(
        self,
        n_params: int,
        bits_per_param: float,
        vocab_size: int | None = None,
        H: float | None = None,
        unit: CapacityUnit = "bits",
    ) -> None:
        self._scale = bits_per_unit(unit)
        if not (n_params > 0 and 0 < bits_per_param < math.inf):
            raise ValueError(f"n_params={n_params}, bits_per_param={bits_per_param}: sizes are positive")
        if vocab_size is not None and not vocab_size >= 2:
            raise ValueError(f"vocab_size={vocab_size}: tokens that tell anything are at least two")
        if H is None and vocab_size is None:
            raise ValueError("give vocab_size, or H: the loss of the untrained model is near it")
        if H is not None and not 0 <= H < math.inf:
            raise ValueError(f"H={H}: the entropy of a token is finite and not negative")
        self.n_params = n_params
        self.bits_per_param = bits_per_param
        self.vocab_size = vocab_size
        self.unit = unit
        if H is not None:
            self.H_bits = H * self._scale
        elif vocab_size is not None:
            self.H_bits = math.log(vocab_size) if unit == "paper" else math.log2(vocab_size)
        self.tokens = 0
        self.repeated_tokens = 0
        self._sums: list[float] = []
        self._counts: list[int] = []
        self._warned = False

    def update(self, losses: Any, tokens: int | None = None, *, repeated: bool = False) -> None:
        """Enter losses that were measured before the model learnt from those tokens.

        Parameters
        ----------
        losses : array of shape (n_tokens,), or float with `tokens`
            The loss of each token, or the mean loss of so many, in the ledger's unit.
        tokens : int, optional
            How many tokens a single mean loss stands for.
        repeated : bool
            Whether the model saw these tokens in an earlier epoch. They are counted apart: they bring nothing
            new, and the account would grow without bound.

        Raises
        ------
        ValueError
            If a loss is not finite or negative, or the number of tokens is unclear.
        """
        values = _numbers(losses)
        if values.ndim == 0:
            if tokens is None or tokens < 1:
                raise ValueError(f"tokens={tokens}: say how many tokens a single mean loss stands for")
            total, count = float(values) * tokens, int(tokens)
        else:
            if tokens is not None:
                raise ValueError(
                    "tokens belongs to a single mean loss: an array holds the loss of each token"
                )
            total, count = math.fsum(values.ravel().tolist()), values.size
        if not count:
            raise ValueError("losses is empty: give the loss of at least one token")
        if repeated:
            self.repeated_tokens += count
            return
        self._sums.append(total * self._scale)
        self._counts.append(count)
        self.tokens += count
        if self.eta > 1 and not self._warned:
            self._warned = True
            warnings.warn(_ABOVE_ONE.format(eta=self.eta), stacklevel=2)

    @property
    def parameter_bits(self) -> float:
        """Size of the parameters in bits, N."""
        return self.n_params * self.bits_per_param

    @property
    def code_bits(self) -> float:
        """Length of the code that the model gave the tokens as it learnt, ``D L``."""
        return math.fsum(self._sums)

    @property
    def loss_bits(self) -> float:
        """Mean loss of the tokens, L; NaN before the first."""
        return self.code_bits / self.tokens if self.tokens else math.nan

    @property
    def transferred_bits(self) -> float:
        """What the model saved over knowing nothing, ``D (H - L)``."""
        return self.tokens * self.H_bits - self.code_bits

    @property
    def eta(self) -> float:
        """Information per bit of parameters; negative where the model does worse than knowing nothing."""
        return self.transferred_bits / self.parameter_bits

    @property
    def eta_max(self) -> float:
        """The largest value that `eta` had after an update, and 0 at the start."""
        return float(max(0.0, *self.curve().eta.tolist(), 0.0))

    @property
    def diagnostics(self) -> tuple[str, ...]:
        """What has to be known about the numbers as they stand."""
        found = []
        if self.eta > 1:
            found.append(_ABOVE_ONE.format(eta=self.eta))
        if self.eta < 0:
            found.append(
                f"the loss {self.loss_bits:.4g} is above H = {self.H_bits:.4g}: the model does worse than "
                "knowing nothing, and eta is negative"
            )
        if self.repeated_tokens:
            found.append(f"{self.repeated_tokens:,} repeated tokens are left out of the account")
        if self.unit == "paper":
            found.append(
                "H and L are nats set next to bits of parameters: in bits eta is 1.44 times as large"
            )
        return tuple(found)

    def landauer_joules(self, T: float = 300.0) -> float:
        """Return the least energy in joules that writing the transferred bits takes at T kelvin."""
        return landauer_joules(self.transferred_bits, T)

    def regret_bits(self, final_losses: Any) -> float:
        """Return what was learnt: the losses while learning less those of a fixed model on the same tokens.

        Parameters
        ----------
        final_losses : array, shape (n_tokens,), or float
            Losses of the final model, or of the true source, on the tokens of the account, in the ledger's
            unit; or their mean.

        Returns
        -------
        float
            In bits.

        Raises
        ------
        ValueError
            If there are not as many losses as tokens, or one is not finite or negative.
        """
        values = _numbers(final_losses)
        if values.ndim and values.size != self.tokens:
            raise ValueError(
                f"final_losses has {values.size} entries, but the account has {self.tokens} tokens"
            )
        total = math.fsum(values.ravel().tolist()) if values.ndim else float(values) * self.tokens
        return self.code_bits - total * self._scale

    def curve(self) -> LedgerCurve:
        """Return the account along training: tokens, mean loss and `eta` after each update."""
        tokens = np.cumsum(np.array(self._counts, dtype=np.int64))
        code = np.cumsum(np.array(self._sums, dtype=float))
        return LedgerCurve(tokens, code / tokens, (tokens * self.H_bits - code) / self.parameter_bits)

    def __repr__(self) -> str:
        return (
            f"InformationLedger(tokens={self.tokens}, loss_bits={self.loss_bits:.4g}, "
            f"H_bits={self.H_bits:.4g}, transferred_bits={self.transferred_bits:.6g}, eta={self.eta:.4g})"
        )


class LedgerCallback:
    """Keep a ledger from inside a training loop: call it with the loss of every step.

    Parameters
    ----------
    ledger : InformationLedger
    loss_unit : {"nats", "bits"}
        Unit of the losses that the loop gives; PyTorch's cross-entropy is in nats. They are converted to the
        ledger's unit.

    Examples
    --------
    >>> from adami.exact import InformationLedger, LedgerCallback
    >>> keep = LedgerCallback(InformationLedger(1000, 32, vocab_size=50257, unit="nats"))
    >>> keep(9.7, tokens=1024)["tokens"]
    1024
    >>> keep.end_epoch()
    >>> keep(9.1, tokens=1024)["repeated_tokens"]
    1024
    """

    def __init__(self, ledger: InformationLedger, *, loss_unit: Literal["nats", "bits"] = "nats") -> None:
        if loss_unit not in ("nats", "bits"):
            raise ValueError(f"loss_unit={loss_unit!r} is unknown: a loop's losses are in 'nats' or 'bits'")
        own = "bits" if ledger.unit == "bits" else "nats"
        self.ledger = ledger
        self.epoch = 0
        self._factor = {("nats", "bits"): 1 / math.log(2), ("bits", "nats"): math.log(2)}.get(
            (loss_unit, own), 1.0
        )

    def __call__(self, loss: Any, tokens: int | None = None) -> dict[str, float]:
        """Enter the loss of a step, taken before the optimizer's update, and return numbers to log.

        Parameters
        ----------
        loss : float, array or tensor
            The mean loss of the step's predicted tokens, or the loss of each.
        tokens : int, optional
            How many tokens a mean loss stands for; padding and what is not predicted do not count.

        Returns
        -------
        dict of str to float
        """
        self.ledger.update(_numbers(loss) * self._factor, tokens, repeated=self.epoch > 0)
        return {
            "tokens": self.ledger.tokens,
            "repeated_tokens": self.ledger.repeated_tokens,
            "loss_bits": self.ledger.loss_bits,
            "transferred_bits": self.ledger.transferred_bits,
            "eta": self.ledger.eta,
            "landauer_joules": self.ledger.landauer_joules(),
        }

    def end_epoch(self) -> None:
        """Say that the data begin again: what follows is no longer new."""
        self.epoch += 1


def _numbers(values: Any) -> np.ndarray:
    """Return losses as an array, from a tensor that may hold a gradient too."""
    array = as_numpy(values).astype(float)
    if not (np.isfinite(array) & (array >= 0)).all():
        raise ValueError(
            "losses holds values that are not finite or negative: no token has such a code length"
        )
    return array


_ABOVE_ONE = (
    "eta is {eta:.3g} bits for each bit of parameters, and above 1 the parameters cannot hold them all: the "
    "account counts what was predicted; regret_bits tells what was learnt"
)
