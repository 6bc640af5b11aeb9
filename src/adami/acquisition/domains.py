"""What a query or an answer may be: domains that check, draw and tell values apart."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


class Domain:
    """A set of values: `check` refuses what is outside and returns the value in its plain form.

    Examples
    --------
    >>> from adami.acquisition.domains import Whole
    >>> Whole(3).check(np.int64(2), "arm")
    2
    """

    def check(self, value: Any, what: str) -> Any:
        """Return the plain form of a value, or raise ValueError naming `what` and the cause."""
        raise NotImplementedError

    def sample(self, rng: np.random.Generator) -> Any:
        """Return some value of the domain."""
        raise NotImplementedError

    def same(self, a: Any, b: Any) -> bool:
        """Tell whether two checked values are equal."""
        return bool(np.array_equal(a, b)) if isinstance(a, np.ndarray) else bool(a == b)


@dataclass(frozen=True)
class Anything(Domain):
    """No restriction: a policy checks the value by itself."""

    def check(self, value: Any, what: str) -> Any:
        return value

    def sample(self, rng: np.random.Generator) -> Any:
        return int(rng.integers(2))


@dataclass(frozen=True)
class Choice(Domain):
    """One of a list.

    Parameters
    ----------
    options : sequence of hashable
    """

    options: tuple[Hashable, ...]

    def __init__(self, options: Sequence[Hashable]) -> None:
        if not options:
            raise ValueError("a choice needs at least one option")
        object.__setattr__(self, "options", tuple(options))

    def check(self, value: Any, what: str) -> Any:
        plain = value.item() if isinstance(value, np.generic) else value
        if isinstance(plain, Hashable) and plain in self.options:
            # 1 == True == 1.0: the listed one is meant
            return self.options[self.options.index(plain)]
        shown = ", ".join(repr(o) for o in self.options[:8]) + (", ..." if len(self.options) > 8 else "")
        raise ValueError(f"{what} {value!r} is none of {shown}")

    def sample(self, rng: np.random.Generator) -> Any:
        return self.options[int(rng.integers(len(self.options)))]


@dataclass(frozen=True)
class Whole(Domain):
    """A whole number from `low` (0) to below `high`.

    Parameters
    ----------
    high : int
    low : int
    """

    high: int
    low: int = 0

    def check(self, value: Any, what: str) -> int:
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool | np.bool_)
        if not whole or not self.low <= value < self.high:
            raise ValueError(f"{what} {value!r} is no whole number from {self.low} to {self.high - 1}")
        return int(value)

    def sample(self, rng: np.random.Generator) -> int:
        return int(rng.integers(self.low, self.high))


@dataclass(frozen=True)
class Real(Domain):
    """A finite number between `low` and `high`, ends included.

    Parameters
    ----------
    low, high : float
    """

    low: float = -math.inf
    high: float = math.inf

    def check(self, value: Any, what: str) -> float:
        number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
        if not number or not math.isfinite(value) or not self.low <= value <= self.high:
            raise ValueError(f"{what} {value!r} is no finite number from {self.low:g} to {self.high:g}")
        return float(value)

    def sample(self, rng: np.random.Generator) -> float:
        return _within(rng, self.low, self.high, ())[()].item()  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Reals(Domain):
    """An array of finite numbers between `low` and `high`.

    Parameters
    ----------
    shape : tuple of int
        -1 for any length.
    low, high : float
    """

    shape: tuple[int, ...]
    low: float = -math.inf
    high: float = math.inf

    def check(self, value: Any, what: str) -> np.ndarray:
        try:
            array = np.array(value, dtype=float)
        except (TypeError, ValueError):
            raise ValueError(f"{what} {value!r} is no array of numbers") from None
        fits = array.ndim == len(self.shape) and all(
            b in (-1, a) for a, b in zip(array.shape, self.shape, strict=True)
        )
        if not fits:
            raise ValueError(f"{what} has shape {array.shape}, not {self.shape}")
        if not np.isfinite(array).all() or (array < self.low).any() or (array > self.high).any():
            raise ValueError(
                f"{what} has values that are not finite numbers from {self.low:g} to {self.high:g}"
            )
        return array

    def sample(self, rng: np.random.Generator) -> np.ndarray:
        return _within(rng, self.low, self.high, tuple(max(s, 1) for s in self.shape))


@dataclass(frozen=True)
class Subset(Domain):
    """Some different whole numbers below `n`, as a sorted tuple.

    Parameters
    ----------
    n : int
    at_least, at_most : int
    """

    n: int
    at_least: int = 1
    at_most: int | None = None

    def check(self, value: Any, what: str) -> tuple[int, ...]:
        try:
            members = sorted(Whole(self.n).check(v, what) for v in value)
        except TypeError:
            raise ValueError(f"{what} {value!r} is no set of whole numbers") from None
        most = self.n if self.at_most is None else self.at_most
        if len(set(members)) != len(members) or not self.at_least <= len(members) <= most:
            raise ValueError(f"{what} {value!r}: {self.at_least} to {most} different numbers are wanted")
        return tuple(members)

    def sample(self, rng: np.random.Generator) -> tuple[int, ...]:
        most = self.n if self.at_most is None else self.at_most
        size = int(rng.integers(self.at_least, most + 1))
        return tuple(sorted(int(i) for i in rng.choice(self.n, size, replace=False)))


@dataclass(frozen=True)
class Text(Domain):
    """Words: any string that is not blank."""

    def check(self, value: Any, what: str) -> str:
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f"{what} {value!r} is no text")
        return value.strip()

    def sample(self, rng: np.random.Generator) -> str:
        return f"word {int(rng.integers(10**6))}"


@dataclass(frozen=True)
class Product(Domain):
    """A tuple of values, each of its own domain.

    Parameters
    ----------
    parts : sequence of Domain
    """

    parts: tuple[Domain, ...]

    def __init__(self, parts: Sequence[Domain]) -> None:
        object.__setattr__(self, "parts", tuple(parts))

    def check(self, value: Any, what: str) -> tuple[Any, ...]:
        if not isinstance(value, tuple | list) or len(value) != len(self.parts):
            raise ValueError(f"{what} {value!r} is no tuple of {len(self.parts)} values")
        return tuple(p.check(v, f"{what}, part {i}:") for i, (p, v) in enumerate(zip(self.parts, value)))

    def sample(self, rng: np.random.Generator) -> tuple[Any, ...]:
        return tuple(p.sample(rng) for p in self.parts)

    def same(self, a: Any, b: Any) -> bool:
        return all(p.same(x, y) for p, x, y in zip(self.parts, a, b, strict=True))


def _within(rng: np.random.Generator, low: float, high: float, shape: tuple[int, ...]) -> np.ndarray:
    if math.isfinite(low) and math.isfinite(high):
        return np.asarray(rng.uniform(low, high, shape))
    if math.isfinite(low):
        return np.asarray(low + rng.exponential(size=shape))
    if math.isfinite(high):
        return np.asarray(high - rng.exponential(size=shape))
    return np.asarray(rng.normal(size=shape))
