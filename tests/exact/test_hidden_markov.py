"""Entropy rates of hidden Markov chains: closed forms, enumeration of words, bounds that enclose."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from adami.exact import binary_entropy, entropy, entropy_rate, hidden_markov_entropy_rate, stationary
from adami.exact.hidden_markov import _keeps

SLOW = [[0.9, 0.1], [0.2, 0.8]]
NOISE = [[0.95, 0.05], [0.1, 0.9]]
GOLDEN = [[[0.0, 0.5], [0.0, 0.0]], [[0.5, 0.0], [1.0, 0.0]]]
# a state forgets which way it was left: no finite set of beliefs
NONUNIFILAR = [[[0.5, 0.5], [0.0, 0.5]], [[0.0, 0.0], [0.5, 0.0]]]


def machine_of(kernel: object, shown: object) -> np.ndarray:
    return np.asarray(shown).T[:, :, None] * np.asarray(kernel)


def words(machine: np.ndarray, length: int) -> tuple[float, float]:
    """Return H(next | first state, past) and H(next | past) by enumerating all words."""
    law = stationary(machine.sum(axis=0))
    block, known = [], []
    for n in (length, length + 1):
        after = []
        for word in product(range(len(machine)), repeat=n):
            step = np.eye(len(law))
            for y in word:
                step = step @ machine[y]
            after.append(step.sum(axis=1))
        rows = np.array(after).T
        block.append(float(entropy(law @ rows)))
        known.append(float(law @ entropy(rows, axis=1)))
    return known[1] - known[0], block[1] - block[0]


def test_an_observed_chain_is_exact_either_way() -> None:
    rate = float(entropy_rate(SLOW))
    assert hidden_markov_entropy_rate(SLOW).value == pytest.approx(rate)
    assert hidden_markov_entropy_rate(SLOW).reason == "observed"
    shown = hidden_markov_entropy_rate(SLOW, np.eye(2))
    assert shown.exact
    assert (shown.lower, shown.value, shown.upper) == pytest.approx((rate,) * 3)


def test_unifilar_machines_in_closed_form() -> None:
    # golden mean: two thirds of the time a fair coin is tossed
    found = hidden_markov_entropy_rate(GOLDEN, base=2)
    assert (found.value, found.exact, found.reason) == (pytest.approx(2 / 3), True, "unifilar")
    assert found.length == 0
    # read backwards, the machine's rate is the same though its steps differ
    law = stationary(np.sum(GOLDEN, axis=0))
    backwards = np.transpose(law[:, None] * np.array(GOLDEN), (0, 2, 1)) / law[:, None]
    assert hidden_markov_entropy_rate(backwards, base=2).value == pytest.approx(2 / 3)


def test_a_machine_that_is_unifilar_only_backwards() -> None:
    # state 0 goes to 1 or 2 showing 0; each shows its own symbol on the way back
    machine = np.zeros((3, 3, 3))
    machine[0, 0, 1], machine[0, 0, 2] = 0.3, 0.7
    machine[1, 1, 0] = machine[2, 2, 0] = 1.0
    found = hidden_markov_entropy_rate(machine)
    assert found.reason == "unifilar backwards"
    assert found.value == pytest.approx(float(binary_entropy(0.3)) / 2)


def test_bounds_are_those_of_all_words() -> None:
    machine = machine_of(SLOW, NOISE)
    found = hidden_markov_entropy_rate(SLOW, NOISE)
    for length in (0, 1, 2, 5):
        assert found.trace[length] == pytest.approx(words(machine, length), abs=1e-12)
    assert not found.exact
    assert found.reason == "met"
    assert found.upper - found.lower <= 1e-9
    low, high = words(machine, 9)
    assert low - 1e-12 <= found.lower <= found.value <= found.upper <= high + 1e-12


def test_noise_that_hides_everything_and_noise_that_hides_nothing() -> None:
    blind = hidden_markov_entropy_rate(SLOW, [[0.3, 0.7], [0.3, 0.7]])
    assert blind.value == pytest.approx(float(binary_entropy(0.3)))
    coin = hidden_markov_entropy_rate([[0.5, 0.5], [0.5, 0.5]], NOISE)
    assert coin.value == pytest.approx(float(binary_entropy((0.95 + 0.1) / 2)))


def test_a_source_without_closed_form() -> None:
    found = hidden_markov_entropy_rate(NONUNIFILAR, base=2)
    assert not found.exact
    assert found.reason == "met"
    # the known rate of the simple nonunifilar source at 1/2, 0.67787 bits
    assert found.value == pytest.approx(0.67787, abs=1e-5)


def test_merging_beliefs_keeps_the_bounds_around_the_rate() -> None:
    kernel, shown = [[0.7, 0.3], [0.2, 0.8]], [[0.6, 0.4], [0.35, 0.65]]
    fine = hidden_markov_entropy_rate(kernel, shown)
    assert fine.reason == "met"
    gaps = []
    for most in (4, 16, 64):
        coarse = hidden_markov_entropy_rate(kernel, shown, beliefs=most)
        assert coarse.lower <= fine.value + 1e-9
        assert coarse.upper >= fine.value - 1e-9
        gaps.append(coarse.upper - coarse.lower)
    assert gaps[0] > gaps[2]
    # without paying for what merging forgot, the lower bound would not be one
    machine = machine_of(kernel, shown)
    assert words(machine, 0)[1] > fine.value + 1e-6


def test_how_much_a_step_keeps() -> None:
    assert _keeps(machine_of([[0.5, 0.5], [0.5, 0.5]], NOISE)) == pytest.approx(0.0)
    # of the golden mean a symbol shows the state, of the other source it does not
    assert _keeps(np.array(GOLDEN)) == 0.0
    assert _keeps(np.array(NONUNIFILAR)) == 1.0
    kernel = np.array([[0.7, 0.3], [0.2, 0.8]])
    kept = _keeps(machine_of(kernel, NOISE))
    # scaling columns and rows changes nothing; total variation of the rows stays below
    scaled = kernel * np.array([3.0, 0.2])
    scaled = scaled / scaled.sum(axis=1, keepdims=True)
    assert _keeps(scaled[None]) == pytest.approx(kept)
    assert np.abs(scaled[0] - scaled[1]).sum() / 2 <= kept
    assert np.abs(kernel[0] - kernel[1]).sum() / 2 <= kept


def test_transient_states_are_left_out() -> None:
    kernel = [[0.0, 0.5, 0.5], [0.0, 0.9, 0.1], [0.0, 0.2, 0.8]]
    found = hidden_markov_entropy_rate(kernel, [[0.5, 0.5], [1.0, 0.0], [0.0, 1.0]])
    assert found.exact
    assert found.value == pytest.approx(float(entropy_rate(SLOW)))


def test_labels_and_emission_say_the_same() -> None:
    one = hidden_markov_entropy_rate(SLOW, NOISE)
    two = hidden_markov_entropy_rate(machine_of(SLOW, NOISE))
    assert one == two


def test_the_length_asked_for_is_kept_and_named() -> None:
    found = hidden_markov_entropy_rate([[0.99, 0.01], [0.01, 0.99]], [[0.9, 0.1], [0.1, 0.9]], longest=3)
    assert (found.reason, found.length) == ("length", 3)
    assert found.upper - found.lower > 1e-3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[0.5, 0.4], [0.5, 0.5]],), "sums to"),
        (([[0.5, 0.5]],), "same states"),
        (([[1.0, 0.0], [0.0, 1.0]], NOISE), "reducible"),
        ((SLOW, [[0.5, 0.5]]), "1 rows"),
        ((GOLDEN, NOISE), "labels already"),
        ((np.full((2, 2, 3), 1 / 6),), "n_symbols"),
    ],
)
def test_bad_machines(arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        hidden_markov_entropy_rate(*arguments)


@pytest.mark.parametrize("option", [{"tolerance": 0.0}, {"longest": 0}, {"beliefs": 1}])
def test_bad_options(option: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(option))):
        hidden_markov_entropy_rate(SLOW, NOISE, **option)
