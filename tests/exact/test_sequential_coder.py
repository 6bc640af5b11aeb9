"""The adaptive predictor and the arithmetic coder: lengths against the coder's real bits, and back again."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adami.exact import KrichevskyTrofimov, arithmetic_decode, arithmetic_encode


def one_by_one(tokens, model):
    model.reset()
    found = []
    for symbol in tokens:
        weights = model.weights()
        found.append(math.log2(weights.sum() / weights[symbol]))
        model.observe(symbol)
    return np.array(found)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=40), st.integers(0, 3))
@settings(max_examples=60)
def test_lengths_at_once_are_those_one_by_one(tokens, order):
    model = KrichevskyTrofimov(4, order)
    assert model.code_lengths(tokens) == pytest.approx(one_by_one(tokens, model), abs=1e-12)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60), st.integers(0, 2))
@settings(max_examples=60)
def test_what_is_written_is_read_again(tokens, order):
    model = KrichevskyTrofimov(5, order)
    code = arithmetic_encode(tokens, model)
    assert arithmetic_decode(code, len(tokens), model) == tokens
    # two bits to end with, and a byte's padding
    assert 0 <= 8 * len(code) - model.code_lengths(tokens).sum() <= 10


def test_rare_symbols_around_the_middle():
    class Fixed:
        def reset(self):
            pass

        def weights(self):
            return np.array([2**30 - 1, 2, 2**30 - 1])

        def observe(self, symbol):
            pass

    tokens = [1] * 40 + [0, 2] * 20
    code = arithmetic_encode(tokens, Fixed())
    assert arithmetic_decode(code, len(tokens), Fixed()) == tokens
    assert 8 * len(code) <= 40 * 30 + 40 + 12


def test_a_counting_code_takes_half_a_logarithm_for_each_free_number():
    tokens = np.random.default_rng(0).integers(0, 4, size=4096)
    regret = KrichevskyTrofimov(4, order=0).code_lengths(tokens).sum() - 2 * tokens.size
    counts = np.bincount(tokens) / tokens.size
    # against the best fixed law in hindsight the cost is 3/2 log2 n and a constant below 3 bits
    hindsight = regret + tokens.size * (2 + (counts * np.log2(counts)).sum())
    assert 1.5 * math.log2(4096) - 3 < hindsight < 1.5 * math.log2(4096) + 3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: KrichevskyTrofimov(1), "n_symbols=1"),
        (lambda: KrichevskyTrofimov(2, order=-1), "order=-1"),
        (lambda: KrichevskyTrofimov(256, order=8), "too long"),
        (lambda: KrichevskyTrofimov(2).code_lengths([0, 2]), "alphabet"),
        (lambda: KrichevskyTrofimov(2).code_lengths([]), "at least one"),
        (lambda: KrichevskyTrofimov(2).code_lengths([0.5]), "whole number"),
        (lambda: arithmetic_encode([0, -1], KrichevskyTrofimov(2)), "alphabet"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_weights_have_to_be_positive():
    class Broken(KrichevskyTrofimov):
        def weights(self):
            return np.array([1, 0])

    with pytest.raises(ValueError, match="weight 0"):
        arithmetic_encode([1], Broken(2))
