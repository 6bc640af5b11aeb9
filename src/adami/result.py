"""The result of every measurement: a number in nats that knows how far it can be trusted."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, NoReturn

import numpy as np

LN2 = math.log(2.0)

Severity = Literal["note", "warning"]
Direction = Literal["low", "high", "unknown"]
Bound = Literal["none", "lower", "upper"]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing that a reader of the number should know.

    Parameters
    ----------
    flag : str
        Machine-readable name, such as ``"ties"``.
    message : str
        The same in words: what was seen, where, and what to do about it.
    severity : {"note", "warning"}
        A warning says that the number should not be taken at face value.
    direction : {"low", "high", "unknown"} or None
        The side on which the number is likely wrong; None when the flag does not bear on the value.
    """

    flag: str
    message: str
    severity: Severity = "note"
    direction: Direction | None = None

    def __str__(self) -> str:
        side = {"low": " (the value is likely too low)", "high": " (the value is likely too high)"}
        return f"{self.severity}: {self.message}{side.get(self.direction or '', '')}"


class Estimate(float):
    """A measured amount of information; it behaves as a float whose value is in nats.

    Arithmetic gives plain floats. Two estimates of different measures (Shannon information and another
    dependence) refuse to be added, subtracted or compared.

    Parameters
    ----------
    value : float
        The estimate in nats.
    quantity : str
        What was measured, such as ``"mutual information"``.
    method : str
        Name of the estimator.
    n : int
        Number of rows used.
    kinds : tuple of str
        Kind of each variable: ``"continuous"``, ``"discrete"`` or ``"mixed"``.
    interval : tuple of float, optional
        Lower and upper end in nats, at `confidence`.
    interval_kind : str, optional
        How the interval was made: ``"analytic"``, ``"subsample"``, ``"partition"``, ``"posterior"``.
    confidence : float
        Level of the interval.
    p_value : float, optional
        Probability of a value at least this large without any dependence.
    measure : str
        ``"shannon"``, or the name of another dependence measure.
    bound : {"none", "lower", "upper"}
        Whether the value bounds the truth in expectation.
    pointwise : numpy.ndarray, optional
        One value a row, shape ``(n,)``, in nats, where the method has one.
    diagnostics : tuple of Diagnostic
        What could be wrong, in words.
    details : mapping
        Numbers that the method wishes to tell, such as the candidates of the adaptive choice.

    Examples
    --------
    >>> from adami import Estimate
    >>> import math
    >>> one_bit = Estimate(math.log(2), quantity="entropy", method="plugin", n=4, kinds=("discrete",))
    >>> one_bit.bits
    1.0
    >>> one_bit
    Estimate(0.6931 nats, entropy, method='plugin', n=4)
    """

    quantity: str
    method: str
    n: int
    kinds: tuple[str, ...]
    interval: tuple[float, float] | None
    interval_kind: str | None
    confidence: float
    p_value: float | None
    measure: str
    bound: Bound
    pointwise: np.ndarray | None
    diagnostics: tuple[Diagnostic, ...]
    details: Mapping[str, Any]

    def __new__(
        cls,
        value: float,
        *,
        quantity: str = "mutual information",
        method: str = "",
        n: int = 0,
        kinds: tuple[str, ...] = (),
        interval: tuple[float, float] | None = None,
        interval_kind: str | None = None,
        confidence: float = 0.95,
        p_value: float | None = None,
        measure: str = "shannon",
        bound: Bound = "none",
        pointwise: np.ndarray | None = None,
        diagnostics: tuple[Diagnostic, ...] = (),
        details: Mapping[str, Any] | None = None,
    ) -> Estimate:
        self = super().__new__(cls, value)
        state = self.__dict__
        state["quantity"] = quantity
        state["method"] = method
        state["n"] = int(n)
        state["kinds"] = tuple(kinds)
        state["interval"] = None if interval is None else (float(interval[0]), float(interval[1]))
        state["interval_kind"] = interval_kind
        state["confidence"] = float(confidence)
        state["p_value"] = None if p_value is None else float(p_value)
        state["measure"] = measure
        state["bound"] = bound
        state["pointwise"] = pointwise
        state["diagnostics"] = tuple(diagnostics)
        state["details"] = MappingProxyType(dict(details or {}))
        return self

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"an Estimate does not change; use replace({name}=...) for a changed copy")

    @property
    def value(self) -> float:
        """The estimate in nats, as a plain float."""
        return float.__float__(self)

    @property
    def bits(self) -> float:
        """The estimate in bits."""
        return self.value / LN2

    @property
    def flags(self) -> frozenset[str]:
        """Machine-readable names of the diagnostics."""
        return frozenset(d.flag for d in self.diagnostics)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that speak against taking the number at face value."""
        return tuple(d for d in self.diagnostics if d.severity == "warning")

    @property
    def correlation(self) -> float:
        """The absolute correlation of two Gaussians that share this much: ``sqrt(1 - exp(-2 I))``."""
        return math.sqrt(-math.expm1(-2.0 * max(self.value, 0.0)))

    def replace(self, value: float | None = None, **changes: Any) -> Estimate:
        """Return a copy with some fields changed."""
        state = dict(self.__dict__)
        state.update(changes)
        return type(self)(self.value if value is None else value, **state)

    def with_diagnostics(self, *more: Diagnostic) -> Estimate:
        """Return a copy with further diagnostics, each flag and message once."""
        seen = dict.fromkeys((*self.diagnostics, *more))
        return self.replace(diagnostics=tuple(seen))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; `pointwise` is left out."""
        return {
            "value": _finite(self.value),
            "bits": _finite(self.bits),
            "unit": "nats",
            "quantity": self.quantity,
            "measure": self.measure,
            "method": self.method,
            "n": self.n,
            "kinds": list(self.kinds),
            "interval": None if self.interval is None else [_finite(v) for v in self.interval],
            "interval_kind": self.interval_kind,
            "confidence": self.confidence,
            "p_value": self.p_value,
            "bound": self.bound,
            "diagnostics": [
                {"flag": d.flag, "message": d.message, "severity": d.severity, "direction": d.direction}
                for d in self.diagnostics
            ],
            "details": _plain(self.details),
        }

    # -- what a float does -------------------------------------------------------------------------------

    def _same_measure(self, other: object) -> None:
        if isinstance(other, Estimate) and other.measure != self.measure:
            raise TypeError(
                f"a {self.measure!r} value and a {other.measure!r} value are different measures of "
                "dependence and cannot be mixed; use float() on both if you mean it"
            )

    def __add__(self, other: float) -> float:
        self._same_measure(other)
        return float.__add__(self, other)

    def __radd__(self, other: float) -> float:
        self._same_measure(other)
        return float.__radd__(self, other)

    def __sub__(self, other: float) -> float:
        self._same_measure(other)
        return float.__sub__(self, other)

    def __rsub__(self, other: float) -> float:
        self._same_measure(other)
        return float.__rsub__(self, other)

    def __lt__(self, other: float) -> bool:
        self._same_measure(other)
        return float.__lt__(self, other)

    def __le__(self, other: float) -> bool:
        self._same_measure(other)
        return float.__le__(self, other)

    def __gt__(self, other: float) -> bool:
        self._same_measure(other)
        return float.__gt__(self, other)

    def __ge__(self, other: float) -> bool:
        self._same_measure(other)
        return float.__ge__(self, other)

    __eq__ = float.__eq__
    __hash__ = float.__hash__

    def __reduce__(self) -> tuple[Any, ...]:
        state = dict(self.__dict__)
        state["details"] = dict(state["details"])
        return _rebuild, (self.value, state)

    def __repr__(self) -> str:
        parts = [f"{self.value:.4f} nats", self.quantity]
        if self.measure != "shannon":
            parts.append(f"measure={self.measure!r}")
        if self.interval is not None:
            low, high = self.interval
            parts.append(f"{self.confidence:.0%} interval [{low:.4f}, {high:.4f}]")
        if self.p_value is not None:
            parts.append(f"p={self.p_value:.2g}")
        parts.append(f"method={self.method!r}, n={self.n}")
        if self.warnings:
            parts.append("warnings: " + ", ".join(d.flag for d in self.warnings))
        return f"Estimate({', '.join(parts)})"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(self.value, spec) if spec else repr(self)

    def _repr_html_(self) -> str:
        rows = [("value", f"<b>{self.value:.4f}</b> nats = {self.bits:.4f} bits")]
        if self.interval is not None:
            low, high = self.interval
            rows.append((f"{self.confidence:.0%} interval", f"{low:.4f} to {high:.4f}"))
        if self.p_value is not None:
            rows.append(("p-value", f"{self.p_value:.3g}"))
        rows.append(("method", html.escape(self.method)))
        rows.append(("rows", f"{self.n:,}"))
        if self.kinds:
            rows.append(("kinds", html.escape(", ".join(self.kinds))))
        body = "".join(f"<tr><th style='text-align:left'>{k}</th><td>{v}</td></tr>" for k, v in rows)
        notes = "".join(f"<li>{html.escape(str(d))}</li>" for d in self.diagnostics)
        notes = f"<ul>{notes}</ul>" if notes else ""
        return f"<table><caption>{html.escape(self.quantity)}</caption>{body}</table>{notes}"


def _rebuild(value: float, state: dict[str, Any]) -> Estimate:
    return Estimate(value, **state)


def _finite(value: float) -> float | str:
    """JSON has no infinity; say it in words rather than write invalid JSON."""
    return float(value) if math.isfinite(value) else str(float(value))


def _plain(value: Any) -> Any:
    """Turn NumPy scalars, arrays and mappings into what JSON knows."""
    if isinstance(value, Estimate):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(v) for v in value]
    if isinstance(value, np.ndarray):
        return [_plain(v) for v in value.tolist()]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        return _finite(value)
    return value
