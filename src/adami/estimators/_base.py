"""What all estimators share: parameters as in scikit-learn, checked variables in, one Estimate out."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np

from adami.result import Bound, Diagnostic, Estimate
from adami.variables import Variable, variable


@dataclass(frozen=True, slots=True)
class Measurement:
    """What an estimator's own formula gives, before it becomes an Estimate.

    Parameters
    ----------
    value : float
        In nats.
    standard_error : float, optional
        Analytic standard error, where the method has one for free; it becomes a normal interval.
    interval : callable, optional
        ``interval(confidence) -> (low, high)``, where the method has a better one than the normal.
    interval_kind : str
        How the interval was made.
    p_value : float, optional
        Analytic p-value of independence, where the method has one.
    pointwise : numpy.ndarray, optional
        Shape ``(n,)``; its mean is `value`.
    diagnostics : tuple of Diagnostic
    details : mapping
        Numbers worth telling.
    """

    value: float
    standard_error: float | None = None
    interval: Any = None
    interval_kind: str = "analytic"
    p_value: float | None = None
    pointwise: np.ndarray | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


class Estimator:
    """Base of all estimators.

    A member stores its parameters in ``__init__`` and nothing else, and overrides those of `_entropy`,
    `_information` and `_conditional` that it can do. They receive checked variables of equal length.
    """

    name: ClassVar[str]
    """Short name, as in ``method="ksg"``."""
    measure: ClassVar[str] = "shannon"
    bound: ClassVar[Bound] = "none"
    takes: ClassVar[frozenset[str]] = frozenset({"continuous", "discrete", "mixed"})
    """Kinds that x and y may have."""
    takes_given: ClassVar[frozenset[str] | None] = None
    """Kinds that the condition may have, where they differ from `takes`."""

    def estimate(self, x: Any, y: Any = None, given: Any = None) -> Estimate:
        """Measure the information between x and y, or the entropy of x.

        Parameters
        ----------
        x : array of shape (n,) or (n, d_x), list, series, frame or tensor
        y : same, optional
            Without it the entropy of x is returned.
        given : same, optional
            Condition: I(X;Y|Z), or H(X|Z) without y.

        Returns
        -------
        Estimate
            Value in nats.

        Raises
        ------
        ValueError
            For missing or infinite values, unequal lengths, too few rows.
        TypeError
            If the method does not take variables of these kinds or does not offer this quantity.
        """
        slots = {"x": x, "y": y, "given": given}
        variables = {k: variable(v, k) for k, v in slots.items() if v is not None}
        return self._finish(variables, self._measure(**variables))

    def _measure(self, x: Variable, y: Variable | None = None, given: Variable | None = None) -> Measurement:
        """Check lengths and kinds and ask the formula that fits."""
        slots = [v for v in (x, y, given) if v is not None]
        if x.n < 2:
            raise ValueError(f"{x}: one row tells nothing; at least 2 rows are needed")
        if len({v.n for v in slots}) > 1:
            raise ValueError(f"unequal numbers of rows: {', '.join(f'{v} has {v.n}' for v in slots)}")
        for v in slots:
            kinds = self.takes_given if v is given and self.takes_given is not None else self.takes
            if v.kind not in kinds:
                raise TypeError(
                    f"method {self.name!r} takes {' or '.join(sorted(kinds))} variables, "
                    f"and {v} is {v.kind}; use method='auto', or override the kind with kinds="
                )
        if y is None:
            return self._entropy(x) if given is None else self._conditional_entropy(x, given)
        return self._information(x, y) if given is None else self._conditional(x, y, given)

    def _entropy(self, x: Variable) -> Measurement:
        raise TypeError(
            f"method {self.name!r} has no entropy; use 'kl' for numbers or 'miller_madow' for labels"
        )

    def _conditional_entropy(self, x: Variable, given: Variable) -> Measurement:
        raise TypeError(f"method {self.name!r} has no conditional entropy")

    def _information(self, x: Variable, y: Variable) -> Measurement:
        raise TypeError(f"method {self.name!r} measures one variable only; leave y out")

    def _conditional(self, x: Variable, y: Variable, given: Variable) -> Measurement:
        raise TypeError(
            f"method {self.name!r} has no conditional form; use 'mesner_shalizi' or 'frenzel_pompe'"
        )

    def _statistic(self, x: Variable, y: Variable, given: Variable | None = None) -> float:
        """The number that permutation tests compare; the same fixed function of the rows each time."""
        return self._measure(x, y, given).value

    def _shuffled_statistic(
        self, x: Variable, y: Variable, given: Variable | None = None
    ) -> Callable[[np.ndarray], float]:
        """Return a function: order of rows -> `_statistic` with y in that order (x, with a condition).

        Overridden where parts of the statistic do not depend on the order and can be kept.
        """
        if given is None:
            return lambda order: self._statistic(x, y.take(order))
        return lambda order: self._statistic(x.take(order), y, given)

    def _named(self, variables: Mapping[str, Variable]) -> str:
        """Return what was measured, in words; overridden by those that do not measure Shannon information."""
        return _quantity(variables)

    def _finish(
        self, variables: Mapping[str, Variable], m: Measurement, confidence: float = 0.95
    ) -> Estimate:
        interval = None
        if m.interval is not None:
            interval = m.interval(confidence)
        elif m.standard_error is not None:
            interval = normal_interval(m.value, m.standard_error, confidence)
        return Estimate(
            m.value,
            quantity=self._named(variables),
            method=self.name,
            n=variables["x"].n,
            kinds=tuple(v.kind for v in variables.values()),
            interval=interval,
            interval_kind=None if interval is None else m.interval_kind,
            confidence=confidence,
            p_value=m.p_value,
            measure=self.measure,
            bound=self.bound,
            pointwise=m.pointwise,
            diagnostics=m.diagnostics,
            details=m.details,
        )

    # -- scikit-learn's parameter protocol, without importing scikit-learn -------------------------------

    @classmethod
    def _parameter_names(cls) -> list[str]:
        if cls.__init__ is object.__init__:
            return []
        return sorted(p for p in inspect.signature(cls.__init__).parameters if p != "self")

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters given to ``__init__``."""
        out: dict[str, Any] = {}
        for name in self._parameter_names():
            value = getattr(self, name)
            out[name] = value
            if deep and hasattr(value, "get_params") and not isinstance(value, type):
                out.update({f"{name}__{k}": v for k, v in value.get_params().items()})
        return out

    def set_params(self, **params: Any) -> Self:
        """Change parameters; ``name__inner`` reaches into a parameter that is an estimator."""
        for key, value in params.items():
            name, _, inner = key.partition("__")
            if name not in self._parameter_names():
                raise ValueError(
                    f"{type(self).__name__} has no parameter {name!r}: {self._parameter_names()}"
                )
            if inner:
                getattr(self, name).set_params(**{inner: value})
            else:
                setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = {k: p.default for k, p in inspect.signature(type(self).__init__).parameters.items()}
        changed = {k: v for k, v in self.get_params(deep=False).items() if repr(v) != repr(defaults.get(k))}
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in changed.items())})"


def normal_interval(value: float, standard_error: float, confidence: float) -> tuple[float, float]:
    """Return value ± z·standard error at a confidence in (0, 1)."""
    from scipy.special import ndtri

    z = float(ndtri(0.5 + confidence / 2))
    return value - z * standard_error, value + z * standard_error


def _quantity(variables: Mapping[str, Variable]) -> str:
    if "y" in variables:
        return "conditional mutual information" if "given" in variables else "mutual information"
    differential = "differential " if variables["x"].kind != "discrete" else ""
    return f"conditional {differential}entropy" if "given" in variables else f"{differential}entropy"
