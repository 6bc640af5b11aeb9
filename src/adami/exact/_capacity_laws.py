"""Bits moved from data into a model: the account of one run, its energy, and what it asks of sizes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

CapacityUnit = Literal["bits", "nats", "paper"]

BOLTZMANN = 1.380649e-23
"""Joules per kelvin."""

_TOKENS_SCALE, _PARAMS_SCALE = 5.4e13, 8.8e13
"""Scales of the published power laws of the loss in tokens and in parameters."""


def bits_per_unit(unit: str) -> float:
    """Return the bits of a unit of loss; the paper counts nats as if they were bits."""
    if unit not in ("bits", "nats", "paper"):
        raise ValueError(
            f"unit={unit!r} is unknown: losses are in 'bits' or 'nats', or 'paper' for nats as bits"
        )
    return 1 / math.log(2) if unit == "nats" else 1.0


@dataclass(frozen=True, slots=True)
class CapacityAccount:
    """The five quantities of ``eta N = D (H - L)``.

    Attributes
    ----------
    eta : float
        Information per bit of parameters.
    N : float
        Size of the parameters in bits: their count times the bits of each.
    D : float
        Tokens of training, each counted once.
    H, L : float
        Entropy of a token without a model, and its mean cross-entropy in training, in `unit`.
    unit : {"bits", "nats", "paper"}
    """

    eta: float
    N: float
    D: float
    H: float
    L: float
    unit: CapacityUnit

    @property
    def transferred_bits(self) -> float:
        """What was moved into the model, ``eta N``."""
        return self.eta * self.N

    def landauer_joules(self, temperature: float = 300.0) -> float:
        """Return the least energy that writing it takes at a temperature in kelvin."""
        return landauer_joules(self.transferred_bits, temperature)


def solve_ic1(
    *,
    eta: float | None = None,
    N: float | None = None,
    D: float | None = None,
    H: float | None = None,
    L: float | None = None,
    unit: CapacityUnit = "bits",
) -> CapacityAccount:
    """Return the one of five quantities that is left out of ``eta N = D (H - L)``, with the others.

    Parameters
    ----------
    eta : float, optional
        Information per bit of parameters, in bits.
    N : float, optional
        Size of the parameters in bits: their count times the bits of each.
    D : float, optional
        Tokens of training.
    H, L : float, optional
        Entropy of a token without a model (about the loss of an untrained one), and mean cross-entropy.
    unit : {"bits", "nats", "paper"}
        Unit of `H` and `L`; ``"paper"`` sets nats next to bits as the paper does.

    Returns
    -------
    CapacityAccount

    Raises
    ------
    ValueError
        If not exactly one is left out, a size is not positive, or no positive size solves it.

    Notes
    -----
    The equation defines `eta`; that the bits sit in the parameters does not follow from it. A loss above `H`
    makes `eta` negative.

    References
    ----------
    H. An, Y. Song and X. Li, "Physics in Next-token Prediction", 2024; paper 114 of adami's register.

    Examples
    --------
    >>> from adami.exact import solve_ic1
    >>> plan = solve_ic1(eta=0.2, N=7e9 * 16, H=10.0, L=2.0)
    >>> plan.D, round(plan.landauer_joules() * 1e11, 2)
    (2800000000.0, 6.43)
    """
    scale = bits_per_unit(unit)
    known = {"eta": eta, "N": N, "D": D, "H": H, "L": L}
    missing = [name for name, value in known.items() if value is None]
    if len(missing) != 1:
        raise ValueError(
            f"leave out exactly one of eta, N, D, H and L: {', '.join(missing) or 'none'} left out"
        )
    values = {name: float(value) for name, value in known.items() if value is not None}
    for name, value in values.items():
        if not math.isfinite(value) or (name in "ND" and value <= 0):
            raise ValueError(
                f"{name}={value}: {'a size is positive' if name in 'ND' else 'give a finite number'}"
            )
    match missing[0]:
        case "eta":
            values["eta"] = values["D"] * (values["H"] - values["L"]) * scale / values["N"]
        case "N":
            gained = values["D"] * (values["H"] - values["L"]) * scale
            values["N"] = _positive(gained, values["eta"], "N")
        case "D":
            values["D"] = _positive(values["eta"] * values["N"], (values["H"] - values["L"]) * scale, "D")
        case "H":
            values["H"] = values["L"] + values["eta"] * values["N"] / (values["D"] * scale)
        case _:
            values["L"] = values["H"] - values["eta"] * values["N"] / (values["D"] * scale)
    return CapacityAccount(unit=unit, **values)


def _positive(above: float, below: float, name: str) -> float:
    if above == 0 or below == 0 or above * below < 0:
        raise ValueError(f"no positive {name} solves it: eta and H - L have to be of one sign and not 0")
    return above / below


def landauer_joules(bits: float, temperature: float = 300.0) -> float:
    """Return the least energy that writing bits takes, ``bits * k T log 2``.

    Parameters
    ----------
    bits : float
    temperature : float
        In kelvin.

    Returns
    -------
    float
        In joules.

    Raises
    ------
    ValueError
        If the temperature is not positive.

    References
    ----------
    H. An, Y. Song and X. Li, "Physics in Next-token Prediction", 2024; paper 114 of adami's register.

    Examples
    --------
    >>> from adami.exact import landauer_joules
    >>> round(landauer_joules(0.2 * 7e9 * 16) * 1e11, 2)
    6.43
    """
    if not 0 < temperature < math.inf:
        raise ValueError(f"temperature={temperature}: give kelvin, above 0")
    return bits * BOLTZMANN * temperature * math.log(2)


def quantization_ok(eta: float, b: float, b_new: float, *, eta_new: float = 1.0) -> bool:
    """Return whether parameters may shrink from `b` to `b_new` bits each without losing what they hold.

    Parameters
    ----------
    eta : float
        Information per bit of parameters now. Take it from `InformationLedger.regret_bits`: the account
        ``D (H - L) / N`` counts everything that was predicted, and is too large by far after many tokens.
    b, b_new : float
        Bits of a parameter now and then.
    eta_new : float
        Information per bit that can be reached then; at most 1.

    Returns
    -------
    bool
        Whether ``eta b <= eta_new b_new``. The condition is necessary; it promises no method that gets there.

    Raises
    ------
    ValueError
        If bits are not positive or `eta_new` is not above 0 and at most 1.

    References
    ----------
    H. An, Y. Song and X. Li, "Physics in Next-token Prediction", 2024; paper 114 of adami's register.

    Examples
    --------
    >>> from adami.exact import quantization_ok
    >>> quantization_ok(0.2, 16, 4), quantization_ok(0.2, 16, 3)
    (True, False)
    """
    if not (b > 0 and b_new > 0):
        raise ValueError(f"b={b} and b_new={b_new}: a parameter has a positive number of bits")
    if not 0 < eta_new <= 1:
        raise ValueError(f"eta_new={eta_new}: a bit holds at most a bit, and more than nothing")
    return eta * b <= eta_new * b_new


@dataclass(frozen=True, slots=True)
class ScalingCapacity:
    """What published scaling laws make of the account.

    Attributes
    ----------
    bits_per_token : float
        Bits of parameters that go with a token, ``N / D``.
    eta_low, eta_high : float
        Information per bit of parameters over the range of losses.
    """

    bits_per_token: float
    eta_low: float
    eta_high: float


def scaling_capacity(
    H: float = 10.0,
    losses: tuple[float, float] = (3.0, 7.0),
    *,
    bits_per_param: float = 16,
    unit: CapacityUnit = "nats",
) -> ScalingCapacity:
    """Return the information per bit of parameters that the scaling laws of language models imply.

    The laws ``L = (D / 5.4e13)**-0.095`` and ``L = (n / 8.8e13)**-0.076`` for `n` parameters are set equal as
    the paper does, base to base, which leaves the two exponents out of account.

    Parameters
    ----------
    H : float
        Entropy of a token without a model.
    losses : tuple of float
        Lowest and highest cross-entropy of the range.
    bits_per_param : float
    unit : {"nats", "bits", "paper"}
        Unit of `H` and `losses`. The laws are in nats; ``"paper"`` takes the same numbers for bits.

    Returns
    -------
    ScalingCapacity

    Raises
    ------
    ValueError
        If the losses are not in ascending order or the bits are not positive.

    References
    ----------
    H. An, Y. Song and X. Li, "Physics in Next-token Prediction", 2024; paper 114 of adami's register.

    Examples
    --------
    >>> from adami.exact import scaling_capacity
    >>> found = scaling_capacity(unit="paper")
    >>> round(found.bits_per_token, 2), round(found.eta_low, 3), round(found.eta_high, 3)
    (26.07, 0.115, 0.268)
    """
    low, high = losses
    if not (low <= high and bits_per_param > 0):
        raise ValueError(
            f"losses={losses}, bits_per_param={bits_per_param}: give a low and a high loss, and bits"
        )
    ratio = bits_per_param * _PARAMS_SCALE / _TOKENS_SCALE
    scale = bits_per_unit(unit)
    return ScalingCapacity(ratio, (H - high) * scale / ratio, (H - low) * scale / ratio)


def parametric_regret_bits(n_free: float, tokens: float) -> float:
    """Return the bits that learning a smooth family of laws takes to leading order, ``(k / 2) log2 D``.

    Parameters
    ----------
    n_free : float
        Free parameters of the family.
    tokens : float

    Returns
    -------
    float
        It grows by ``k / 2`` bits whenever the tokens double; constants are left out.

    Raises
    ------
    ValueError
        If `n_free` is negative or `tokens` below 1.

    Examples
    --------
    >>> from adami.exact import parametric_regret_bits
    >>> parametric_regret_bits(56, 2048) - parametric_regret_bits(56, 1024)
    28.0
    """
    if not (n_free >= 0 and tokens >= 1):
        raise ValueError(f"n_free={n_free}, tokens={tokens}: give no fewer than 0 parameters and 1 token")
    return n_free / 2 * math.log2(tokens)
