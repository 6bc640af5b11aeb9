"""Entropy rate of what a hidden Markov chain shows: exact where it has a closed form, enclosed elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from adami.exact._arrays import as_numpy, floats, in_base, unit_name, xlogy
from adami.exact.kernels import closed_classes, stationary
from adami.exact.pmf import as_kernel, as_pmf

FINEST = 1e-12
"""Beliefs that round to the same multiples of this are one from the start."""


@dataclass(frozen=True, slots=True)
class HiddenMarkovRate:
    """Entropy rate of a hidden Markov chain.

    Attributes
    ----------
    value : float
        The rate per symbol; the middle of the bounds where it is not exact.
    lower, upper : float
        Proven bounds up to rounding; equal to the value where it is exact.
    exact : bool
        Whether the value is a closed form.
    reason : str
        What makes it exact, or how the bounds ended: "met", "stalled" or "length".
    unit : str
        Unit of the value and the bounds.
    trace : tuple of (float, float)
        Best lower and upper bound after each further symbol.
    """

    value: float
    lower: float
    upper: float
    exact: bool
    reason: Literal["observed", "unifilar", "unifilar backwards", "met", "stalled", "length"]
    unit: str
    trace: tuple[tuple[float, float], ...]

    @property
    def length(self) -> int:
        """Number of past symbols that the bounds condition on."""
        return len(self.trace)


def hidden_markov_entropy_rate(
    transition: Any,
    emission: Any = None,
    *,
    base: float | None = None,
    tolerance: float = 1e-9,
    longest: int = 1000,
    beliefs: int = 50_000,
) -> HiddenMarkovRate:
    """Return the entropy rate of the symbols that a stationary hidden Markov chain emits.

    The rate is exact where the chain is observed, or where state and symbol determine the next state
    (unifilar), or the previous one. Otherwise it lies between ``H(next | past, first state)`` and
    ``H(next | past)``, which close in as the past grows. Pasts that leave the same belief about the state
    count as one; where there are more beliefs than `beliefs`, near ones are merged, and the lower bound pays
    for what the merged pasts told about the state, so that both stay bounds.

    Parameters
    ----------
    transition : array
        Shape (n_states, n_states): a Markov kernel, observed itself or through `emission`. Shape (n_symbols,
        n_states, n_states): ``transition[y, i, j]`` is the probability that state i emits y and goes to j.
    emission : array, shape (n_states, n_symbols), optional
        Kernel from a state to the symbol that it emits, with a transition matrix.
    base : float, optional
        Base of the logarithm; nats by default, 2 for bits.
    tolerance : float
        Distance of the bounds, in the unit asked for, at which to stop.
    longest : int
        Number of past symbols at which to stop.
    beliefs : int
        Number of beliefs to keep apart; more make the bounds tighter and the work longer.

    Returns
    -------
    HiddenMarkovRate

    Raises
    ------
    ValueError
        If an argument is not a kernel, sizes differ, or the chain has several stationary laws.

    References
    ----------
    T. M. Cover and J. A. Thomas, "Elements of information theory", 2006, section 4.5.
    J. P. Crutchfield and K. Young, "Inferring statistical complexity", 1989.

    Examples
    --------
    >>> from adami.exact import hidden_markov_entropy_rate
    >>> even = [[[0.5, 0.0], [0.0, 0.0]], [[0.0, 0.5], [1.0, 0.0]]]
    >>> found = hidden_markov_entropy_rate(even, base=2)
    >>> round(found.value, 6), found.exact, found.reason
    (0.666667, True, 'unifilar')
    >>> noisy = hidden_markov_entropy_rate([[0.9, 0.1], [0.2, 0.8]], [[0.95, 0.05], [0.1, 0.9]], base=2)
    >>> round(noisy.value, 6), noisy.upper - noisy.lower < 1e-9
    (0.722304, True)
    """
    for name, value, least in (("longest", longest, 1), ("beliefs", beliefs, 2)):
        if value < least:
            raise ValueError(f"{name}={value}: give at least {least}")
    if not tolerance > 0:
        raise ValueError(f"tolerance={tolerance}: give a positive distance of the bounds")
    machine, observed = _machine(transition, emission)
    moves = as_pmf(machine.sum(axis=0), axis=1, name="transition")
    law = np.asarray(stationary(moves))
    # states that the stationary chain never visits neither emit nor spoil a closed form
    kept = closed_classes(moves)[0]
    machine, law = machine[:, kept][:, :, kept], law[kept] / law[kept].sum()
    unit = unit_name(base)
    reason: Literal["observed", "unifilar", "unifilar backwards"] | None = None
    if observed:
        reason = "observed"
    elif _unifilar(machine):
        reason = "unifilar"
    elif _unifilar(_reversed(machine, law)):
        machine, reason = _reversed(machine, law), "unifilar backwards"
    if reason is not None:
        rate = float(in_base(_next_entropy(machine, np.eye(len(law)), law), base))
        return HiddenMarkovRate(rate, rate, rate, True, reason, unit, ())
    lower, upper, trace = 0.0, float("inf"), []
    ended: Literal["met", "stalled", "length"] = "length"
    from_above, from_below = _Past(machine, law[None, :], np.ones(1)), _Past(machine, np.eye(len(law)), law)
    for _ in range(longest):
        lower = max(lower, float(in_base(from_below.entropy() - from_below.forgot, base)))
        upper = min(upper, float(in_base(from_above.entropy(), base)))
        trace.append((lower, upper))
        if upper - lower <= tolerance:
            ended = "met"
            break
        if float(in_base(from_below.forgot, base)) > (upper - lower) / 2:
            ended = "stalled"
            break
        from_above.grow(beliefs)
        from_below.grow(beliefs)
    # equal bounds may cross by rounding
    low, high = min(lower, upper), max(lower, upper)
    return HiddenMarkovRate((low + high) / 2, low, high, False, ended, unit, tuple(trace))


def _machine(transition: Any, emission: Any) -> tuple[np.ndarray, bool]:
    """Return ``machine[y, i, j]``, and whether the symbol is the state."""
    moves = _numpy(transition, "transition")
    if moves.ndim == 3:
        if emission is not None:
            raise ValueError("transition has labels already: leave emission out, or give a transition matrix")
        if moves.shape[1] != moves.shape[2]:
            raise ValueError(
                f"transition has shape {moves.shape}: labelled, it is (n_symbols, n_states, n_states)"
            )
        return np.asarray(as_pmf(moves, axis=(0, 2), name="transition")), False
    kernel = np.asarray(as_kernel(moves, name="transition"))
    if kernel.shape[0] != kernel.shape[1]:
        raise ValueError(
            f"transition has shape {kernel.shape}: a chain goes from its states to the same states"
        )
    if emission is None:
        # the symbol is the state that the chain goes to
        return np.eye(len(kernel))[:, None, :] * kernel, True
    shown = np.asarray(as_kernel(_numpy(emission, "emission"), name="emission"))
    if len(shown) != len(kernel):
        raise ValueError(f"emission has {len(shown)} rows, but the chain has {len(kernel)} states")
    return shown.T[:, :, None] * kernel, False


def _numpy(values: Any, name: str) -> np.ndarray:
    _, array = floats(values, name=name)
    return as_numpy(array).astype(float)


def _unifilar(machine: np.ndarray) -> bool:
    return bool(np.all((machine > 0).sum(axis=2) <= 1))


def _reversed(machine: np.ndarray, law: np.ndarray) -> np.ndarray:
    return np.asarray((law[:, None] * machine).transpose(0, 2, 1) / law[:, None])


def _next_entropy(machine: np.ndarray, beliefs: np.ndarray, weights: np.ndarray) -> float:
    shown = beliefs @ machine.sum(axis=2).T
    return -float(weights @ xlogy(np, shown, shown).sum(axis=1))


class _Past:
    """Beliefs about the state after all pasts of one length, and their probabilities."""

    def __init__(self, machine: np.ndarray, beliefs: np.ndarray, weights: np.ndarray) -> None:
        self._machine, self._beliefs, self._weights = machine, beliefs, weights
        self._grid, self._keeps = FINEST, _keeps(machine)
        self.forgot = 0.0
        """How much merging pasts has raised the entropy at most, in nats."""

    def entropy(self) -> float:
        """Return the entropy of the next symbol given the past."""
        return _next_entropy(self._machine, self._beliefs, self._weights)

    def grow(self, most: int) -> None:
        """Let one more symbol be seen, and merge beliefs where there are more than `most`."""
        states = self._beliefs.shape[1]
        moved = np.einsum("bi,yij->byj", self._beliefs, self._machine).reshape(-1, states)
        shares = moved.sum(axis=1)
        likely = shares > 0
        fine = moved[likely] / shares[likely, None]
        mass = (np.repeat(self._weights, len(self._machine)) * shares)[likely]
        mass = mass / mass.sum()
        group, self._grid = _near(fine, self._grid, most)
        self._weights = np.bincount(group, weights=mass)
        sums = [np.bincount(group, weights=mass * column) for column in fine.T]
        self._beliefs = np.stack(sums, axis=1) / self._weights[:, None]
        mean = self._beliefs[group]
        ratio = np.divide(fine, mean, out=np.ones_like(fine), where=fine > 0)
        # what a merged past tells of the present state bounds what it tells of the future, and of what was
        # forgotten before, each further step keeps a share only
        loss = max(float(mass @ xlogy(np, fine, ratio).sum(axis=1)), 0.0)
        self.forgot = self._keeps * self.forgot + loss


def _near(fine: np.ndarray, grid: float, most: int) -> tuple[np.ndarray, float]:
    """Return the group of each belief on the finest grid from `grid` on that leaves few enough groups."""
    while True:
        # the last probability follows from the others
        steps = np.rint(fine[:, :-1] / grid)
        order = np.lexsort(steps.T) if steps.shape[1] else np.arange(len(fine))
        new = np.any(np.diff(steps[order], axis=0) != 0, axis=1)
        numbers = np.concatenate([[0], np.cumsum(new)])
        if numbers[-1] < most:
            group = np.empty(len(fine), dtype=np.int64)
            group[order] = numbers
            return group, grid
        grid *= 2


def _keeps(machine: np.ndarray) -> float:
    """Return the share of information about a state that one step keeps at most, whatever is seen later.

    Rows of a positive matrix whose ratios differ by factors of at most ``exp(d)`` stay within ``tanh(d / 4)``
    of each other in total variation, however columns and rows are scaled (Birkhoff), and no more than that
    share of any information passes (Dobrushin).
    """
    keeps = 0.0
    for step in machine:
        positive = step[step.sum(axis=1) > 0][:, step.sum(axis=0) > 0]
        if np.any(positive <= 0):
            return 1.0
        logs = np.log(positive)
        ratios = logs[:, None, :] - logs[None, :, :]
        spread = float(np.max(np.ptp(ratios, axis=2), initial=0.0))
        keeps = max(keeps, float(np.tanh(spread / 4)))
    return keeps
